#include "config/load.hpp"

#include <cstring>

#include "config/build.hpp"
#include "config/file.hpp"
#include "config/toml.hpp"

namespace troupe {

namespace {

namespace fs = std::filesystem;

struct chosen_file {
  fs::path path = {};
  const char* note = "";  ///< Why this one, if that is not plain.
};

chosen_file choose_file(const load_request& request) {
  if (!request.file.empty()) return {request.file};
  if (const auto named = variable(request.variables, "TROUPE_CONFIG"); !named.empty())
    return {named, " (named by TROUPE_CONFIG)"};
  for (const auto& path : request.search) {
    std::error_code code;
    if (fs::exists(path, code)) return {path};
  }
  return {};
}

result<setting::table> read_chosen(const chosen_file& file) {
  if (file.path.empty()) return setting::table();
  auto text = read_file(file.path, toml_bytes_max);
  if (!text) return error{errc::bad_config, text.error().message + file.note};
  return read_toml(*text, file.path.lexically_normal().string());
}

/// The value of "--name VALUE" or "--name=VALUE" at `i`, which is moved to its last word.
result<std::string> value_of(const std::string& name, int argc, char** argv, int& i) {
  const std::string word = argv[i];
  if (word.size() > name.size()) return word.substr(name.size() + 1);
  if (i + 1 >= argc)
    return error{errc::bad_config, name + " needs a value" +
                                       (name == "--set" ? ", as in --set worker.threads=4"
                                                        : ", the path of a TOML file")};
  return std::string(argv[++i]);
}

bool is_option(const char* word, const std::string& name) {
  return word == name || std::string_view(word).starts_with(name + "=");
}

}  // namespace

std::vector<fs::path> search_list(const environment& variables) {
  std::vector<fs::path> list{"troupe.toml"};
  if (const auto folder = user_folder(variables); !folder.empty())
    list.push_back(folder / "troupe.toml");
  list.emplace_back("/etc/troupe/troupe.toml");
  return list;
}

result<loaded_config> load_config(const load_request& request) {
  const auto file = choose_file(request);
  auto root = read_chosen(file);
  if (!root) return root.error();
  std::vector<std::string> problems;
  add_variables(*root, request.variables, problems);
  add_assignments(*root, request.assignments, problems);
  auto built = build_config(*root);
  std::string lines = built ? std::string() : built.error().message;
  for (const auto& problem : problems)
    lines += (lines.empty() ? "" : "\n") + problem;
  if (!lines.empty()) return error{errc::bad_config, lines};
  built->file = file.path;
  return built;
}

void log_for_operators(loaded_config& loaded) {
  if (!loaded.origins.contains("log.level")) loaded.values.log.level = "info";
}

result<load_request> take_arguments(int& argc, char** argv, const environment& variables) {
  load_request request{.search = search_list(variables), .variables = variables};
  int kept = 0;
  for (int i = 0; i < argc; ++i) {
    if (i > 0 && std::strcmp(argv[i], "--") == 0) {
      while (i < argc)
        argv[kept++] = argv[i++];
      break;
    }
    if (i > 0 && is_option(argv[i], "--config")) {
      auto value = value_of("--config", argc, argv, i);
      if (!value) return value.error();
      if (value->empty()) return error{errc::bad_config, "--config needs the path of a TOML file"};
      request.file = *value;
    } else if (i > 0 && is_option(argv[i], "--set")) {
      auto value = value_of("--set", argc, argv, i);
      if (!value) return value.error();
      request.assignments.push_back(*value);
    } else {
      argv[kept++] = argv[i];
    }
  }
  // As main() gets it: a null pointer ends the list.
  if (kept < argc) argv[kept] = nullptr;
  argc = kept;
  return request;
}

result<loaded_config> parse_config(std::string_view text, const std::string& name) {
  auto root = read_toml(text, name);
  if (!root) return root.error();
  return build_config(*root);
}

config config::load(const fs::path& path) {
  return load_config({.file = path, .variables = process_environment()}).value().values;
}

config config::from_arguments(int& argc, char** argv) {
  const auto request = take_arguments(argc, argv, process_environment()).value();
  return load_config(request).value().values;
}

}  // namespace troupe
