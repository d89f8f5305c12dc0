// SPDX-License-Identifier: LGPL-2.1-or-later
// The two origins on 127.0.0.1: the API, and the results with the upload storage.
#pragma once

#include "standin.h"

#include <libsoup/soup.h>
#include <string>

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
  Standin standin_;
  SoupServer* api_;
  SoupServer* results_;
};

} // namespace standin
