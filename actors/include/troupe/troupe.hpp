#pragma once

#include <troupe/array.hpp>
#include <troupe/client.hpp>
#include <troupe/cluster.hpp>
#include <troupe/config.hpp>
#include <troupe/error.hpp>
#include <troupe/task.hpp>
#include <troupe/task_context.hpp>
#include <troupe/worker.hpp>
