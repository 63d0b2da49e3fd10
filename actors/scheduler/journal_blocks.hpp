#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <troupe/result.hpp>

#include "actors/scheduler/core/journal.hpp"
#include "serialization/record_file.hpp"
#include "serialization/wire.hpp"

namespace troupe {

/// Turns a journal's records into blocks of a file.
class journal_writer {
public:
  using record = core::scheduling::journal_record;

  /// Appends to `to`.
  void write(std::span<const record>, std::vector<std::byte>& to, std::int64_t at_ns = 0);

private:
  wire::encoder encoder_;
  bool fresh_ = true;
};

/// Turns the blocks back into records.
class journal_reader {
public:
  using record = core::scheduling::journal_record;

  static bool takes(wire::block_kind);

  /// Appends to `to`.
  result<void> read(const wire::block&, std::vector<record>& to);

private:
  result<void> read_said(const wire::block&, std::vector<record>& to);
  result<void> read_process(const wire::block&, std::vector<record>& to);

  wire::decoder decoder_;
};

}  // namespace troupe
