@0xa5b90b60dd2fd3e2;

# The protocol of troupe, version 1
# =================================
#
# This file is the specification. serialization/messages.hpp says what each message means;
# serialization/wire.hpp has the frame header; this file says how messages look on a connection.
#
# Connections
# -----------
# A connection is one byte stream (TCP, TLS over TCP, or a Unix socket) between two processes:
#
#   client    --> scheduler    ClientMessages -->   <-- ClientReplies
#   observer  --> scheduler    as a client, but it may only ask how things are and steer
#   worker    --> scheduler    WorkerMessages -->   <-- WorkerOrders
#   worker    --> worker       DataMessages, both ways
#   client    --> worker       DataMessages, both ways
#   scheduler --> worker       never: workers connect
#
# Who connected speaks first and says one Hello. The acceptor checks it (version, token, role) and
# either answers with a heartbeat and goes on with the frames of that role, or sends one Refusal and
# closes; who connected waits for this answer. Nothing else may come before the Hello, and no second
# Hello after it. The scheduler's first message is welcomeClient or welcomeWorker; on a data
# connection nobody is welcomed.
#
# Who loses its connection to the scheduler connects again, with the session that it was welcomed to
# in its Hello. If that is the session of this scheduler, a worker tells what it holds and runs, and
# ends with registered. A client says its unfinished tasks again (submitTasks, scatterData), claims
# all others that it still wants, and ends with endClaims.
#
# Frames
# ------
# All that travels are frames: a header of 8 bytes, then a body of whole 8-byte words.
#
#   0        4      6      8
#   | words  | kind | flags | body: `words` words of 8 bytes ...
#
# All numbers are little-endian. `flags` is 0 unless the kind says otherwise.
#
#   kind                 body
#   1  hello             Hello
#   2  refusal           Refusal; the last frame
#   3  heartbeat         none
#   4  client_messages   ClientMessages
#   5  client_replies    ClientReplies
#   6  worker_messages   WorkerMessages
#   7  worker_orders     WorkerOrders
#   8  data_messages     DataMessages
#   9  value_chunk       a prefix of four u64 (task, total, offset, size), then `size` bytes,
#                        zero-padded to a word; flag 1: keep the value although it was not asked for
#  10  value_file        three u64 (task, total, offset), and a file descriptor that comes with the
#                        header's first byte (SCM_RIGHTS); on Unix sockets only; flag 1 as above
#
# The body of a frame with a root struct is one Cap'n Proto message in the standard form for streams
# (segment table, then segments, not packed), so `capnp decode` reads it. Nothing may follow it. The
# root repeats the kind, so that a body under a wrong header is noticed.
#
# Heartbeats
# ----------
# Every byte that arrives is a sign of life. An end that had nothing to send for a while sends a
# heartbeat; an end that hears nothing for some such whiles takes the other for lost. The times are
# configuration (network.*), not protocol.
#
# Batches, groups, columns
# ------------------------
# A frame carries all that one end had to say at one moment, in order. Messages of one type form a
# group, and `order` says how the groups interleave. Frequent types are written in columns: all task
# ids, then all sizes, and so on; a thousand tasks of one kind need no thousand structs. `Column` is
# such a list of numbers in the smallest form that fits. Rare types are lists of structs, or one
# message a group. A type may have more than one group.
#
# Interning
# ---------
# A task's name, signature and options are its spec. Each is sent once
# per connection and direction, in the group that first uses it; both ends number specs from 0 in
# the order in which they come, and groups refer to the numbers. A table has at most 65536 specs,
# and no spec is added to a non-empty table if the table would then have more than 16 MiB, counting
# for each spec 64 bytes, its name, its signature, and 32 bytes and the name for each resource,
# worker and exception.
# Before that happens the sender says forgetSpecs: both ends empty their tables and number from 0
# again.
#
# The data plane
# --------------
# Results travel between workers, and from workers to clients, without passing the scheduler.
# fetchResults is answered for each task by a value (results), by resultsAbsent, or for a value of
# more than 64 KiB by value_chunk frames: its parts in order, not mixed with parts of another value,
# but possibly with other frames between them. storeResults and value_chunk with flag 1 push one.
# On a Unix socket a large value may instead come as one value_file: it lies in a memory file (memfd)
# from `offset`, and is mapped and not copied. The file must be sealed against shrinking, growing and
# writing (F_SEAL_WRITE or F_SEAL_FUTURE_WRITE), and have no holes; any other, and a descriptor that
# no frame tells about, ends the connection. The receiver does not change it. The sender may fill
# the file again once the kernel says that nobody else has it.
#
# Who listens on a tcp:// address may also listen on the abstract Unix socket named "troupe " and that
# address, for processes of the same user in the same network namespace. Both ends check the user.
#
# A value is opaque here; its form is that of the codec of its type. In a frame it begins on a word
# boundary, so that numbers in it can be read in place.
#
# Limits
# ------
#   * A frame's size: configuration of the receiver; hellos and refusals have a smaller limit.
#   * What a frame holds: messages, inputs, holders and elements of lists together are at most 16384
#     plus the number of words in the body. Columns can be shorter than what they stand for, so
#     without this rule a few bytes could ask for gigabytes. A sender of more than 16384 messages,
#     inputs and holders writes the columns marked "spelled out" as bytes8, which pays for them.
#   * Following pointers: a body is traversed about once, so pointers that share a target fail.
#   * A value inside a message, and all values of a group: 256 MiB.
#   * A text: 1 MiB. The sender cuts longer ones.
#   * Nothing nests deeper than 16 pointers.
#
# Ids
# ---
# No id is 0. A task id is client << 40 | number, and neither part is 0.
#
# Bad frames
# ----------
# A frame that breaks a rule of this file ends the connection: one line in the log of who received
# it, a Refusal if the Hello was not answered yet, and the peer is treated as lost. No part of a bad
# frame is acted upon. Bad are: an unknown kind or union tag, a number of an unknown spec, role or
# error code, ids as above, columns of different lengths, sizes that do not add up, an empty group.
#
# Versions
# --------
# Hello.version is the protocol's. Peers of different versions refuse each other, so a change of
# this file that an older peer could misread raises it. Only Hello and Refusal must be readable
# across versions: their fields never move or change meaning, new ones go last, and of a Hello with
# a foreign version only the version and the texts for people are looked at.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("troupe::wire::schema");

