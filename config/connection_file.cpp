#include "config/connection_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "config/address.hpp"
#include "config/file.hpp"

namespace troupe {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t file_bytes_max = 65'536;

error not_one(const fs::path& path, const std::string& why) {
  return {errc::bad_config, path.string() + ": is not a connection file: " + why};
}

std::string text_of(const json& from, const char* key) {
  const auto at = from.find(key);
  return at != from.end() && at->is_string() ? at->get<std::string>() : std::string();
}

result<connection_file> parse(const fs::path& path, const std::string& text) {
  const auto content = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!content.is_object()) return not_one(path, "it holds no JSON object");
  connection_file made;
  made.address = text_of(content, "address");
  if (made.address.empty()) return not_one(path, "it has no \"address\"");
  const auto address = full_address(made.address);
  if (!address) return not_one(path, address.error().message);
  made.address = *address;
  made.token = secret(text_of(content, "token"));
  made.release = text_of(content, "release");
  made.host = text_of(content, "host");
  made.name = text_of(content, "name");
  made.type = text_of(content, "type");
  made.cluster = text_of(content, "cluster");
  made.certificates = text_of(content, "certificates");
  if (const auto pid = content.find("pid"); pid != content.end() && pid->is_number_integer())
    made.pid = pid->get<std::int64_t>();
  return made;
}

/// "node7:8786", as opposed to "run/scheduler.json".
bool is_host_and_port(const std::string& text) {
  const auto colon = text.rfind(':');
  return text.find('/') == std::string::npos && colon != std::string::npos &&
         colon + 1 < text.size() &&
         text.find_first_not_of("0123456789", colon + 1) == std::string::npos;
}

result<scheduler_contact> find_by_address(const std::string& text, const config& options,
                                          const environment& variables) {
  const auto address = full_address(text);
  if (!address) return address.error();
  if (address->starts_with("local://")) return scheduler_contact{*address};
  const auto token = cluster_token(options.security, variables);
  if (!token) return token.error();
  return scheduler_contact{*address, *token};
}

result<scheduler_contact> find_by_file(const fs::path& path, const config& options,
                                       const environment& variables) {
  std::error_code code;
  if (!fs::exists(path, code))
    return error{errc::bad_argument,
                 "\"" + path.string() +
                     "\" is neither an address (tcp://host:port, unix:///path) nor a connection "
                     "file that exists, nor a cluster that `troupe clusters` lists"};
  auto file = read_connection_file(path);
  if (!file) return file.error();
  if (file->token.empty()) return find_by_address(file->address, options, variables);
  return scheduler_contact{file->address, file->token, file->type, file->certificates,
                           file->cluster};
}

}  // namespace

void scheduler_contact::apply(security_options& to) const {
  // Revealed to be shown to the scheduler.
  if (!token.empty()) to.token = token.reveal();
  if (certificates.empty()) return;
  to.ca = certificates + "/ca.pem";
  to.certificate = certificates + "/troupe.pem";
  to.key = certificates + "/troupe.key";
  to.peer_name = peer_name;
}

result<void> write_connection_file(const fs::path& path, const connection_file& content) {
  json out = {{"address", content.address}, {"pid", content.pid}, {"release", content.release}};
  for (const auto& [key, text] :
       {std::pair("host", &content.host), std::pair("name", &content.name),
        std::pair("type", &content.type), std::pair("cluster", &content.cluster),
        std::pair("certificates", &content.certificates)})
    if (!text->empty()) out[key] = *text;
  // The file exists to carry the token to those who may read it.
  if (!content.token.empty()) out["token"] = content.token.reveal();
  const auto text = out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
  return replace_private_file(path, text);
}

result<connection_file> read_connection_file(const fs::path& path) {
  const auto text = read_file(path, file_bytes_max);
  if (!text) return error{errc::bad_config, "connection file " + text.error().message};
  auto file = parse(path, *text);
  if (!file || file->token.empty()) return file;
  const auto private_text = read_private_file(path, file_bytes_max);
  if (!private_text) return error{errc::bad_config, private_text.error().message};
  return parse(path, *private_text);
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

bool owner_is_gone(const connection_file& file) {
  return file.host == host_name() && file.pid > 0 && kill(static_cast<pid_t>(file.pid), 0) != 0 &&
         errno == ESRCH;
}

fs::path clusters_folder(const environment& variables) {
  const auto folder = user_folder(variables);
  return folder.empty() ? folder : folder / "clusters";
}

std::vector<std::pair<fs::path, connection_file>> find_clusters(const environment& variables) {
  std::vector<std::pair<fs::path, connection_file>> all;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(clusters_folder(variables), code)) {
    if (entry.path().extension() != ".json") continue;
    if (auto file = read_connection_file(entry.path())) all.emplace_back(entry.path(), *file);
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return all;
}

void remove_connection_file(const fs::path& path, std::int64_t pid) {
  const auto file = read_connection_file(path);
  if (!file || file->pid != pid) return;
  std::error_code code;
  fs::remove(path, code);
}

result<scheduler_contact> find_scheduler(const std::string& text, const config& options,
                                         const environment& variables) {
  auto wanted = text;
  if (wanted.empty()) wanted = variable(variables, "TROUPE_SCHEDULER");
  if (wanted.empty()) wanted = options.client.scheduler;
  if (wanted.empty())
    return error{errc::bad_argument,
                 "which scheduler? Give its address (tcp://host:port) or its connection file, or "
                 "set TROUPE_SCHEDULER, or client.scheduler in the configuration"};
  if (wanted.find("://") != std::string::npos || is_host_and_port(wanted))
    return find_by_address(wanted, options, variables);
  if (const auto named = clusters_folder(variables) / (wanted + ".json");
      wanted.find('/') == std::string::npos && !fs::exists(wanted) && fs::exists(named))
    return find_by_file(named, options, variables);
  return find_by_file(wanted, options, variables);
}

}  // namespace troupe
