#pragma once

#include <cstddef>
#include <memory>
#include <typeinfo>
#include <utility>

#include <troupe/bytes.hpp>

namespace troupe {

namespace detail {

/// How a typed object becomes bytes; one constant object per C++ type, made by codec.hpp.
struct value_type {
  const std::type_info& type;
  std::size_t (*encoded_size)(const void* object);
  bytes (*encode)(const void* object);
};

}  // namespace detail

/// An argument or a result: either encoded bytes, or a C++ object of this process that is encoded
/// only if it has to leave it.
///
/// Immutable and cheap to copy; copies share the object. Thread-safe to copy and to read.
class value {
public:
  /// What a function that returns void returns: no bytes.
  value() = default;

  explicit value(bytes encoded) noexcept : encoded_(std::move(encoded)) {}

  value(std::shared_ptr<const void> object, const detail::value_type& type)
      : object_(std::move(object)), type_(&type), size_(type.encoded_size(object_.get())) {}

  bool typed() const noexcept { return object_ != nullptr; }

  /// The object, if it is one of exactly this type; otherwise decode encoded().
  template <class T>
  const T* get_if() const noexcept {
    return type_ && type_->type == typeid(T) ? static_cast<const T*>(object_.get()) : nullptr;
  }

  /// Of the encoded form, in bytes.
  std::size_t size() const noexcept { return typed() ? size_ : encoded_.size(); }

  /// Encodes a typed object at each call: keep the answer if it is needed twice.
  bytes encoded() const { return typed() ? type_->encode(object_.get()) : encoded_; }

  /// The same object, or equal encoded bytes.
  friend bool operator==(const value& a, const value& b) noexcept {
    return a.object_ == b.object_ && a.encoded_ == b.encoded_;
  }

private:
  std::shared_ptr<const void> object_;
  const detail::value_type* type_ = nullptr;
  std::size_t size_ = 0;
  bytes encoded_;
};

}  // namespace troupe
