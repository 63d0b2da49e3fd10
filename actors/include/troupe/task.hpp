#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <troupe/codec.hpp>
#include <troupe/task_arguments.hpp>
#include <troupe/task_running.hpp>

namespace troupe {

/// What a worker needs to run one task.
struct task_entry {
  std::string name;
  std::string signature;  ///< In words, e.g. "(text, f64, list<f64>) -> f64".
  /// Throws what the function throws, and exception with errc::bad_bytes if the arguments or inputs
  /// are not what the function takes.
  value (*run)(const value& arguments, std::span<const value> inputs) = nullptr;
};

/// A free function that any worker can run, and the name that all processes know it by.
///
///   inline constexpr auto price = troupe::task<&present_value>("pricing.price");
///
/// A program that only submits needs the function's declaration; entry() needs its definition.
template <auto F>
class task {
  static_assert(detail::function<decltype(F)>::free,
                "troupe: a task is a free function or a static member function");
  static_assert(!detail::function<decltype(F)>::changes_arguments,
                "troupe: a task cannot change its caller's arguments: take parameters by value or "
                "by const reference");
  static_assert(
      detail::function<decltype(F)>::travels,
      "troupe: a parameter or the result of this task cannot travel: use values, std::array, "
      "nested structs or troupe::bytes, or specialise troupe::codec for its type");

public:
  /// Of the future: without reference, and owning (a task that returns a string_view gives text).
  using result = typename detail::function<decltype(F)>::result;

  /// Named after the function. For a name that outlives renaming, give one.
  constexpr task() : name_(detail::function_name<F>()) {
    static_assert(detail::function_name<F>().find_first_of("<({") == std::string_view::npos,
                  "troupe: templates and functions in unnamed namespaces need a name of their own: "
                  "task<&f>(\"name\")");
  }

  /// `name` must outlive the task: use a literal.
  constexpr explicit task(std::string_view name) : name_(name) {}

  constexpr std::string_view name() const noexcept { return name_; }

  static std::string signature() { return detail::function<decltype(F)>::signature(); }

  /// Runs it here, in this process: tests of tasks need no cluster.
  template <class... A>
  decltype(auto) operator()(A&&... a) const {
    return F(std::forward<A>(a)...);
  }

  task_entry entry() const { return {std::string(name_), signature(), &detail::run_task<F>}; }

private:
  std::string_view name_;
};

/// The tasks that a process can run. Made in main() and passed down; there is no global one.
class task_registry {
public:
  virtual ~task_registry() = default;

  /// Throws exception with errc::bad_argument if the name is taken by another function.
  virtual void add(task_entry) = 0;

  /// Called once in each process with workers: before the first of them connects, in this order,
  /// and after the last one's last task, in the opposite order. What on_start() functions throw
  /// keeps the worker from starting. A process that is killed calls nothing.
  virtual void on_start(std::function<void()>) {}

  virtual void on_stop(std::function<void()>) {}

  template <auto F>
  void add(task<F> t) {
    add(t.entry());
  }

  template <auto First, auto... Rest>
  void add() {
    add(task<First>());
    (add(task<Rest>()), ...);
  }
};

}  // namespace troupe
