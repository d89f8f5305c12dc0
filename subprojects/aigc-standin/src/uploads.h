// SPDX-License-Identifier: LGPL-2.1-or-later
// Temporary uploads: the policy, the form POST to the storage, and what lies under an oss://
// address.
#pragma once

#include "picture.h"

#include <map>
#include <string>

namespace standin {

struct Upload {
  std::string model;
  PictureInfo picture;
  double until = 0; // monotonic
};

struct Policy {
  std::string model, folder, signature;
  double until = 0;
};

class Uploads {
 public:
  // A folder to upload to for that model.
  Policy grant(const std::string& model);
  // The policy of that text, or null when there is none or it has ended.
  const Policy* policy(const std::string& text) const;
  void add(const std::string& key, Upload upload);
  // Null when nothing was uploaded there for that model, or too long ago.
  const Upload* find(const std::string& key, const std::string& model) const;
  bool exists(const std::string& key) const { return uploads_.contains(key); }
  void reset();

 private:
  std::map<std::string, Policy> policies_; // by the base64 text
  std::map<std::string, Upload> uploads_;  // by key
};

std::string policy_text(const std::string& folder);

} // namespace standin
