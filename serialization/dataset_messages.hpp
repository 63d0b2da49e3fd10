#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <troupe/id.hpp>

namespace troupe {

/// What results are called that outlast their clients. Answered by dataset_reply.
struct name_dataset {
  enum class order : std::uint8_t {
    publish,   ///< Call the result of `task` so; its futures have this `type`, in words.
    replace,   ///< The same, even if something else is called so.
    withdraw,  ///< Nothing is called so any more.
    find,      ///< What is called so?
    list,      ///< Which names are there?
  };
  order what = order::list;
  std::string name;
  task_id task;  ///< None unless something is to be called so.
  std::string type;

  friend bool operator==(const name_dataset&, const name_dataset&) = default;
};

/// Scheduler to client.
struct dataset_reply {
  std::string name;                ///< That was asked about.
  std::string refused;             ///< Why it was not done; empty if it was.
  task_id task;                    ///< What is called so; none if nothing is.
  std::string type;                ///< In words.
  std::vector<std::string> names;  ///< All of them, if they were asked for or `name` is not known.

  friend bool operator==(const dataset_reply&, const dataset_reply&) = default;
};

}  // namespace troupe
