// Bytes from one process to another.
#include <cstring>
#include <stdexcept>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include "bench/limits.hpp"

namespace bench::limits {

namespace {

/// On `go` the other process writes `size` bytes.
measurement stream(bool tcp, bool fresh, std::size_t size) {
  const auto pair = connected_pair(tcp);
  const forked writer([&] {
    std::vector<char> content(size, 'x');
    for (char go = 0; read_all(pair[1], &go, 1);)
      write_all(pair[1], content.data(), content.size());
  });
  // New memory, which nothing has touched. Unless fresh, a first round touches it.
  auto* to = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  need(to != MAP_FAILED, "mmap");
  const auto receive = [&](void* here) {
    write_all(pair[0], "g", 1);
    need(read_all(pair[0], here, size), "read");
  };
  std::vector<char> other(size);
  receive(fresh ? other.data() : to);
  const meter m({{"client", {getpid()}}, {"worker", {writer.id()}}});
  receive(to);
  const auto found = m.stop();
  munmap(to, size);
  close(pair[0]);
  close(pair[1]);
  return found;
}

void send_fd(int to, int fd) {
  char byte = 0;
  iovec data{&byte, 1};
  alignas(cmsghdr) char room[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = room;
  message.msg_controllen = sizeof(room);
  auto* head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(head), &fd, sizeof(fd));
  need(sendmsg(to, &message, 0) == 1, "sendmsg");
}

int receive_fd(int from) {
  char byte = 0;
  iovec data{&byte, 1};
  alignas(cmsghdr) char room[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = room;
  message.msg_controllen = sizeof(room);
  need(recvmsg(from, &message, 0) == 1 && CMSG_FIRSTHDR(&message), "recvmsg");
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
  return fd;
}

measurement memfd(std::size_t size) {
  const auto pair = connected_pair(false);
  const forked owner([&] {
    const int fd = memfd_create("limits", 0);
    need(fd >= 0 && ftruncate(fd, static_cast<off_t>(size)) == 0, "memfd_create");
    auto* at = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    need(at != MAP_FAILED, "mmap");
    std::memset(at, 'x', size);
    char go = 0;
    write_all(pair[1], "r", 1);
    while (read_all(pair[1], &go, 1))
      send_fd(pair[1], fd);
  });
  char ready = 0;
  need(read_all(pair[0], &ready, 1), "read");
  const meter m({{"client", {getpid()}}, {"worker", {owner.id()}}});
  write_all(pair[0], "g", 1);
  const int fd = receive_fd(pair[0]);
  auto* at = mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
  need(at != MAP_FAILED, "mmap");
  std::size_t total = 0;
  for (std::size_t i = 0; i < size; i += 4096)
    total += static_cast<const unsigned char*>(at)[i];
  const auto found = m.stop();
  if (total != (size + 4095) / 4096 * 'x') throw std::runtime_error("wrong bytes");
  munmap(at, size);
  close(fd);
  close(pair[0]);
  close(pair[1]);
  return found;
}

}  // namespace

measurement move_bytes(const std::string& how, const nlohmann::json& p) {
  const auto size = p.at("bytes").get<std::size_t>();
  auto found = how == "memfd" ? memfd(size) : stream(how != "unix", how == "tcp-fresh", size);
  found.values["GB_per_s"] = static_cast<double>(size) * 1e-9 / found.values["total_s"];
  return found;
}

}  // namespace bench::limits
