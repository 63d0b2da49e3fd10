#include "serialization/wire_size.hpp"

namespace troupe::wire {

void frame_size::add(const error& from) noexcept {
  words += 8;
  for (const auto* part : {&from.message, &from.type, &from.task, &from.worker})
    add(*part);
  add(from.chain);
}

void frame_size::add(const task_spec& from) noexcept {
  words += 5;
  add(from.function);
  add(from.signature);
  for (const auto& [name, amount] : from.resources) {
    words += 2;
    add(name);
  }
}

void frame_size::add(const input_location& from) noexcept {
  things += 1 + from.holders.size();
  words += 2 + from.holders.size();
}

void frame_size::add(const introduce_worker& from) noexcept {
  add(from.name);
  add(from.address);
}

void frame_size::add(const cluster_snapshot& from) noexcept {
  words += 22;
  add(from.stuck);
  for (const auto* part :
       {&from.scheduler, &from.address, &from.release, &from.pending_reason, &from.cluster})
    add(*part);
  for (const auto& worker : from.workers) {
    words += 12;
    for (const auto* part : {&worker.name, &worker.host, &worker.address})
      add(*part);
  }
  for (const auto& launch : from.launches) {
    words += 8;
    for (const auto* part : {&launch.id, &launch.group, &launch.words})
      add(*part);
  }
}

void frame_size::add(const std::vector<std::string>& texts) noexcept {
  for (const auto& text : texts) {
    words += 1;
    add(text);
  }
}

void frame_size::add(const name_dataset& from) noexcept {
  words += 4;
  add(from.name);
  add(from.type);
}

void frame_size::add(const dataset_reply& from) noexcept {
  words += 5;
  for (const auto* part : {&from.name, &from.refused, &from.type})
    add(*part);
  add(from.names);
}

void frame_size::add(const task_story& from) noexcept {
  words += 8;
  for (const auto* part : {&from.name, &from.state, &from.reason})
    add(*part);
  for (const auto& step : from.steps) {
    words += 2;
    add(step.what);
  }
}

}  // namespace troupe::wire
