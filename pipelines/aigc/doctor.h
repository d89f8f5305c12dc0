// SPDX-License-Identifier: LGPL-2.1-or-later
// aigc doctor: what is configured, there and reachable. Spends nothing and shows no key.
#pragma once

#include "service/credentials.h"

#include <optional>
#include <string>
#include <vector>

namespace aigc::runner {

/// Who would work in a role of a film.
struct RoleReport {
  std::string role; ///< "writer", "painter", "camera"
  std::string backend;
  std::string model;
  std::string problem; ///< why nobody would; empty = somebody will
  std::string remedy;
};

struct ServiceReport {
  std::string name;
  std::string key_from; ///< the variable, or empty
  std::string base_url;
  std::string state;  ///< "not configured", "ok", "refused", "unreachable", "failing"
  double latency = 0; ///< seconds, of the one call
  std::string problem;
  std::string remedy;
};

struct StoreReport {
  std::string folder;
  std::uintmax_t bytes = 0;
  std::uintmax_t free = 0;
  std::string problem;
  std::string remedy;
};

struct PricesReport {
  std::string where;
  std::string date;
  std::string currency;
  bool confirmed = false; ///< against a bill
  std::string problem;
  std::string remedy;
};

/// An element that is not there.
struct MissingElement {
  std::string name;
  std::string remedy;
};

struct Diagnosis {
  std::vector<RoleReport> roles;
  std::vector<ServiceReport> services;
  std::vector<MissingElement> missing;
  StoreReport store;
  PricesReport prices;
  /// A film can be made.
  bool is_well() const;
};

/// Asks each configured service one free question, all at once; returns within seconds. GStreamer
/// must be initialised.
Diagnosis diagnose();

std::string diagnosis_text(const Diagnosis& diagnosis);
std::string diagnosis_json(const Diagnosis& diagnosis);

} // namespace aigc::runner
