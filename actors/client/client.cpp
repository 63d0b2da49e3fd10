#include <cstdio>
#include <ostream>
#include <utility>

#include <troupe/client.hpp>

#include "actors/client/client_actor.hpp"
#include "actors/client/connect.hpp"
#include "actors/client/connection.hpp"
#include "actors/client/introduction.hpp"
#include "actors/worker/builtin_tasks.hpp"
#include "config/connection_file.hpp"

namespace troupe {

namespace detail {

namespace {

/// Owned by the copies of a client, so that the last of them disconnects; the futures may keep the
/// connection itself in memory for longer.
struct closer {
  std::shared_ptr<client_connection> connection;

  explicit closer(std::shared_ptr<client_connection> c) : connection(std::move(c)) {}

  closer(const closer&) = delete;
  closer& operator=(const closer&) = delete;

  ~closer() { connection->close(); }
};

/// A frame also has heads and other messages.
std::uint64_t arguments_max(const config& options) {
  return options.network.frame_max - options.network.frame_max / 8;
}

std::shared_ptr<client_connection> open(runtime::node& node, connection_settings settings,
                                        std::unique_ptr<runtime::node> owned) {
  const auto& network = node.options().network;
  const auto timeout = network.connect_timeout + network.handshake_timeout;
  settings.arguments_max = arguments_max(node.options());
  const auto address = settings.address;
  auto connection = std::make_shared<client_connection>(std::move(settings));
  connection->open(spawn_client(node, address, connection), std::move(owned), timeout);
  auto last = std::make_shared<closer>(connection);
  return {last, connection.get()};
}

std::shared_ptr<client_connection> connect(const std::string& text, config options) {
  auto contact = find_scheduler(text, options);
  if (!contact) throw exception(contact.error());
  contact->apply(options.security);
  auto node = std::make_unique<runtime::node>(options);
  auto& carrier = *node;
  return open(carrier,
              {.address = contact->address,
               .name = introduce_client(options.client.name).name,
               .progress = options.client.progress},
              std::move(node));
}

std::string size_text(std::uint64_t size_bytes) {
  constexpr const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  auto size = static_cast<double>(size_bytes);
  std::size_t unit = 0;
  for (; size >= 1024 && unit + 1 < std::size(units); ++unit)
    size /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 || size >= 100 ? "%.0f %s" : "%.1f %s", size,
                units[unit]);
  return text;
}

}  // namespace

struct client_access {
  static client make(std::shared_ptr<client_connection> c) { return client(std::move(c)); }
};

client make_client(runtime::node& node, const std::string& scheduler, const std::string& name,
                   bool encode) {
  return client_access::make(open(node,
                                  {.address = scheduler,
                                   .name = introduce_client(name).name,
                                   .progress = node.options().client.progress,
                                   .encode = encode},
                                  nullptr));
}

}  // namespace detail

client::client(const std::string& address, const config& options)
    : client(detail::connect(address, options)) {}

client::client(std::shared_ptr<detail::client_connection> connection)
    : connection_(std::move(connection)),
      options_(connection_->intern({})),
      encode_(connection_->options().encode) {}

client client::with(const submit_options& options) const {
  auto copy = *this;
  copy.options_ = connection_->intern(options);
  return copy;
}

detail::future_handle client::submit_packed(std::string_view name, std::string (*signature)(),
                                            value arguments, std::vector<task_id> inputs) const {
  return detail::future_handle(
      connection_->submit(name, signature, options_, std::move(arguments), std::move(inputs)));
}

detail::future_handle client::scatter_packed(value content) const {
  return detail::future_handle(connection_->scatter(std::move(content)));
}

namespace {

dataset_reply ask_for_dataset(detail::client_connection& connection, name_dataset what) {
  auto answer = connection.ask_for<dataset_reply>(std::move(what)).value();
  if (!answer.refused.empty()) throw exception({errc::bad_argument, answer.refused});
  return answer;
}

}  // namespace

void client::publish_packed(const std::string& name, const detail::future_handle& f,
                            std::string type, const publish_options& options) const {
  if (name.empty() || f.empty())
    throw exception({errc::bad_argument, "to publish needs a name and a future of a task"});
  using order = name_dataset::order;
  ask_for_dataset(*connection_, {options.replace ? order::replace : order::publish, name, f.id(),
                                 std::move(type)});
}

detail::future_handle client::open_packed(const std::string& name, const std::string& type) const {
  const auto found = ask_for_dataset(*connection_, {name_dataset::order::find, name, {}, {}});
  if (found.type != type)
    throw exception({errc::bad_argument, "the dataset '" + name + "' is of type " + found.type +
                                             "; it was asked for as " + type});
  return submit_packed(opening_task, [] { return std::string(opening_signature); }, {},
                       {found.task});
}

void client::unpublish(const std::string& name) const {
  ask_for_dataset(*connection_, {name_dataset::order::withdraw, name, {}, {}});
}

std::vector<std::string> client::datasets() const {
  return ask_for_dataset(*connection_, {name_dataset::order::list, {}, {}, {}}).names;
}

void client::replicate_all(const std::vector<const detail::future_handle*>& futures,
                           unsigned copies) const {
  for (const auto* f : futures)
    connection_->ask(replicate_result{f->id(), copies}).value();
}

void client::rebalance() const {
  connection_->ask(rebalance_results{}).value();
}

void client::retire_workers(const std::vector<std::string>& names) const {
  const auto seen = connection_->ask_for<snapshot_reply>(troupe::retire_workers{names}).value();
  for (const auto& name : names)
    if (std::none_of(seen.shown->workers.begin(), seen.shown->workers.end(),
                     [&](const worker_snapshot& w) { return w.name == name; }))
      throw exception({errc::bad_argument, "there is no worker '" + name + "'"});
}

std::string client::summary() const {
  const auto& options = connection_->options();
  const auto head = "client '" + options.name + "' at " + options.address;
  const auto found = connection_->inspect();
  if (!found) return head + ": " + found.error().message;
  std::uint64_t threads = 0;
  std::uint64_t memory_bytes = 0;
  for (const auto& w : found->workers) {
    threads += w.threads;
    memory_bytes += w.memory_bytes;
  }
  const auto count = [](std::uint64_t n, const std::string& what) {
    return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
  };
  return head + ": scheduler '" + found->scheduler + "', " +
         count(found->workers.size(), "worker") + ", " + count(threads, "thread") + ", " +
         detail::size_text(memory_bytes) + " memory";
}

std::ostream& operator<<(std::ostream& out, const client& c) {
  return out << c.summary();
}

}  // namespace troupe
