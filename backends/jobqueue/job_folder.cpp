#include "backends/jobqueue/job_folder.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "backends/process.hpp"

namespace troupe::backends::jobqueue {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t last_lines = 3;
constexpr std::streamoff tail_bytes = 4096;
constexpr std::size_t words_max = 400;

error system_error(const std::string& wanted) {
  return {errc::system, wanted + ": " + std::strerror(errno)};
}

result<void> write_file(const std::string& path, const std::string& text, mode_t mode) {
  // Beside it and then moved there: a job that starts meanwhile reads the old one or the new one.
  const auto draft = path + ".new";
  descriptor file(open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!file) return system_error("cannot write " + draft);
  for (std::size_t done = 0; done < text.size();) {
    const auto size = write(file.number(), text.data() + done, text.size() - done);
    if (size <= 0) return system_error("cannot write " + draft);
    done += static_cast<std::size_t>(size);
  }
  if (rename(draft.c_str(), path.c_str()) != 0) return system_error("cannot write " + path);
  return {};
}

result<void> make_private(const std::string& path) {
  std::error_code failed;
  fs::create_directories(fs::path(path).parent_path(), failed);
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return system_error("cannot make the folder " + path +
                        " (cluster.jobqueue.shared_directory says where)");
  struct stat about {};

  if (lstat(path.c_str(), &about) != 0) return system_error("cannot look at " + path);
  if (!S_ISDIR(about.st_mode) || about.st_uid != geteuid() || (about.st_mode & 0077) != 0)
    return error{errc::system, path +
                                   " must be a folder that only you can look into, as secrets "
                                   "are to be in it: remove it, or name another place in "
                                   "cluster.jobqueue.shared_directory"};
  return {};
}

std::string environment_text(const std::map<std::string, std::string>& variables) {
  std::string text;
  for (const auto& [name, value] : variables)
    text += name + "=" + shell_word(value) + "\n";
  return text;
}

/// The runs of digits of a text.
std::vector<std::string> numbers_in(const std::string& text) {
  std::vector<std::string> all;
  bool within = false;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (digit && !within) all.emplace_back();
    if (digit) all.back() += c;
    within = digit;
  }
  return all;
}

/// The job's number and, of an array, its index: {"12", "3"} of "12_3", "12.3" and "12[3].pbs01".
std::vector<std::string> numbers_of_id(const std::string& id) {
  const auto begin = std::min(id.find_first_of("0123456789"), id.size());
  const auto end = std::min(id.find_first_not_of("0123456789", begin), id.size());
  std::vector<std::string> numbers{id.substr(begin, end - begin)};
  if (end == id.size()) return numbers;
  const auto rest = std::min(id.find_first_not_of("0123456789", end + 1), id.size());
  const bool closed = rest == id.size() || id[rest] == ']';
  if (closed && rest > end + 1) numbers.push_back(id.substr(end + 1, rest - end - 1));
  return numbers;
}

/// Systems name the files themselves, but all end in the job's numbers.
bool is_log_of(const std::string& file, const std::string& id) {
  const auto wanted = numbers_of_id(id);
  const auto have = numbers_in(file);
  if (wanted.front().empty() || have.size() < wanted.size()) return false;
  return std::equal(wanted.rbegin(), wanted.rend(), have.rbegin());
}

}  // namespace

result<job_folder> job_folder::at(const std::string& shared, const std::string& name) {
  if (!shared.empty()) {
    std::error_code failed;
    return job_folder((fs::absolute(shared, failed) / name).string());
  }
  const char* home = std::getenv("HOME");
  if (!home || *home == '\0')
    return error{errc::bad_config,
                 "HOME is not set: name a folder that all nodes see in "
                 "cluster.jobqueue.shared_directory"};
  return job_folder(std::string(home) + "/.local/state/troupe/jobs/" + name);
}

result<void> job_folder::write(const job_settings& job, const job_order& order,
                               const job_texts& texts) const {
  if (auto made = make_private(path_); !made) return made;
  std::error_code failed;
  fs::create_directories(log_folder(job, order), failed);
  if (failed)
    return error{errc::system, "cannot make the folder " + log_folder(job, order) + ": " +
                                   failed.message() + " (cluster.jobqueue.log_directory)"};
  auto written = write_file(environment_file(order), environment_text(order.environment), 0600);
  if (written) written = write_file(script_file(order), texts.script, 0700);
  if (written && !texts.node_script.empty())
    written = write_file(node_script_file(order), texts.node_script, 0700);
  if (written && !texts.description.empty())
    written = write_file(description_file(order), texts.description, 0600);
  return written;
}

result<void> job_folder::remember(const std::vector<std::string>& ids) const {
  std::ofstream out(ids_file(), std::ios::app);
  for (const auto& id : ids)
    out << id << '\n';
  out.close();
  if (!out) return error{errc::system, "cannot write " + ids_file()};
  return {};
}

void job_folder::remove() const {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string last_words(const std::string& log_folder, const std::string& id) {
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(log_folder, failed)) {
    if (!is_log_of(entry.path().filename().string(), id)) continue;
    std::ifstream in(entry.path(), std::ios::binary | std::ios::ate);
    const auto size = in.tellg();
    in.seekg(std::max<std::streamoff>(size - tail_bytes, 0));
    std::deque<std::string> lines;
    for (std::string line; std::getline(in, line);) {
      line.erase(std::remove_if(line.begin(), line.end(),
                                [](char c) { return static_cast<unsigned char>(c) < ' '; }),
                 line.end());
      if (line.empty()) continue;
      lines.push_back(line);
      if (lines.size() > last_lines) lines.pop_front();
    }
    std::string text;
    for (const auto& line : lines)
      text += (text.empty() ? "" : " | ") + line;
    if (text.size() > words_max) text = "..." + text.substr(text.size() - words_max);
    if (!text.empty()) return text;
  }
  return {};
}

}  // namespace troupe::backends::jobqueue
