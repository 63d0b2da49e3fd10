#include "config/connection_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/config/temporary_folder.hpp"

using namespace troupe;

namespace {

const connection_file example{"tcp://10.0.0.7:8786", secret("hush"), 77, "0.1.0"};
const config with_token{.security = {.token = "from options"}};

std::string found(const std::string& text, const config& options = with_token,
                  const environment& variables = {}) {
  const auto contact = find_scheduler(text, options, variables);
  return contact ? contact->address + " " + contact->token.reveal() : contact.error().message;
}

std::string problem_of(const temporary_folder& folder, const std::string& content) {
  return read_connection_file(folder.write("f.json", content)).error().message;
}

}  // namespace

TEST_CASE("what a scheduler wrote is read again, by its owner alone") {
  const temporary_folder folder;
  const auto path = folder / "scheduler.json";
  REQUIRE(write_connection_file(path, example).has_value());
  CHECK((read_connection_file(path).value() == example));

  struct stat about {};

  REQUIRE(::stat(path.c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0600);
  auto next = example;
  next.address = "tcp://10.0.0.7:9999";
  REQUIRE(write_connection_file(path, next).has_value());
  CHECK((read_connection_file(path).value() == next));
  const std::filesystem::directory_iterator files(folder.path());
  CHECK(std::distance(begin(files), end(files)) == 1);
}

TEST_CASE("a file with a token that others can read is refused") {
  const temporary_folder folder;
  const auto path = folder / "scheduler.json";
  REQUIRE(write_connection_file(path, example).has_value());
  ::chmod(path.c_str(), 0644);
  CHECK(read_connection_file(path).error().message.find("chmod 600") != std::string::npos);
}

TEST_CASE("files that are no connection files are told") {
  const temporary_folder folder;
  const auto name = (folder / "f.json").string();
  CHECK(problem_of(folder, "") == name + ": is not a connection file: it holds no JSON object");
  CHECK(problem_of(folder, "[1]") == name + ": is not a connection file: it holds no JSON object");
  CHECK(problem_of(folder, "{}") == name + ": is not a connection file: it has no \"address\"");
  CHECK(problem_of(folder, "{\"address\": 7}") ==
        name + ": is not a connection file: it has no \"address\"");
  CHECK(problem_of(folder, "{\"address\": \"tcp://x\"}").find("the port is missing") !=
        std::string::npos);
  CHECK(problem_of(folder, std::string(100'000, '[')).find("is larger than") != std::string::npos);
  CHECK(problem_of(folder, std::string(60'000, '[')).find("no JSON object") != std::string::npos);
}

TEST_CASE("a file is removed only by the one that wrote it") {
  const temporary_folder folder;
  const auto path = folder / "scheduler.json";
  REQUIRE(write_connection_file(path, example).has_value());
  remove_connection_file(path, 78);
  CHECK(std::filesystem::exists(path));
  remove_connection_file(path, 77);
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a scheduler is found by address, by host and port, and by connection file") {
  const temporary_folder folder;
  const auto path = folder / "scheduler.json";
  REQUIRE(write_connection_file(path, example).has_value());
  CHECK(found("tcp://a:1") == "tcp://a:1 from options");
  CHECK(found("a:1") == "tcp://a:1 from options");
  CHECK(found("[::1]:1") == "tcp://[::1]:1 from options");
  CHECK(found("unix:///run/x.sock") == "unix:///run/x.sock from options");
  CHECK(found("local://7") == "local://7 ");
  CHECK(found(path.string()) == "tcp://10.0.0.7:8786 hush");
}

TEST_CASE("a connection file without a token takes that of the options") {
  const temporary_folder folder;
  const auto path = folder.write("f.json", "{\"address\": \"tcp://a:1\"}");
  CHECK(found(path.string()) == "tcp://a:1 from options");
}

TEST_CASE("what the program does not say is in the environment, then in the configuration") {
  auto options = with_token;
  options.client.scheduler = "tcp://b:2";
  const environment variables{{"TROUPE_SCHEDULER", "tcp://c:3"}};
  CHECK(found("tcp://a:1", options, variables) == "tcp://a:1 from options");
  CHECK(found("", options, variables) == "tcp://c:3 from options");
  CHECK(found("", options) == "tcp://b:2 from options");
  CHECK(found("") ==
        "which scheduler? Give its address (tcp://host:port) or its connection file, or set "
        "TROUPE_SCHEDULER, or client.scheduler in the configuration");
}

TEST_CASE("addresses that are none are told with why") {
  const auto says = [](const std::string& text, const std::string& part) {
    CAPTURE(text);
    CAPTURE(found(text));
    CHECK(found(text).find(part) != std::string::npos);
  };
  says("tcp://host", "the port is missing");
  says("tcp://host:99999", "the port must be a number");
  says("tcp://:1", "the host is missing");
  says("tcp://::1:8786", "brackets");
  says("tcp://fe80::1:8786", "brackets");
  says("tcp://a b:1", "strange character");
  says("http://a:1", "there are tcp://");
  says("unix://relative", "absolute");
  says("unix:///" + std::string(200, 'x'), "shorter than");
  says("local://x", "a number");
  says("/no/such/file", "neither an address");
  says("somewhere", "neither an address");
}

TEST_CASE("clusters are found by their names, and what is no connection file is passed over") {
  const temporary_folder home;
  const environment variables{{"XDG_CONFIG_HOME", home.path().string()}};
  CHECK(find_clusters(variables).empty());
  const auto folder = clusters_folder(variables);
  CHECK(folder == home.path() / "troupe" / "clusters");
  std::filesystem::create_directories(folder);
  auto mine = example;
  mine.host = host_name();
  mine.name = "mine";
  mine.type = "jobqueue";
  mine.cluster = "troupe-1";
  REQUIRE(write_connection_file(folder / "mine.json", mine).has_value());
  home.write("troupe/clusters/other.json", "no json");
  home.write("troupe/clusters/mine.toml", "");
  const auto all = find_clusters(variables);
  REQUIRE(all.size() == 1);
  CHECK((all[0].second == mine));
  CHECK(found("mine", with_token, variables) == "tcp://10.0.0.7:8786 hush");
  CHECK(found("yours", with_token, variables).find("`troupe clusters`") != std::string::npos);
}

TEST_CASE("only the owner's own machine can tell that it is gone") {
  auto file = example;
  file.host = "elsewhere";
  file.pid = 0x7ffffff0;
  CHECK_FALSE(owner_is_gone(file));
  file.host = host_name();
  CHECK(owner_is_gone(file));
  file.pid = getpid();
  CHECK_FALSE(owner_is_gone(file));
}
