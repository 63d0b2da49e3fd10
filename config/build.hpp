#pragma once

#include <string>
#include <vector>

#include <troupe/settings.hpp>

#include "config/load.hpp"

namespace troupe {

/// The names of all keys, "worker.threads", in the order of visit_keys().
const std::vector<std::string>& key_names();

/// The typed configuration from what was written; every mistake in it is told.
result<loaded_config> build_config(const setting::table& root);

struct mistake {
  origin at;
  std::string words;
};

/// The same for one kind of workers; appends what is wrong.
loaded_config build_part(const setting::table& root, std::vector<mistake>& problems);

/// Adds the variables, then the assignments, to what was written. Appends mistakes to `problems`.
void add_variables(setting::table& root, const environment&, std::vector<std::string>& problems);
void add_assignments(setting::table& root, const std::vector<std::string>& assignments,
                     std::vector<std::string>& problems);

}  // namespace troupe
