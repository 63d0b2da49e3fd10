#include "serialization/wire_decode.hpp"

namespace troupe::wire {

void spec_reader::learn(body_reader& body, capnp::List<schema::Spec>::Reader from) {
  body.take(from.size());
  for (auto row : from) {
    auto spec = std::make_shared<task_spec>();
    spec->function = read_text(row.getFunction());
    spec->signature = read_text(row.getSignature());
    spec->priority = row.getPriority();
    spec->retries = row.getRetries();
    spec->timeout = read_duration(row.getTimeout());
    spec->resources = read_resources(body, row.getResources());
    spec->retry_delay = read_duration(row.getRetryDelay());
    spec->retry_on = read_texts(body, row.getRetryOn());
    spec->workers = read_texts(body, row.getWorkers());
    spec->allow_other_workers = row.getAllowOtherWorkers();
    need(table_.add(std::move(spec)), "specs are forgotten before there are too many");
  }
}

location_reader::location_reader(body_reader& body, schema::Locations::Reader from,
                                 std::size_t count) {
  counts_ = read_column(from.getCounts(), count);
  const auto inputs = body.take_all(counts_);
  tasks_ = read_task_ids(from.getTasks(), inputs);
  sizes_ = read_column(from.getSizes(), inputs);
  holder_counts_ = read_column(from.getHolderCounts(), inputs);
  holders_ = read_ids(from.getHolders(), body.take_all(holder_counts_));
}

std::vector<input_location> location_reader::next() {
  std::vector<input_location> to(counts_[message_++]);
  for (auto& input : to) {
    input.task = {tasks_[input_]};
    input.size = sizes_[input_];
    input.holders.resize(holder_counts_[input_++]);
    for (auto& holder : input.holders)
      holder = {holders_[holder_++]};
  }
  return to;
}

}  // namespace troupe::wire
