#pragma once

#include <chrono>
#include <iostream>
#include <string>

#include <troupe/config.hpp>
#include <troupe/result.hpp>

#include "actors/tool/exit_codes.hpp"

namespace troupe::tool {

/// Clocks that are further apart are told.
inline constexpr auto skew_max = std::chrono::seconds(5);
inline constexpr const char* clock_advice =
    "set the clocks by NTP: certificates and deadlines depend on them";

/// Prints each finding as a line, and what to do below what is wrong.
class report {
public:
  void good(const std::string& what, const std::string& found) { line("ok   ", what, found); }

  void warn(const std::string& what, const std::string& found, const std::string& advice) {
    line("warn ", what, found);
    std::cout << "       " << advice << "\n";
  }

  void bad(const std::string& what, const std::string& found) {
    line("BAD  ", what, found);
    ++wrong_;
  }

  void check(const std::string& what, const result<std::string>& outcome) {
    if (outcome)
      good(what, *outcome);
    else
      bad(what, outcome.error().message);
  }

  int code() const { return wrong_ == 0 ? exit_good : exit_failed; }

private:
  static void line(const char* mark, const std::string& what, const std::string& found) {
    std::cout << mark << what << ": " << found << "\n";
  }

  unsigned wrong_ = 0;
};

/// Starts one launch of each group, wherever its place has it run, and says what is different
/// there. In a queue that takes as long as the queue; Ctrl-C ends it.
void check_nodes(report&, const config&);

}  // namespace troupe::tool
