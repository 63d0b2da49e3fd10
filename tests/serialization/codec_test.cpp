#include <limits>

#include <doctest/doctest.h>

#include <troupe/codec.hpp>

#include "tests/serialization/codec_types.hpp"

using namespace codec_types;
using namespace troupe;

namespace {

template <class T>
T round_trip(const T& v) {
  return from_bytes<T>(to_bytes(v));
}

template <class T>
void check_round_trip(const T& v) {
  CHECK(round_trip(v) == v);
}

/// Behaves as no built-in: private state, no default constructor.
class money {
public:
  explicit money(std::int64_t cents) : cents_(cents) {}

  std::int64_t cents() const { return cents_; }

  friend bool operator==(money, money) = default;

private:
  std::int64_t cents_;
};

struct wallet {
  money cash;
  std::vector<money> notes;

  friend bool operator==(const wallet&, const wallet&) = default;
};

struct sixteen {
  int a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p;

  friend bool operator==(const sixteen&, const sixteen&) = default;
};

struct arrays {
  std::array<int, 3> first = {};
  int middle = 0;
  std::array<std::string, 2> last = {};
  point corner = {};
  std::array<point, 2> corners = {};

  friend bool operator==(const arrays&, const arrays&) = default;
};

}  // namespace

template <>
struct troupe::codec<money> {
  static void write(writer& w, const money& m) { codec<std::int64_t>::write(w, m.cents()); }

  static money read(reader& r) { return money(codec<std::int64_t>::read(r)); }

  static std::string signature() { return "money"; }
};

