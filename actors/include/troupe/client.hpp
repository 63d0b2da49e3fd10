#pragma once

#include <chrono>
#include <iosfwd>
#include <map>
#include <memory>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <troupe/config.hpp>
#include <troupe/future.hpp>
#include <troupe/task.hpp>

namespace troupe {

/// How one submission differs from the defaults.
struct submit_options {
  int priority = 0;                              ///< Higher goes first.
  unsigned retries = 0;                          ///< How often to run again after an exception.
  std::map<std::string, double> resources = {};  ///< What a worker must have, e.g. {"gpu", 1}.
  /// A run that takes longer fails at once with errc::timeout, and is retried like one that threw.
  /// Its function is not interrupted, but troupe::cancelled() tells it; until it returns, its
  /// thread is not free. Zero: none.
  std::chrono::nanoseconds timeout = {};
  /// How long to wait before the first retry; before each further one twice as long, up to an hour.
  std::chrono::nanoseconds retry_delay = {};
  /// Which failures are worth a retry: types of exceptions as errors name them, e.g.
  /// "std::runtime_error", or "timeout". Empty: all.
  std::vector<std::string> retry_on = {};
  /// Names or hosts of the workers that may run it. Empty: all. If none is here, it waits.
  std::vector<std::string> workers = {};
  bool allow_other_workers = false;  ///< While none of `workers` is here, others may run it.

  friend bool operator==(const submit_options&, const submit_options&) = default;
};

struct publish_options {
  bool replace = false;  ///< What has the name loses it; without this, that is an error.
};

namespace detail {
class client_connection;
struct client_access;
}  // namespace detail

/// A connection to a cluster. Thread-safe; cheap to copy; the last copy disconnects, and results
/// that are not fetched by then are gone.
///
///   troupe::client client("tcp://scheduler:8786");
///   auto three = client.submit<&add>(1, 2);
///   int six = client.submit<&add>(three, 3).get();
class client {
public:
  /// Connects to the scheduler at an address ("tcp://host:8786", "unix:///path"), or where a
  /// connection file says. Empty: $TROUPE_SCHEDULER, then client.scheduler of the config. Returns
  /// once the scheduler has answered; throws troupe::exception if it does not, or refuses.
  explicit client(const std::string& address = {}, const config& options = {});

  /// Returns at once. An argument is a value that converts to the task's parameter, a future of
  /// exactly its type, or for a vector a vector of futures; the task runs when they are done.
  template <auto F, class... A>
  auto submit(task<F> t, A&&... arguments) const {
    std::vector<task_id> inputs;
    auto packed = detail::pack_arguments<F>(encode_, inputs, std::forward<A>(arguments)...);
    return future<typename task<F>::result>(
        submit_packed(t.name(), &task<F>::signature, std::move(packed), std::move(inputs)));
  }

  template <auto F, class... A>
  auto submit(A&&... arguments) const {
    return submit(task<F>(), std::forward<A>(arguments)...);
  }

  /// One task for each item, in their order; the other arguments are the same for all.
  template <auto F, std::ranges::input_range Items, class... Rest>
  auto map(task<F> t, Items&& items, const Rest&... rest) const {
    std::vector<future<typename task<F>::result>> all;
    if constexpr (std::ranges::sized_range<Items>) all.reserve(std::ranges::size(items));
    for (auto&& item : items)
      all.push_back(submit(t, std::forward<decltype(item)>(item), rest...));
    return all;
  }

  template <auto F, std::ranges::input_range Items, class... Rest>
  auto map(Items&& items, const Rest&... rest) const {
    return map(task<F>(), std::forward<Items>(items), rest...);
  }

  /// Puts a value on a worker, so that many tasks can share it. Returns at once; the value is kept
  /// here until a worker has it.
  template <class T>
  requires transferable<std::remove_cvref_t<T>>
  auto scatter(T&& content) const {
    using kept = std::remove_cvref_t<T>;
    return future<kept>(
        scatter_packed(encode_ ? value(detail::value_type_of<kept>.encode(std::addressof(content)))
                               : make_value(std::forward<T>(content))));
  }

