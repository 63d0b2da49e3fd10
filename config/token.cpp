#include "config/token.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <sys/random.h>
#include <system_error>

#include "config/file.hpp"
#include "config/hex.hpp"

namespace troupe {

namespace {

constexpr std::size_t token_bytes_max = 4096;

error with_context(const error& why) {
  return {errc::bad_config, "the cluster's token: " + why.message};
}

result<std::string> random_token() {
  std::array<std::uint8_t, 32> random{};
  if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size()))
    return error{errc::system, "no random numbers: " + std::generic_category().message(errno)};
  return hex(random);
}

result<secret> read_token(const std::filesystem::path& path) {
  auto text = read_private_file(path, token_bytes_max);
  if (!text) return with_context(text.error());
  const auto first = text->find_first_not_of(" \t\r\n");
  if (first == std::string::npos)
    return with_context({errc::bad_config, path.string() + ": is empty; write a long random text "
                                                           "into it, or remove it"});
  const auto last = text->find_last_not_of(" \t\r\n");
  auto token = text->substr(first, last - first + 1);
  for (const char c : token)
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7F)
      return with_context({errc::bad_config, path.string() + ": has blanks or line breaks inside; "
                                                             "a token is one word"});
  return secret(std::move(token));
}

}  // namespace

bool operator==(const secret& a, const secret& b) noexcept {
  if (a.text_.size() != b.text_.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.text_.size(); ++i)
    difference |= static_cast<unsigned char>(a.text_[i] ^ b.text_[i]);
  return difference == 0;
}

result<secret> cluster_token(const security_options& options, const environment& variables) {
  if (!options.token.empty()) return secret(options.token);
  if (!options.token_file.empty()) return read_token(options.token_file);
  const auto folder = user_folder(variables);
  if (folder.empty())
    return with_context({errc::bad_config,
                         "HOME is not set, so there is no place for it; set security.token_file "
                         "to a file, or TROUPE_SECURITY__TOKEN to the token"});
  const auto path = folder / "token";
  std::error_code code;
  if (!std::filesystem::exists(path, code)) {
    const auto fresh = random_token();
    if (!fresh) return with_context(fresh.error());
    if (const auto made = make_private_file_once(path, *fresh + "\n"); !made)
      return with_context(
          {errc::bad_config, made.error().message + "; set security.token_file to another place"});
  }
  return read_token(path);
}

}  // namespace troupe
