#include "config/toml_scan.hpp"

#include <algorithm>

namespace troupe {

namespace {

/// More than anyone writes. toml++ limits brackets itself, but a key of 100 000 dots would make so
/// deep a table that its destructor runs out of stack.
constexpr int dots_max = 16;

bool is_control(char c) {
  const auto code = static_cast<unsigned char>(c);
  return (code < 0x20 && c != '\t' && c != '\n' && c != '\r') || code == 0x7F;
}

bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}

/// Goes through the text as TOML's tokens: texts, comments, and what is between them.
class scanner {
public:
  explicit scanner(std::string_view text) : text_(text) {}

  std::optional<toml_flaw> scan() {
    // A byte order mark is allowed, and only here.
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    while (at_ < text_.size() && !flaw_) {
      const char c = text_[at_];
      if (c == '#')
        at_ = std::min(text_.find('\n', at_), text_.size());
      else if (c == '"' || c == '\'')
        skip_text(c);
      else
        look_at(c);
    }
    return flaw_;
  }

private:
  void fail(std::size_t offset, std::string words) { flaw_ = toml_flaw{offset, std::move(words)}; }

  void look_at(char c) {
    if (!is_ascii(c)) return fail(at_, "only ASCII letters may be without quotes");
    if (c == '.' && ++dots_ > dots_max)
      return fail(at_, "a key has more than " + std::to_string(dots_max) + " dots");
    if (c == '[' && (last_ == '\n' || last_ == '\r')) check_header();
    if (std::string_view("\r\n=,[]{}").find(c) != std::string_view::npos) dots_ = 0;
    if (c != ' ' && c != '\t') last_ = c;
    ++at_;
  }

  void check_header() {
    auto name = at_ + 1;
    if (name < text_.size() && text_[name] == '[') ++name;
    name = text_.find_first_not_of(" \t", name);
    if (name == std::string_view::npos) return;
    const char c = text_[name];
    if (!is_bare(c) && c != '"' && c != '\'' && c != ']')
      fail(name, "not TOML: no section's name starts so");
  }

  void skip_text(char quote) {
    // Elsewhere it starts no text, and toml++ would take what follows for something else than we
    // do.
    if (std::string_view("\r\n=,[{.").find(last_) == std::string_view::npos)
      return fail(at_, "a quote in a wrong place");
    last_ = quote;
    const bool is_long = text_.substr(at_, 3) == std::string(3, quote);
    const std::size_t width = is_long ? 3 : 1;
    const auto end = text_.substr(at_, width);
    for (at_ += width; at_ < text_.size() && !flaw_; ++at_) {
      if (quote == '"' && text_[at_] == '\\') {
        ++at_;
      } else if (text_.substr(at_, width) == end) {
        at_ += width;
        // A long text may end with quotes of its own.
        for (int i = 0; is_long && i < 2 && at_ < text_.size() && text_[at_] == quote; ++i)
          ++at_;
        return;
      } else if (!is_long && text_[at_] == '\n') {
        return;
      }
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  char last_ = '\n';  ///< Before `at_`, without blanks.
  int dots_ = 0;
  std::optional<toml_flaw> flaw_;
};

}  // namespace

bool is_bare(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

std::optional<toml_flaw> find_flaw(std::string_view text) {
  if (const auto good = utf8_length(text); good < text.size())
    return toml_flaw{good, "is not UTF-8 text; save it as UTF-8"};
  if (const auto control = std::find_if(text.begin(), text.end(), is_control);
      control != text.end())
    return toml_flaw{static_cast<std::size_t>(control - text.begin()),
                     "has a control character; is it a text file?"};
  return scanner(text).scan();
}

std::size_t utf8_length(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto byte = [&text](std::size_t n) {
      return n < text.size() ? static_cast<unsigned char>(text[n]) : 0u;
    };
    const unsigned first = byte(i);
    const std::size_t more = first < 0x80   ? 0
                             : first < 0xC2 ? 9
                             : first < 0xE0 ? 1
                             : first < 0xF0 ? 2
                             : first < 0xF5 ? 3
                                            : 9;
    if (more == 9) return i;
    for (std::size_t n = 1; n <= more; ++n)
      if ((byte(i + n) & 0xC0) != 0x80) return i;
    // Overlong forms, surrogates, and what is beyond Unicode.
    if ((first == 0xE0 && byte(i + 1) < 0xA0) || (first == 0xED && byte(i + 1) > 0x9F) ||
        (first == 0xF0 && byte(i + 1) < 0x90) || (first == 0xF4 && byte(i + 1) > 0x8F))
      return i;
    i += more + 1;
  }
  return i;
}

}  // namespace troupe
