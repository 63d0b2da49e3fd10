#include "serialization/wire_read.hpp"
#include "serialization/wire_size.hpp"
#include "serialization/wire_write.hpp"

namespace troupe::wire {

namespace {

std::size_t words_of(const hello& from) {
  frame_size size;
  size.words = 64 + from.tasks.size() * 2;
  for (const auto* part :
       {&from.name, &from.host, &from.release, &from.token, &from.address, &from.launch})
    size.add(*part);
  for (const auto& [name, amount] : from.resources) {
    size.words += 2;
    size.add(name);
  }
  for (const auto& task : from.tasks) {
    size.add(task.name);
    size.add(task.signature);
  }
  return size.words;
}

void read_identity(body_reader& body, schema::Hello::Reader from, hello& to) {
  need(from.getRole() <= static_cast<std::uint16_t>(role::scheduler), "a role is known");
  to.as = static_cast<role>(from.getRole());
  to.process = read_uuid(from.getProcess());
  if (from.hasSession()) to.session = read_uuid(from.getSession());
  if (from.getClient() != 0) to.client = read_client_id(from.getClient());
  to.pid = from.getPid();
  to.token = read_text(from.getToken());
  to.address = read_text(from.getAddress());
  to.launch = read_text(from.getLaunch());
  to.threads = from.getThreads();
  to.memory_bytes = from.getMemoryBytes();
  to.resources = read_resources(body, from.getResources());
  const auto tasks = from.getTasks();
  to.tasks.reserve(body.take(tasks.size()));
  for (auto task : tasks)
    to.tasks.push_back({read_text(task.getName()), read_text(task.getSignature())});
}

}  // namespace

bytes encode(const hello& from) {
  frame_builder frame(words_of(from));
  auto to = frame.initRoot<schema::Hello>();
  to.setKind(static_cast<std::uint16_t>(frame_kind::hello));
  to.setVersion(from.version);
  to.setRole(static_cast<std::uint16_t>(from.as));
  to.setPid(from.pid);
  to.setThreads(from.threads);
  to.setMemoryBytes(from.memory_bytes);
  to.setName(text(from.name));
  to.setHost(text(from.host));
  to.setRelease(text(from.release));
  to.setProcess({from.process.data(), from.process.size()});
  to.setSession({from.session.data(), from.session.size()});
  to.setClient(from.client.value);
  to.setToken(text(from.token));
  to.setAddress(text(from.address));
  to.setLaunch(text(from.launch));
  write(from.resources, to.initResources(static_cast<unsigned>(from.resources.size())));
  auto tasks = to.initTasks(static_cast<unsigned>(from.tasks.size()));
  for (unsigned i = 0; i < tasks.size(); ++i) {
    tasks[i].setName(text(from.tasks[i].name));
    tasks[i].setSignature(text(from.tasks[i].signature));
  }
  return frame.finish();
}

result<hello> decode_hello(const bytes& body) {
  return decode_body("hello", body, [](body_reader& reader) {
    const auto from = reader.root<schema::Hello>(frame_kind::hello);
    hello to;
    to.version = from.getVersion();
    to.name = read_text(from.getName());
    to.host = read_text(from.getHost());
    to.release = read_text(from.getRelease());
    if (to.version == protocol_version) read_identity(reader, from, to);
    return to;
  });
}

bytes encode_refusal(const error& why) {
  frame_size size;
  size.add(why);
  frame_builder frame(size.words);
  auto to = frame.initRoot<schema::Refusal>();
  to.setKind(static_cast<std::uint16_t>(frame_kind::refusal));
  write(why, to.initWhy());
  return frame.finish();
}

error decode_refusal(const bytes& body) {
  error why;
  auto done = decode_body("refusal", body, [&why](body_reader& reader) {
    why = read_error(reader, reader.root<schema::Refusal>(frame_kind::refusal).getWhy());
    return true;
  });
  return done ? why : done.error();
}

}  // namespace troupe::wire
