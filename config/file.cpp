#include "config/file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace troupe {

namespace {

namespace fs = std::filesystem;

class descriptor {
public:
  explicit descriptor(int fd) : fd_(fd) {}

  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;

  ~descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }

  int get() const noexcept { return fd_; }

private:
  int fd_;
};

error failed(const fs::path& path, const std::string& what, int code) {
  return {errc::system, path.string() + ": " + what + ": " + std::generic_category().message(code)};
}

/// A regular file or a pipe that is open for reading.
result<std::string> read_open(int fd, const fs::path& path, std::size_t bytes_max) {
  std::string content;
  char part[16384];
  while (true) {
    const auto n = ::read(fd, part, sizeof part);
    if (n == 0) return content;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed(path, "cannot be read", errno);
    content.append(part, static_cast<std::size_t>(n));
    if (content.size() > bytes_max)
      return error{errc::system, path.string() + ": is larger than " + std::to_string(bytes_max) +
                                     " bytes; is it the right file?"};
  }
}

result<std::string> read_checked(const fs::path& path, std::size_t bytes_max, bool is_private) {
  const descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return failed(path, "cannot be read", errno);

  struct stat about {};

  if (::fstat(fd.get(), &about) != 0) return failed(path, "cannot be read", errno);
  if (S_ISDIR(about.st_mode))
    return error{errc::system, path.string() + ": is a folder, not a file"};
  if (is_private && (about.st_mode & 077) != 0)
    return error{errc::system, path.string() +
                                   ": holds a secret, and others may read it; run: "
                                   "chmod 600 " +
                                   path.string()};
  if (is_private && about.st_uid != ::geteuid() && about.st_uid != 0)
    return error{errc::system, path.string() + ": holds a secret, and belongs to user " +
                                   std::to_string(about.st_uid) +
                                   ", who is not the one that runs this"};
  return read_open(fd.get(), path, bytes_max);
}

/// A file beside `path` with this content, readable by its owner alone. The caller removes it.
result<fs::path> write_beside(const fs::path& path, std::string_view content) {
  auto name = path.string() + ".XXXXXX";
  const descriptor fd(::mkostemp(name.data(), O_CLOEXEC));
  if (fd.get() < 0) return failed(path, "cannot be written", errno);
  while (!content.empty()) {
    const auto n = ::write(fd.get(), content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int code = errno;
      ::unlink(name.c_str());
      return failed(path, "cannot be written", code);
    }
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::fsync(fd.get()) != 0) {
    const int code = errno;
    ::unlink(name.c_str());
    return failed(path, "cannot be written", code);
  }
  return fs::path(name);
}

}  // namespace

result<std::string> read_file(const fs::path& path, std::size_t bytes_max) {
  return read_checked(path, bytes_max, false);
}

result<std::string> read_private_file(const fs::path& path, std::size_t bytes_max) {
  return read_checked(path, bytes_max, true);
}

result<void> replace_private_file(const fs::path& path, std::string_view content) {
  const auto beside = write_beside(path, content);
  if (!beside) return beside.error();
  if (::rename(beside->c_str(), path.c_str()) == 0) return {};
  const int code = errno;
  ::unlink(beside->c_str());
  return failed(path, "cannot be written", code);
}

result<void> make_private_file_once(const fs::path& path, std::string_view content) {
  const auto folder = path.parent_path();
  std::error_code code;
  if (!fs::exists(folder, code)) {
    fs::create_directories(folder.parent_path(), code);
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
      return failed(folder, "cannot be made", errno);
  }
  const auto beside = write_beside(path, content);
  if (!beside) return beside.error();
  // link() and not rename(): of several processes that start at once, the first one wins.
  const bool made = ::link(beside->c_str(), path.c_str()) == 0 || errno == EEXIST;
  const int why = errno;
  ::unlink(beside->c_str());
  if (made) return {};
  return failed(path, "cannot be made", why);
}

}  // namespace troupe
