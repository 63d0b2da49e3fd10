#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <troupe/bytes.hpp>
#include <troupe/error.hpp>

namespace troupe {

static_assert(std::endian::native == std::endian::little,
              "troupe: values travel as they lie in memory, so all machines must be little-endian");

/// How deep containers may be nested in each other, so that bytes from outside cannot use up the
/// stack.
inline constexpr unsigned nesting_max = 200;

/// Where a codec writes to. The same code runs twice: first to count, then into a buffer of exactly
/// that size.
class writer {
public:
  /// Counts only.
  writer() = default;

  explicit writer(std::span<std::byte> into) noexcept : out_(into.data()), capacity_(into.size()) {}

  std::size_t size() const noexcept { return at_; }

  void put(const void* from, std::size_t count) {
    if (out_ && count > 0) {
      if (count > capacity_ - at_) changed();
      std::memcpy(out_ + at_, from, count);
    }
    at_ += count;
  }

  /// How many of something follow: one byte if fewer than 255.
  void put_size(std::size_t count) {
    const auto head = static_cast<std::uint8_t>(count < 255 ? count : 255);
    put(&head, 1);
    if (head < 255) return;
    const std::uint64_t wide = count;
    put(&wide, sizeof wide);
  }

  /// What follows starts at a multiple of 8 bytes from the start of the whole encoded value.
  void align() {
    static constexpr std::byte zeros[8] = {};
    put(zeros, (8 - at_ % 8) % 8);
  }

  /// Throws if the second run wrote less than the first one counted.
  void finish() const {
    if (at_ != capacity_) changed();
  }

  /// One more container around what is written, for as long as it lives.
  class level {
  public:
    explicit level(writer& w) : depth_(w.depth_) {
      if (++depth_ > nesting_max) too_deep(depth_);
    }

    level(const level&) = delete;
    level& operator=(const level&) = delete;

    ~level() { --depth_; }

  private:
    unsigned& depth_;
  };

private:
  [[noreturn, gnu::cold, gnu::noinline]] static void changed() {
    throw exception({errc::bad_argument,
                     "the value changed while it was encoded, or its codec does not write the same "
                     "bytes each time"});
  }

  [[noreturn, gnu::cold, gnu::noinline]] static void too_deep(unsigned& depth) {
    --depth;
    throw exception({errc::bad_argument, "containers are nested more than " +
                                             std::to_string(nesting_max) +
                                             " deep; make the value flatter"});
  }

  std::byte* out_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t at_ = 0;
  unsigned depth_ = 0;
};

/// Where a codec reads from. Trusts nothing: every length is checked against what is left before
/// memory is taken for it, and what does not fit throws exception with errc::bad_bytes.
class reader {
public:
  explicit reader(bytes from) noexcept : from_(std::move(from)), data_(from_.data()) {}

  std::size_t left() const noexcept { return from_.size() - at_; }

  /// The next bytes, in place. `what` they are is for the message if there are fewer.
  std::span<const std::byte> take(std::size_t count, const char* what) {
    if (count > left()) truncated(count, what);
    const std::span<const std::byte> part(data_ + at_, count);
    at_ += count;
    return part;
  }

  /// The next bytes as a slice that keeps the whole buffer alive.
  bytes take_bytes(std::size_t count, const char* what) {
    const auto offset = at_;
    take(count, what);
    return from_.slice(offset, count);
  }

  /// A count written by put_size(), of things that take at least `size_min` bytes each.
  std::size_t get_size(std::size_t size_min, const char* what) {
    const auto head = std::to_integer<std::uint8_t>(take(1, what)[0]);
    std::uint64_t count = head;
    if (head == 255) std::memcpy(&count, take(sizeof count, what).data(), sizeof count);
    if (count > left() / size_min) too_many(count, what);
    return static_cast<std::size_t>(count);
  }

  void align() { take((8 - at_ % 8) % 8, "padding"); }

  /// Throws if anything is left.
  void finish() const {
    if (left() > 0) fail("the end", std::to_string(left()) + " more bytes");
  }

  [[noreturn, gnu::cold, gnu::noinline]] void fail(std::string_view wanted,
                                                   std::string_view found) const {
    throw exception({errc::bad_bytes, "cannot decode: wanted " + std::string(wanted) + " at byte " +
                                          std::to_string(at_) + " of " +
                                          std::to_string(from_.size()) + ", found " +
                                          std::string(found)});
  }

  /// One more container around what is read, for as long as it lives.
  class level {
  public:
    explicit level(reader& r) : depth_(r.depth_) {
      if (++depth_ <= nesting_max) return;
      --depth_;
      r.fail("containers nested at most " + std::to_string(nesting_max) + " deep", "one more");
    }

    level(const level&) = delete;
    level& operator=(const level&) = delete;

    ~level() { --depth_; }

  private:
    unsigned& depth_;
  };

private:
  [[noreturn, gnu::cold, gnu::noinline]] void truncated(std::size_t count, const char* what) const {
    fail(std::to_string(count) + (count == 1 ? " byte of " : " bytes of ") + what,
         left() == 0 ? "the end" : "only " + std::to_string(left()));
  }

  [[noreturn, gnu::cold, gnu::noinline]] void too_many(std::uint64_t count,
                                                       const char* what) const {
    fail(std::string("a possible size of ") + what,
         std::to_string(count) + " with " + std::to_string(left()) + " bytes left");
  }

  bytes from_;
  const std::byte* data_ = nullptr;
  std::size_t at_ = 0;
  unsigned depth_ = 0;
};

}  // namespace troupe