TEST_CASE("numbers, enums and text come back as they were") {
  check_round_trip(true);
  check_round_trip('c');
  check_round_trip(std::int8_t{-128});
  check_round_trip(std::numeric_limits<std::uint64_t>::max());
  check_round_trip(std::numeric_limits<long>::min());
  check_round_trip(0.1f);
  check_round_trip(-0.1);
  check_round_trip(1.0L / 3);
  check_round_trip(U'x');
  check_round_trip(L'x');
  check_round_trip(color::green);
  check_round_trip(static_cast<color>(200));
  check_round_trip(std::byte{7});
  check_round_trip(std::string());
  check_round_trip(std::string(254, 'a'));
  check_round_trip(std::string(255, 'b'));
  check_round_trip(std::string(70'000, 'c'));
  check_round_trip(std::string("\0zero", 5));
}

TEST_CASE("containers come back as they were") {
  check_round_trip(std::vector<int>{});
  check_round_trip(std::vector<int>{1, 2, 3});
  check_round_trip(std::vector<bool>{true, false, true});
  check_round_trip(std::vector<std::string>{"a", "", "c"});
  check_round_trip(std::vector<std::vector<double>>{{1}, {}, {2, 3}});
  check_round_trip(std::vector<long double>{1, 2});
  check_round_trip(std::vector<empty>(1000));
  check_round_trip(std::array<int, 0>{});
  check_round_trip(std::array<bool, 3>{true, false, true});
  check_round_trip(std::array<std::string, 2>{"x", "y"});
  check_round_trip(std::deque<int>{1, 2});
  check_round_trip(std::list<std::string>{"l"});
  check_round_trip(std::set<int>{3, 1});
  check_round_trip(std::multiset<int>{1, 1, 2});
  check_round_trip(std::unordered_set<std::string>{"a", "b"});
  check_round_trip(std::map<std::string, double>{{"pi", 3.14}});
  check_round_trip(std::multimap<int, int>{{1, 2}, {1, 3}});
  check_round_trip(std::unordered_map<int, std::vector<std::string>>{{1, {"x"}}, {2, {}}});
}

TEST_CASE("alternatives, tuples and times come back as they were") {
  check_round_trip(std::optional<int>());
  check_round_trip(std::optional<std::optional<int>>(std::optional<int>()));
  check_round_trip(std::variant<int, std::string, int>(std::in_place_index<2>, 5));
  check_round_trip(std::variant<std::monostate, double>());
  check_round_trip(std::tuple<>());
  check_round_trip(std::tuple(1, std::string("two"), 3.0));
  check_round_trip(std::pair(color::red, std::vector<int>{1}));
  check_round_trip(std::chrono::nanoseconds(-5));
  check_round_trip(std::chrono::duration<float, std::ratio<60>>(1.5f));
  check_round_trip(std::chrono::system_clock::now());
  check_round_trip(std::chrono::sys_days(std::chrono::days(20'000)));
  check_round_trip(std::complex<float>(1, 2));
  check_round_trip(std::vector<std::complex<double>>{{1, 2}, {3, 4}});
  check_round_trip(std::vector<std::chrono::seconds>{std::chrono::seconds(9)});
}

TEST_CASE("plain structs travel by themselves, nested and with arrays") {
  check_round_trip(empty{});
  check_round_trip(point{1, 2});
  check_round_trip(std::vector<point>{{1, 2}, {3, 4}});
  check_round_trip(tree{1, {{2, {{3}}}, {4}}});
  check_round_trip(sixteen{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
  check_round_trip(arrays{{1, 2, 3}, 4, {"five", "six"}, {7, 8}, {{{9, 10}, {11, 12}}}});
  check_round_trip(sample());
  check_round_trip(std::vector<everything>{sample(), {}, sample()});
}

TEST_CASE("a type of the user's travels with its own codec, also inside others") {
  check_round_trip(money(100));
  check_round_trip(std::optional<money>(money(5)));
  check_round_trip(wallet{money(1), {money(2), money(3)}});
  CHECK(codec<wallet>::signature() == "struct{money,list<money>}");
}

TEST_CASE("bytes are a slice of the buffer they arrived in") {
  const std::pair<std::string, bytes> sent("x", bytes::copy("untouched"));
  const auto buffer = to_bytes(sent);
  const auto arrived = from_bytes<std::pair<std::string, bytes>>(buffer).second;
  CHECK(arrived == sent.second);
  CHECK(arrived.data() >= buffer.data());
  CHECK(arrived.data() + arrived.size() <= buffer.data() + buffer.size());
  CHECK(reinterpret_cast<std::uintptr_t>(arrived.data()) % 8 == 0);
}

TEST_CASE("numbers travel as one aligned block that is read in place") {
  using sent = std::tuple<bool, std::string, std::vector<double>, std::vector<point>>;
  using seen = std::tuple<bool, std::string_view, std::span<const double>, std::span<const point>>;
  const auto buffer = to_bytes(sent(true, "odd", {1, 2, 3}, {{4, 5}}));
  const auto [yes, text, numbers, points] = from_bytes<seen>(buffer);
  CHECK(yes);
  CHECK(text == "odd");
  CHECK(std::vector(numbers.begin(), numbers.end()) == std::vector<double>{1, 2, 3});
  CHECK(points[0] == point{4, 5});
  const auto* first = reinterpret_cast<const std::byte*>(numbers.data());
  CHECK(first > buffer.data());
  CHECK(first + 24 < buffer.data() + buffer.size());
  CHECK((first - buffer.data()) % 8 == 0);
}

TEST_CASE("numbers in bytes that are off the boundary are copied, or refused to a view") {
  const auto whole = to_bytes(std::vector<double>{1, 2});
  std::vector<std::byte> shifted(whole.size() + 1);
  std::memcpy(shifted.data() + 1, whole.data(), whole.size());
  const auto odd = bytes::adopt(std::move(shifted)).slice(1, whole.size());
  CHECK(from_bytes<std::vector<double>>(odd) == std::vector<double>{1, 2});
  CHECK_THROWS_AS(from_bytes<std::span<const double>>(odd), exception);
  CHECK(from_bytes<std::span<const double>>(detail::aligned(odd))[1] == 2);
}

TEST_CASE("nothing is wasted: sizes are what the format says") {
  CHECK(to_bytes(1).size() == 4);
  CHECK(to_bytes(true).size() == 1);
  CHECK(to_bytes(std::string("abc")).size() == 4);
  CHECK(to_bytes(std::string(255, 'x')).size() == 9 + 255);
  CHECK(to_bytes(std::vector<double>(3)).size() == 8 + 24);
  CHECK(to_bytes(std::vector<double>()).size() == 1);
  CHECK(to_bytes(std::tuple(1, 2.0, true)).size() == 13);
  CHECK(to_bytes(std::optional<int>(1)).size() == 5);
  CHECK(to_bytes(point{}).size() == 16);
  CHECK(to_bytes(empty{}).size() == 1);
}

TEST_CASE("lists with the same signature have the same bytes") {
  const std::vector<std::array<float, 3>> v{{1, 2, 3}, {4, 5, 6}};
  const std::deque<std::array<float, 3>> d(v.begin(), v.end());
  CHECK(to_bytes(v) == to_bytes(d));
  CHECK(to_bytes(v) == to_bytes(std::span(v)));
  CHECK(to_bytes(std::vector<bool>{true, false}) == to_bytes(std::deque<bool>{true, false}));
}

TEST_CASE("a signature says in words what travels") {
  CHECK(codec<double>::signature() == "f64");
  CHECK(codec<long long>::signature() == codec<std::int64_t>::signature());
  CHECK(codec<std::uint8_t>::signature() == "u8");
  CHECK(codec<bool>::signature() == "bool");
  CHECK(codec<color>::signature() == "enum<u8>");
  CHECK(codec<std::string_view>::signature() == "text");
  CHECK(codec<bytes>::signature() == "bytes");
  CHECK(codec<std::vector<double>>::signature() == "list<f64>");
  CHECK(codec<std::span<const double>>::signature() == "list<f64>");
  CHECK(codec<std::array<int, 3>>::signature() == "array<i32,3>");
  CHECK(codec<std::map<std::string, double>>::signature() == "map<text,f64>");
  CHECK(codec<std::unordered_set<int>>::signature() == "set<i32>");
  CHECK(codec<std::optional<int>>::signature() == "optional<i32>");
  CHECK(codec<std::variant<int, std::string>>::signature() == "variant<i32,text>");
  CHECK(codec<std::pair<int, bool>>::signature() == "tuple<i32,bool>");
  CHECK(codec<std::chrono::milliseconds>::signature() == "duration<i64,ms>");
  CHECK(codec<std::chrono::system_clock::time_point>::signature() == "time<duration<i64,ns>>");
  CHECK(codec<std::complex<float>>::signature() == "complex<f32>");
  CHECK(codec<point>::signature() == "struct{f64,f64}");
  CHECK(codec<tree>::signature() == "struct{i32,list<struct{..}>}");
  CHECK(codec<tree>::signature() == "struct{i32,list<struct{..}>}");
}

TEST_CASE("only what has a codec is transferable") {
  CHECK(transferable<std::vector<std::string>>);
  CHECK(transferable<everything>);
  CHECK(transferable<wallet>);
  CHECK_FALSE(transferable<int*>);
  CHECK_FALSE(transferable<int&>);
  CHECK_FALSE(transferable<int[3]>);
  CHECK_FALSE(transferable<std::unique_ptr<int>>);
  CHECK_FALSE(transferable<void>);
}

TEST_CASE("a typed value is encoded only when asked, and knows its size") {
  const auto typed = make_value(sample());
  CHECK(typed.typed());
  CHECK(typed.size() == to_bytes(sample()).size());
  CHECK(typed.encoded() == to_bytes(sample()));
  CHECK(typed.get_if<everything>() != nullptr);
  CHECK(typed.get_if<point>() == nullptr);
  CHECK(value_as<everything>(typed) == sample());
  CHECK(value_as<everything>(value(typed.encoded())) == sample());
  CHECK_THROWS_AS(value_as<point>(typed), exception);
}

TEST_CASE("what cannot be encoded says why") {
  const auto message = [](auto&& encode) {
    try {
      encode();
    } catch (const exception& e) {
      CHECK(e.code() == errc::bad_argument);
      return std::string(e.what());
    }
    return std::string();
  };
  tree deep;
  for (unsigned i = 0; i < nesting_max + 1; ++i) {
    tree outer;
    outer.branches.push_back(std::move(deep));
    deep = std::move(outer);
  }
  CHECK(message([&deep] { to_bytes(deep); }).find("nested more than 200 deep") !=
        std::string::npos);
  CHECK(to_bytes(deep.branches[0]).size() > nesting_max);
}
