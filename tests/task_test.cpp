#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <troupe/task.hpp>

using namespace troupe;

namespace {

struct number {
  double size = 0;

  friend bool operator==(number, number) = default;
};

/// Counts how often it is copied.
struct heavy {
  std::vector<int> content = {};
  static inline int copies = 0;

  heavy() = default;

  explicit heavy(std::vector<int> c) : content(std::move(c)) {}

  heavy(const heavy& from) : content(from.content) { ++copies; }

  heavy(heavy&&) = default;
  heavy& operator=(const heavy&) = default;
  heavy& operator=(heavy&&) = default;
};

}  // namespace

namespace troupe {

/// As much of a future as tasks need.
template <>
class future<number> {
public:
  task_id id() const { return id_; }

  task_id id_;
};

template <>
struct codec<heavy> {
  static void write(writer& w, const heavy& h) { codec<std::vector<int>>::write(w, h.content); }

  static heavy read(reader& r) { return heavy(codec<std::vector<int>>::read(r)); }

  static std::string signature() { return "heavy"; }
};

}  // namespace troupe

namespace task_functions {

namespace {

number scaled(const number& n, double by) {
  return {n.size * by};
}

number total(std::span<const number> all) {
  number sum;
  for (const auto& n : all)
    sum.size += n.size;
  return sum;
}

int count(const heavy& h, heavy&& mine, heavy also_mine) {
  mine.content.clear();
  return static_cast<int>(h.content.size() + also_mine.content.size());
}

std::string joined(std::string_view a, const std::string& b, std::span<const std::string> rest) {
  std::string all(a);
  all += b;
  for (const auto& s : rest)
    all += s;
  return all;
}

const double* seen = nullptr;

double first(std::span<const double> all) {
  seen = all.data();
  return all.empty() ? 0 : all.front();
}

void nothing() {}

void throwing(int) {
  throw std::out_of_range("no such bond");
}

}  // namespace

std::string_view name_of(const std::string& s) noexcept {
  return s;
}

inline namespace other {

template <class T>
T twice(T v) {
  return v + v;
}

}  // namespace other

}  // namespace task_functions

namespace tf = task_functions;

