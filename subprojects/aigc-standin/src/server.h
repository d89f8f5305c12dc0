// SPDX-License-Identifier: LGPL-2.1-or-later
// The origins on 127.0.0.1: the API, the results with the upload storage, and one for each
// profile.
#pragma once

#include "profiles.h"

#include <libsoup/soup.h>
#include <memory>
#include <string>
#include <vector>

namespace standin {

class Server {
 public:
  Server();
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens; port 0 takes a free one. Names what is wrong, or nothing.
  std::string listen(int port);
  Standin& standin() { return standin_; }

 private:
  // What the callbacks of an origin know.
  struct Origin {
    Standin& standin;
    const Profile& profile;
    SoupServer* server;
  };
  Standin standin_;
  SoupServer* api_;
  SoupServer* results_;
  std::vector<std::unique_ptr<Origin>> origins_;

  static void on_profile(SoupServer*, SoupServerMessage*, const char*, GHashTable*, gpointer);
};

} // namespace standin