# --- The first frame, and the last --------------------------------------------------------------

struct Hello {
  kind @0 :UInt16;
  version @1 :UInt16;
  role @2 :UInt16;
  # 0 client, 1 worker, 2 observer, 3 scheduler.
  pid @3 :UInt32;
  threads @4 :UInt32;
  memoryBytes @5 :UInt64;
  name @6 :Text;
  host @7 :Text;
  release @8 :Text;
  process @9 :Data;
  # 16 random bytes, made when the process started.
  token @10 :Text;
  # The cluster's shared secret.
  address @11 :Text;
  # Of a worker: where it listens for data connections.
  launch @12 :Text;
  # Of a worker: what its backend calls the launch that made it, if any.
  resources @13 :List(Resource);
  tasks @14 :List(TaskSignature);
  # Of a worker: what it can run.
  session @15 :Data;
  # Of who comes back after its connection broke: the session that welcomed it before. 16 bytes; all
  # are 0 for who comes first.
  client @16 :UInt64;
  # Of a client that comes back: its id there. Else 0.
}

struct Refusal {
  kind @0 :UInt16;
  why @1 :Error;
}

struct TaskSignature {
  name @0 :Text;
  signature @1 :Text;
}

struct Resource {
  name @0 :Text;
  # Not twice in one list.
  amount @1 :Float64;
  # Finite, not negative.
}

struct Error {
  code @0 :UInt16;
  # troupe::errc; never 0.
  message @1 :Text;
  type @2 :Text;
  task @3 :Text;
  worker @4 :Text;
  chain @5 :List(Text);
}

# --- Parts of groups ----------------------------------------------------------------------------

