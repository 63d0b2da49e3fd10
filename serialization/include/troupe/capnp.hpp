#pragma once

#include <charconv>
#include <cstddef>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <capnp/any.h>
#include <capnp/message.h>
#include <capnp/schema.h>
#include <capnp/serialize.h>
#include <kj/exception.h>

#include <troupe/codec.hpp>

namespace troupe {

/// A Cap'n Proto struct as argument or result: a flat message whose root is an S of generated code.
///
/// For programs that use Cap'n Proto themselves: link them with it. Immutable; copies share the
/// bytes, and what arrived is read where it lies.
template <class S>
class capnp_value {
public:
  /// Keeps the message that it was read from. Not movable: auto r = v.reader(); r->getName();
  class open_reader {
  public:
    open_reader(const open_reader&) = delete;
    open_reader& operator=(const open_reader&) = delete;

    const typename S::Reader& operator*() const noexcept { return root_; }

    const typename S::Reader* operator->() const noexcept { return &root_; }

  private:
    friend class capnp_value;

    open_reader(bytes message, capnp::ReaderOptions options)
        : message_(std::move(message)),
          reader_(words_of(message_), options),
          root_(reader_.template getRoot<S>()) {}

    bytes message_;
    capnp::FlatArrayMessageReader reader_;
    typename S::Reader root_;
  };

  /// An S with all defaults.
  capnp_value() {
    capnp::MallocMessageBuilder message;
    message.initRoot<S>();
    *this = capnp_value(message);
  }

  /// Copies the message, whose root is an S.
  explicit capnp_value(capnp::MessageBuilder& message) {
    auto owner = std::make_shared<const kj::Array<capnp::word>>(capnp::messageToFlatArray(message));
    const std::span<const std::byte> view(reinterpret_cast<const std::byte*>(owner->begin()),
                                          owner->size() * sizeof(capnp::word));
    message_ = bytes(std::move(owner), view);
  }

  /// Takes a flat message, copying it only if it is not on an 8-byte boundary. Throws exception
  /// with errc::bad_bytes if it is not a whole one.
  explicit capnp_value(bytes message) : message_(detail::aligned(std::move(message))) {
    if (const char* wrong = what_is_wrong(message_))
      throw exception({errc::bad_bytes, "cannot decode: wanted a flat Cap'n Proto message, found " +
                                            std::to_string(message_.size()) + " bytes: " + wrong});
  }

  /// The flat message.
  const bytes& message() const noexcept { return message_; }

  /// Allows to read every byte of the message a few times: enough for reading, too little for a
  /// small message that pretends to be a huge one. Its getters throw kj::Exception for malformed
  /// pointers.
  open_reader reader() const {
    capnp::ReaderOptions options;
    options.traversalLimitInWords = 8 * (message_.size() / sizeof(capnp::word)) + 1024;
    return reader(options);
  }

  open_reader reader(capnp::ReaderOptions options) const { return open_reader(message_, options); }

  friend bool operator==(const capnp_value& a, const capnp_value& b) noexcept {
    return a.message_ == b.message_;
  }

private:
  static kj::ArrayPtr<const capnp::word> words_of(const bytes& message) {
    return {reinterpret_cast<const capnp::word*>(message.data()),
            message.size() / sizeof(capnp::word)};
  }

  static const char* what_is_wrong(const bytes& message) {
    if (message.empty() || message.size() % sizeof(capnp::word) != 0) return "not whole words";
    try {
      const auto words = words_of(message);
      capnp::FlatArrayMessageReader reader(words);
      reader.getRoot<S>();
      return reader.getEnd() == words.end() ? nullptr : "more than one message";
    } catch (const kj::Exception&) {
      return "broken segments or root";
    }
  }

  bytes message_;
};

/// In words: the schema's id, so that two programs with different schemas do not misread each
/// other.
template <class S>
struct codec<capnp_value<S>> {
  static void write(writer& w, const capnp_value<S>& v) { codec<bytes>::write(w, v.message()); }

  static capnp_value<S> read(reader& r) { return capnp_value<S>(codec<bytes>::read(r)); }

  static std::string signature() {
    char digits[16] = {};
    const auto end =
        std::to_chars(std::begin(digits), std::end(digits), capnp::typeId<S>(), 16).ptr;
    return "capnp<@0x" + std::string(digits, end) + ">";
  }
};

}  // namespace troupe