  /// The values in the order of the futures; each worker is asked once for all that it has. Throws
  /// troupe::exception if one of them failed.
  template <class T>
  requires(!std::is_void_v<T>) std::vector<T> gather(const std::vector<future<T>>& futures)
  const {
    detail::fetch_all(detail::handles_of(futures));
    std::vector<T> all;
    all.reserve(futures.size());
    for (const auto& f : futures)
      all.push_back(f.get());
    return all;
  }

  /// Has the results on so many workers, as far as there are so many, for as long as the futures
  /// are there: for what many tasks will need, or what must not be computed again. Returns at once.
  template <class T>
  void replicate(const std::vector<future<T>>& futures, unsigned copies) const {
    replicate_all(detail::handles_of(futures), copies);
  }

  template <class T>
  void replicate(const future<T>& one, unsigned copies) const {
    replicate(std::vector<future<T>>{one}, copies);
  }

  /// The task runs to its end, even if all its futures go, and the client, before that. With a
  /// journal this holds if the scheduler is restarted, too; a run may then happen twice. Returns at
  /// once; throws troupe::exception if there is no connection to the scheduler just now.
  template <class T>
  void fire_and_forget(const future<T>& f) const {
    f.handle_.detach();
    // Should the connection break, it is said again only as long as there is a future.
    f.on_ready([](const future<T>&) {});
  }

  /// The result gets a name, and is kept until unpublish(), whoever leaves: it is not lost with
  /// this client, and is computed again if it is lost with a worker. Data that was scattered cannot
  /// be; wait() until it has arrived. Asks the scheduler; throws troupe::exception if it refuses.
  template <class T>
  requires(!std::is_void_v<T>) void publish(const std::string& name, const future<T>& f,
                                            const publish_options& options = {}) const {
    publish_packed(name, f.handle_, codec<T>::signature(), options);
  }

  /// A future of what somebody has published. Throws troupe::exception with errc::bad_argument if
  /// there is no such name, or it is of another type.
  template <class T>
  future<T> dataset(const std::string& name) const {
    return future<T>(open_packed(name, codec<T>::signature()));
  }

  /// The name is gone, and the result with its last future. Throws troupe::exception with
  /// errc::bad_argument if there is no such name.
  void unpublish(const std::string& name) const;

  /// The names of all that is published.
  std::vector<std::string> datasets() const;

  /// Has results moved from workers with much to workers with little of their memory in use.
  /// Returns at once.
  void rebalance() const;

  /// Has the workers of these names leave in order: what they run ends, what has not begun runs
  /// elsewhere, and results that only they have move to other workers first. Returns at once;
  /// throws troupe::exception with errc::bad_argument if there is no worker of one of the names.
  void retire_workers(const std::vector<std::string>& names) const;

  /// The same client with other options: client.with({.retries = 2}).submit<&f>(x).
  client with(const submit_options&) const;

  /// One line: name, address, workers, their threads and memory. Asks the scheduler.
  std::string summary() const;

private:
  friend struct detail::client_access;

  explicit client(std::shared_ptr<detail::client_connection>);

  detail::future_handle submit_packed(std::string_view name, std::string (*signature)(),
                                      value arguments, std::vector<task_id> inputs) const;
  detail::future_handle scatter_packed(value content) const;
  void publish_packed(const std::string& name, const detail::future_handle&, std::string type,
                      const publish_options&) const;
  detail::future_handle open_packed(const std::string& name, const std::string& type) const;
  void replicate_all(const std::vector<const detail::future_handle*>&, unsigned copies) const;

  std::shared_ptr<detail::client_connection> connection_;
  const submit_options* options_;  ///< Kept by the connection, one for equal ones.
  bool encode_;
};

/// client::summary()
std::ostream& operator<<(std::ostream&, const client&);

}  // namespace troupe