struct Column {
  # As many numbers as the group says; number i is base + the i-th entry. No sum exceeds 64 bits. A
  # column that is left out is all zeros.

  base @0 :UInt64;
  union {
    same @1 :Void;
    # All are base.
    consecutive @2 :Void;
    # base, base + 1, base + 2, ...
    bytes1 @3 :List(UInt8);
    bytes2 @4 :List(UInt16);
    bytes4 @5 :List(UInt32);
    bytes8 @6 :List(UInt64);
  }
}

struct Order {
  # Message i of the frame is the next message of group groups[i]. A frame without an order has the
  # messages of its first group first, then those of the second, and so on.

  count @0 :UInt32;
  groups @1 :Column;
}

struct Values {
  # One value a message. Their bytes follow each other in `content`, each zero-padded to a word.

  sizes @0 :Column;
  # Without the padding.
  content @1 :Data;
}

struct Spec {
  function @0 :Text;
  signature @1 :Text;
  priority @2 :Int32;
  retries @3 :UInt32;
  resources @4 :List(Resource);
  timeout @5 :UInt64;
  # Of one run, in nanoseconds, below 1 << 63. 0: none.
  retryDelay @6 :UInt64;
  # Nanoseconds, below 1 << 63.
  retryOn @7 :List(Text);
  workers @8 :List(Text);
  allowOtherWorkers @9 :Bool;
}

struct Locations {
  # For each message a list of inputs, for each input a list of workers.

  counts @0 :Column;
  # Inputs of each message.
  tasks @1 :Column;
  # Spelled out. Of all inputs of all messages, as are the next two.
  sizes @2 :Column;
  holderCounts @3 :Column;
  holders @4 :Column;
  # Spelled out. Of all inputs.
}

struct Tasks {
  # Groups of messages that are no more than a task id.

  count @0 :UInt32;
  tasks @1 :Column;
  # Spelled out.
}

struct SizedTasks {
  count @0 :UInt32;
  tasks @1 :Column;
  # Spelled out.
  sizes @2 :Column;
}

struct TasksAtWorkers {
  count @0 :UInt32;
  tasks @1 :Column;
  # Spelled out.
  workers @2 :Column;
}

struct TaskValues {
  count @0 :UInt32;
  tasks @1 :Column;
  # Spelled out.
  values @2 :Values;
}

struct IntroduceWorker {
  worker @0 :UInt64;
  name @1 :Text;
  address @2 :Text;
}

# --- Client to scheduler ------------------------------------------------------------------------

struct ClientMessages {
  kind @0 :UInt16;
  groups @1 :List(Group);
  order @2 :Order;

  struct Group {
    union {
      submitTasks @0 :SubmitTasks;
      scatterData @1 :SizedTasks;
      releaseTasks @2 :Tasks;
      cancelTasks @3 :CancelTasks;
      locateResults @4 :TasksAtWorkers;
      inspectCluster @5 :Void;
      # One message.
      claimTasks @6 :Tasks;
      endClaims @7 :Void;
      leaveScheduler @8 :Void;
      # One message each.
      steerCluster @9 :SteerCluster;
      # One message.
      explainTasks @10 :Tasks;
      replicateResults @11 :SizedTasks;
      # The sizes are how many copies there should be.
      rebalanceResults @12 :Void;
      # One message.
      retireWorkers @13 :List(Text);
      # One message.
      detachTasks @14 :DetachTasks;
      nameDataset @15 :NameDataset;
      # One message.
    }
  }
}

struct SteerCluster {
  order @0 :UInt16;
  # 0 end, 1 scale.
  workers @1 :UInt32;
  group @2 :Text;
  # Of workers; empty if there is one kind only.
}

struct DetachTasks {
  count @0 :UInt32;
  tasks @1 :Column;
  # Spelled out.
  overs @2 :Column;
  # 1: it has run; in journals only.
}

struct NameDataset {
  order @0 :UInt16;
  # 0 publish, 1 replace, 2 withdraw, 3 find, 4 list.
  name @1 :Text;
  task @2 :UInt64;
  # To publish it; else 0.
  type @3 :Text;
}