namespace {

template <auto F>
value run(const value& arguments, std::vector<value> inputs = {}) {
  return task<F>("t").entry().run(arguments, inputs);
}

template <auto F, class... A>
value pack(bool encode, A&&... a) {
  std::vector<task_id> inputs;
  return detail::pack_arguments<F>(encode, inputs, std::forward<A>(a)...);
}

future<number> future_of(std::uint64_t id) {
  return {.id_ = {id}};
}

std::string refusal(auto&& f) {
  try {
    f();
  } catch (const exception& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a task is named after its function, and has a signature in words") {
  const auto entry = task<&tf::name_of>().entry();
  CHECK(entry.name == "task_functions::name_of");
  CHECK(entry.signature == "(text) -> text");
  CHECK(task<&tf::joined>("join").name() == "join");
  CHECK(task<&tf::joined>::signature() == "(text, text, list<text>) -> text");
  CHECK(task<&tf::nothing>::signature() == "() -> nothing");
  CHECK(task<&tf::scaled>::signature() == "(struct{f64}, f64) -> struct{f64}");
  CHECK(task<&tf::twice<int>>("twice").entry().signature == "(i32) -> i32");
}

TEST_CASE("a task can be called in place") {
  constexpr task<&tf::scaled> scaled("scaled");
  CHECK(scaled(number{2}, 3) == number{6});
}

TEST_CASE("a task runs on arguments that convert to its parameters, typed or encoded") {
  for (const bool encode : {false, true}) {
    CAPTURE(encode);
    const std::vector<std::string> rest{"c", "d"};
    const auto arguments = pack<&tf::joined>(encode, "a", std::string("b"), rest);
    CHECK(arguments.typed() != encode);
    CHECK(value_as<std::string>(run<&tf::joined>(arguments)) == "abcd");
    CHECK(value_as<int>(run<&tf::twice<int>>(pack<&tf::twice<int>>(encode, 'A'))) == 130);
    CHECK(value_as<std::string>(run<&tf::name_of>(pack<&tf::name_of>(encode, "x"))) == "x");
    CHECK(run<&tf::nothing>(pack<&tf::nothing>(encode)).size() == 0);
  }
}

TEST_CASE("futures among the arguments become inputs, in order") {
  std::vector<task_id> inputs;
  const std::vector<future<number>> many{future_of(5), future_of(6)};
  const auto listed = detail::pack_arguments<&tf::total>(true, inputs, many);
  const auto single = detail::pack_arguments<&tf::scaled>(true, inputs, future_of(7), 2.0);
  CHECK(inputs == std::vector<task_id>{{5}, {6}, {7}});

  const value typed = make_value(number{1});
  const value encoded(to_bytes(number{2}));
  CHECK(value_as<number>(run<&tf::total>(listed, {typed, encoded})) == number{3});
  CHECK(value_as<number>(run<&tf::scaled>(single, {typed, typed, encoded})) == number{4});
  for (const auto& input : {typed, encoded}) {
    for (const bool encode : {false, true}) {
      const auto arguments = pack<&tf::scaled>(encode, future_of(1), 10);
      const auto result = run<&tf::scaled>(arguments, {input});
      CHECK(value_as<number>(result).size == 10 * value_as<number>(input).size);
    }
  }
  CHECK(value_as<number>(run<&tf::total>(pack<&tf::total>(false, many), {typed, typed})) ==
        number{2});
}

TEST_CASE("a typed argument is used where it is, and encoding copies no object") {
  const heavy h(std::vector<int>{1, 2, 3});
  heavy::copies = 0;
  const auto encoded = pack<&tf::count>(true, h, h, h);
  CHECK(heavy::copies == 0);
  CHECK(value_as<int>(run<&tf::count>(encoded)) == 6);
  CHECK(heavy::copies == 0);

  const auto typed = pack<&tf::count>(false, heavy(h.content), heavy(h.content), heavy(h.content));
  CHECK(heavy::copies == 0);
  CHECK(value_as<int>(run<&tf::count>(typed)) == 6);
  CHECK(heavy::copies == 2);  // For the parameters that are the function's own; it may run again.
  CHECK(value_as<int>(run<&tf::count>(typed)) == 6);
}

TEST_CASE("a view of numbers is a view of the bytes or of the object") {
  const std::vector<double> numbers{1, 2, 3};
  const auto arguments = pack<&tf::first>(true, numbers);
  CHECK(value_as<double>(run<&tf::first>(arguments)) == 1);
  const auto encoded = arguments.encoded();
  const auto* at = reinterpret_cast<const std::byte*>(tf::seen);
  CHECK(at > encoded.data());
  CHECK(at + 24 == encoded.data() + encoded.size());

  const auto typed = make_value(numbers);
  const auto* object = typed.get_if<std::vector<double>>();
  const value input_zero(to_bytes(std::tuple(detail::argument<double>{detail::input_at{0}})));
  CHECK(value_as<double>(run<&tf::first>(input_zero, {typed})) == 1);
  CHECK(tf::seen == object->data());
}

TEST_CASE("arguments that are not what the function takes are refused") {
  const auto one = pack<&tf::scaled>(true, future_of(1), 2.0);
  CHECK(refusal([&] { run<&tf::scaled>(one); }) ==
        "the arguments name input 0 of the task, which has 0");
  const auto list = pack<&tf::total>(true, std::vector<future<number>>{future_of(1)});
  CHECK(refusal([&] { run<&tf::total>(list); }).find("which has 0") != std::string::npos);
  const auto input = value(to_bytes(1));
  CHECK(refusal([&] { run<&tf::scaled>(one, {input}); }).find("f64") != std::string::npos);
  CHECK(refusal([&] { run<&tf::scaled>(value()); }).find("cannot decode") != std::string::npos);
  CHECK(refusal([&] {
          pack<&tf::scaled>(true, future<number>(), 1.0);
        }).find("a future of no task") == 0);
}

TEST_CASE("what the function throws comes out as it is") {
  CHECK_THROWS_AS(run<&tf::throwing>(pack<&tf::throwing>(true, 1)), std::out_of_range);
}

TEST_CASE("a registry takes tasks by function and by name") {
  struct names : task_registry {
    using task_registry::add;

    void add(task_entry e) override { all.push_back(e.name); }

    std::vector<std::string> all;
  } registry;

  registry.add<&tf::name_of>();
  registry.add(task<&tf::joined>("join"));
  CHECK(registry.all == std::vector<std::string>{"task_functions::name_of", "join"});
}
