#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <troupe/result.hpp>

namespace troupe {

/// Where a value was written.
struct origin {
  enum class kind { program, file, environment, command_line };

  kind from = kind::program;
  std::string name = {};   ///< The file, or the name of the variable.
  std::uint32_t line = 0;  ///< In a file, from 1.
  std::uint32_t column = 0;

  friend bool operator==(const origin&, const origin&) = default;
};

/// "troupe.toml:3:11", "environment TROUPE_WORKER__THREADS", "command line" or "program".
std::string describe(const origin&);

/// One value as it was written, not yet looked at by whoever understands its key.
struct setting {
  using list = std::vector<setting>;
  using table = std::map<std::string, setting, std::less<>>;

  std::variant<bool, std::int64_t, double, std::string, list, table> value;
  origin at = {};      ///< Of the value.
  origin key_at = {};  ///< Of its key.
  /// Text from the environment or the command line: "4" may be meant as a number.
  bool loose = false;

  friend bool operator==(const setting&, const setting&) = default;
};

/// The keys of one table of the configuration, e.g. [cluster.local], and where each came from.
///
/// A backend reads its own section so: it asks for each key that it knows, then for leftovers().
/// Asking marks a key as known. A value that does not fit is remembered and the default returned,
/// so that leftovers() can tell about everything that is wrong at once.
class settings {
public:
  settings() = default;

  /// `name`: what to call the table in errors.
  explicit settings(std::string name, setting::table keys = {})
      : name_(std::move(name)), keys_(std::move(keys)) {}

  /// For programs: settings().set("isolation", "thread").set("nice", 5).
  template <class T>
  settings& set(std::string key, T value) {
    if constexpr (std::is_same_v<T, bool>)
      keys_[std::move(key)] = {value};
    else if constexpr (std::is_integral_v<T>)
      keys_[std::move(key)] = {static_cast<std::int64_t>(value)};
    else if constexpr (std::is_floating_point_v<T>)
      keys_[std::move(key)] = {static_cast<double>(value)};
    else if constexpr (std::is_convertible_v<T, std::string>)
      keys_[std::move(key)] = {std::string(std::move(value))};
    else
      keys_[std::move(key)] = {std::move(value)};  // A setting::list or setting::table.
    return *this;
  }

  const std::string& name() const noexcept { return name_; }

  const setting::table& keys() const noexcept { return keys_; }

  bool has(std::string_view key) const { return keys_.find(key) != keys_.end(); }

  std::string text(std::string_view key, std::string otherwise);
  /// Text that must be one of `allowed`.
  std::string choice(std::string_view key, std::string otherwise,
                     const std::vector<std::string>& allowed);
  bool flag(std::string_view key, bool otherwise);
  std::int64_t integer(std::string_view key, std::int64_t otherwise, std::int64_t least = 0,
                       std::int64_t most = std::numeric_limits<std::int64_t>::max());
  double number(std::string_view key, double otherwise,
                double least = std::numeric_limits<double>::lowest(),
                double most = std::numeric_limits<double>::max());
  /// Text with a unit: "90s", "1h30m".
  std::chrono::nanoseconds duration(
      std::string_view key, std::chrono::nanoseconds otherwise,
      std::chrono::nanoseconds least = std::chrono::nanoseconds(0),
      std::chrono::nanoseconds most = std::chrono::nanoseconds::max());
  /// Bytes: "512MiB", or a plain number.
  std::uint64_t size(std::string_view key, std::uint64_t otherwise, std::uint64_t least = 0,
                     std::uint64_t most = std::numeric_limits<std::uint64_t>::max());
  std::vector<std::string> texts(std::string_view key, std::vector<std::string> otherwise);
  /// Tables of free keys: { team = "risk" }. Numbers in a table of texts are taken as written.
  std::map<std::string, std::string> text_table(std::string_view key);
  std::map<std::string, double> number_table(std::string_view key);

  /// Says that the value of `key` cannot be used, for a reason that only the caller knows; told by
  /// leftovers(), with its place. `problem` continues the key: "needs a file that exists".
  void refuse(std::string_view key, const std::string& problem);

  /// To be called last: an error, a line each, for all values that did not fit and all keys that
  /// nobody asked for.
  result<void> leftovers() const;

  friend bool operator==(const settings& a, const settings& b) { return a.keys_ == b.keys_; }

private:
  const setting* find(std::string_view key);
  std::string full_name(std::string_view key) const;
  template <class T, class Fits>
  T take(std::string_view key, T otherwise, const std::string& wanted, Fits fits);

  std::string name_;
  setting::table keys_;
  std::vector<std::string> known_;
  std::vector<std::string> problems_;
};

}  // namespace troupe