struct CancelTasks {
  count @0 :UInt32;
  tasks @1 :Column;
  # Spelled out.
  kills @2 :Column;
  # 1: with the process that runs it.
}

struct SubmitTasks {
  count @0 :UInt32;
  forgetSpecs @1 :Bool;
  # Before `newSpecs` are added.
  newSpecs @2 :List(Spec);
  tasks @3 :Column;
  # Spelled out.
  specs @4 :Column;
  arguments @5 :Values;
  inputCounts @6 :Column;
  inputs @7 :Column;
  # Spelled out. Of all messages, one after the other.
}

# --- Scheduler to client ------------------------------------------------------------------------

struct ClientReplies {
  kind @0 :UInt16;
  groups @1 :List(Group);
  order @2 :Order;

  struct Group {
    union {
      welcomeClient @0 :WelcomeClient;
      introduceWorkers @1 :List(IntroduceWorker);
      tasksDone @2 :TasksDone;
      tasksFailed @3 :List(TaskFailed);
      placeData @4 :TasksAtWorkers;
      clusterSnapshot @5 :ClusterSnapshot;
      schedulerEnds @6 :Void;
      # One message.
      taskStory @7 :TaskStory;
      datasetReply @8 :DatasetReply;
      # One message.
    }
  }
}

struct WelcomeClient {
  client @0 :UInt64;
  # Below 1 << 24, to fit into task ids.
  scheduler @1 :Text;
  session @2 :Data;
  # 16 bytes, made at random when the scheduler started.
  grace @3 :UInt64;
  # Nanoseconds, below 1 << 63.
}

struct TasksDone {
  count @0 :UInt32;
  tasks @1 :Column;
  # Spelled out.
  holders @2 :Column;
  sizes @3 :Column;
  inlined @4 :Column;
  # 1: the value in `small` is the result. 0: there is none, and it has size 0 there.
  small @5 :Values;
}

struct TaskFailed {
  task @0 :UInt64;
  why @1 :Error;
}

struct TaskStory {
  task @0 :UInt64;
  name @1 :Text;
  state @2 :Text;
  reason @3 :Text;
  steps @4 :List(Step);

  struct Step {
    ageNs @0 :UInt64;
    what @1 :Text;
  }
}

struct DatasetReply {
  name @0 :Text;
  refused @1 :Text;
  # Why; empty if it was done.
  task @2 :UInt64;
  # What is called so; 0 if nothing is.
  type @3 :Text;
  names @4 :List(Text);
}

struct ClusterSnapshot {
  scheduler @0 :Text;
  address @1 :Text;
  release @2 :Text;
  uptimeSeconds @3 :UInt64;
  clients @4 :UInt64;
  tasksWaiting @5 :UInt64;
  tasksQueued @6 :UInt64;
  tasksProcessing @7 :UInt64;
  tasksInMemory @8 :UInt64;
  tasksFailed @9 :UInt64;
  runsFinished @10 :UInt64;
  pendingReason @11 :Text;
  workers @12 :List(Worker);
  cluster @13 :Text;
  # What holds its owner up, if anything; empty if there is no owner.
  launches @14 :List(Launch);
  wanted @15 :UInt32;
  # Workers.
  hopeless @16 :Text;
  # Why its owner launches no more of them; empty if it does.
  stuck @17 :List(Text);
  # What has not gone on for long, and why; a line each.
  groups @18 :List(Text);
  # Of its owner's workers; none if all are alike.

  struct Launch {
    number @0 :UInt64;
    id @1 :Text;
    group @2 :Text;
    state @3 :UInt16;
    # 0 submitted, 1 pending, 2 starting, 3 running, 4 draining, 5 stopped, 6 failed, 7 lost.
    workers @4 :UInt32;
    joined @5 :UInt32;
    words @6 :Text;
    sinceSeconds @7 :UInt64;
    inSeconds @8 :UInt64;
  }

