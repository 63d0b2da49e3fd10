#include "config/token.hpp"

#include <sys/stat.h>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "tests/config/temporary_folder.hpp"

using namespace troupe;

namespace {

mode_t mode_of(const std::filesystem::path& path) {
  struct stat about {};

  return ::stat(path.c_str(), &about) == 0 ? about.st_mode & 07777 : 0;
}

std::filesystem::path write_private(const temporary_folder& folder, const std::string& content) {
  const auto path = folder.write("mine", content);
  ::chmod(path.c_str(), 0600);
  return path;
}

template <class T>
concept printable = requires(std::ostream& out, const T& value) {
  out << value;
};

}  // namespace

TEST_CASE("a secret cannot be printed") {
  static_assert(printable<std::string>);
  static_assert(!printable<secret>);
  static_assert(!std::is_convertible_v<secret, std::string>);
  CHECK(secret("a") == secret("a"));
  CHECK_FALSE(secret("a") == secret("b"));
  CHECK_FALSE(secret("a") == secret("aa"));
}

TEST_CASE("the token of the options wins over files") {
  CHECK(cluster_token({.token = "hush", .token_file = "/none"}, {}).value() == secret("hush"));
}

TEST_CASE("a token file is read without the blanks around it") {
  const temporary_folder folder;
  CHECK(cluster_token({.token_file = write_private(folder, " hush\n")}, {}).value() ==
        secret("hush"));
}

TEST_CASE("the first use makes a token that only its owner can read, the next ones take it") {
  const temporary_folder home;
  const environment variables{{"HOME", home.path().string()}};
  const auto first = cluster_token({}, variables).value();
  CHECK(first.reveal().size() == 64);
  CHECK(cluster_token({}, variables).value() == first);
  CHECK(mode_of(home / ".config/troupe/token") == 0600);
  CHECK(mode_of(home / ".config/troupe") == 0700);
  const temporary_folder other;
  CHECK_FALSE(cluster_token({}, {{"XDG_CONFIG_HOME", other.path().string()}}).value() == first);
  CHECK(std::filesystem::exists(other / "troupe/token"));
}

TEST_CASE("those who start at once get the same token, and nothing else is left") {
  const temporary_folder home;
  const environment variables{{"HOME", home.path().string()}};
  std::vector<secret> tokens(16);
  {
    std::vector<std::jthread> starters;
    for (auto& token : tokens)
      starters.emplace_back([&token, &variables] { token = cluster_token({}, variables).value(); });
  }
  for (const auto& token : tokens)
    CHECK(token == tokens[0]);
  const std::filesystem::directory_iterator files(home / ".config/troupe");
  CHECK(std::distance(begin(files), end(files)) == 1);
}

TEST_CASE("a token that others can read is refused, with what to do") {
  const temporary_folder folder;
  const auto path = write_private(folder, "hush");
  for (const mode_t mode : {0640u, 0604u, 0644u}) {
    ::chmod(path.c_str(), mode);
    CHECK(cluster_token({.token_file = path}, {}).error().message ==
          "the cluster's token: " + path.string() +
              ": holds a secret, and others may read it; run: chmod 600 " + path.string());
  }
}

TEST_CASE("token files that cannot be used are told") {
  const temporary_folder folder;
  const auto problem = [](const std::string& path) {
    return cluster_token({.token_file = path}, {}).error().message;
  };
  CHECK(problem((folder / "no").string()).find("No such file") != std::string::npos);
  CHECK(problem(write_private(folder, " \n")).find("is empty") != std::string::npos);
  CHECK(problem(write_private(folder, "a b")).find("blanks") != std::string::npos);
  CHECK(problem(write_private(folder, std::string(5000, 'x'))).find("larger") != std::string::npos);
  CHECK(problem(folder.path().string()).find("is a folder") != std::string::npos);
}

TEST_CASE("without a home the option to set is named") {
  const auto message = cluster_token({}, {}).error().message;
  CHECK(message.find("HOME is not set") != std::string::npos);
  CHECK(message.find("security.token_file") != std::string::npos);
}