  struct Worker {
    worker @0 :UInt64;
    name @1 :Text;
    host @2 :Text;
    address @3 :Text;
    pid @4 :UInt32;
    threads @5 :UInt32;
    memoryBytes @6 :UInt64;
    memoryUsedBytes @7 :UInt64;
    results @8 :UInt64;
    resultsBytes @9 :UInt64;
    runsAssigned @10 :UInt64;
    runsFinished @11 :UInt64;
    spilledBytes @12 :UInt64;
    state @13 :UInt16;
    # As in WorkerMessages.
  }
}

# --- Worker to scheduler ------------------------------------------------------------------------

struct WorkerMessages {
  kind @0 :UInt16;
  groups @1 :List(Group);
  order @2 :Order;

  struct Group {
    union {
      runsFinished @0 :RunsFinished;
      runsFailed @1 :List(RunFailed);
      inputsMissing @2 :InputsMissing;
      resultsAdded @3 :SizedTasks;
      workerReport @4 :WorkerReport;
      runsSeceded @5 :Runs;
      runsRejoined @6 :Runs;
      runsReturned @7 :Runs;
      workerChanged @8 :UInt16;
      # 0 running, 1 paused, 2 leaving.
      runningTasks @9 :Runs;
      registered @10 :Void;
      # One message.
    }
  }
}

struct RunsFinished {
  count @0 :UInt32;
  tasks @1 :Column;
  # Spelled out.
  runs @2 :Column;
  sizes @3 :Column;
  durations @4 :Column;
  # Nanoseconds, below 1 << 63.
  inlined @5 :Column;
  # As in TasksDone.
  small @6 :Values;
}

struct RunFailed {
  task @0 :UInt64;
  run @1 :UInt64;
  why @2 :Error;
}

struct Runs {
  count @0 :UInt32;
  tasks @1 :Column;
  # Spelled out.
  runs @2 :Column;
}

struct InputsMissing {
  count @0 :UInt32;
  tasks @1 :Column;
  # Spelled out.
  runs @2 :Column;
  missing @3 :Locations;
}

struct WorkerReport {
  memoryUsedBytes @0 :UInt64;
  resultsBytes @1 :UInt64;
  spilledBytes @2 :UInt64;
}

# --- Scheduler to worker ------------------------------------------------------------------------

struct WorkerOrders {
  kind @0 :UInt16;
  groups @1 :List(Group);
  order @2 :Order;

  struct Group {
    union {
      welcomeWorker @0 :WelcomeWorker;
      introduceWorkers @1 :List(IntroduceWorker);
      runTasks @2 :RunTasks;
      dropResults @3 :Tasks;
      cancelRuns @4 :CancelRuns;
      stopWorker @5 :Void;
      # One message.
      replicateResults @6 :ReplicateResults;
      leaveCluster @7 :Void;
      # One message.
      returnRuns @8 :Runs;
    }
  }
}

struct WelcomeWorker {
  worker @0 :UInt64;
  session @1 :Data;
  # As in WelcomeClient.
}

struct RunTasks {
  count @0 :UInt32;
  forgetSpecs @1 :Bool;
  # Before `newSpecs` are added.
  newSpecs @2 :List(Spec);
  tasks @3 :Column;
  # Spelled out.
  runs @4 :Column;
  specs @5 :Column;
  arguments @6 :Values;
  inputs @7 :Locations;
}

struct ReplicateResults {
  count @0 :UInt32;
  results @1 :Locations;
}

struct CancelRuns {
  count @0 :UInt32;
  tasks @1 :Column;
  # Spelled out.
  runs @2 :Column;
  kills @3 :Column;
  # As in CancelTasks.
}

# --- Between workers, and between clients and workers -------------------------------------------

struct DataMessages {
  kind @0 :UInt16;
  groups @1 :List(Group);
  order @2 :Order;

  struct Group {
    union {
      fetchResults @0 :Tasks;
      results @1 :TaskValues;
      resultsAbsent @2 :Tasks;
      storeResults @3 :TaskValues;
    }
  }
}
