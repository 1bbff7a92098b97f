#pragma once

/// \file
/// The runtime: one kind of operation, ferry::awaitable, and four ways to wait for it.
///
///     auto n = co_await length_of(url);                 // in a coroutine, as with asyncio
///     auto n = green::wait(length_of(url));             // in a green thread, as with gevent
///     spawn(length_of(url)).then(show).otherwise(log);  // with a callback, as with Twisted
///     auto n = run(length_of(url));                     // in a plain program
///
/// Every thread has one loop, and what is made on it belongs to it. An operation is cancelled by
/// throwing ferry::cancelled, which is no std::exception, where it waits and at each later wait.

#include "ferry/async/awaitable.hpp"
#include "ferry/async/blocking.hpp"
#include "ferry/async/descriptor.hpp"
#include "ferry/async/gather.hpp"
#include "ferry/async/green.hpp"
#include "ferry/async/loop.hpp"
#include "ferry/async/prompt.hpp"
#include "ferry/async/queue.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/run_on.hpp"
#include "ferry/async/scope.hpp"
#include "ferry/async/signals.hpp"
#include "ferry/async/sync.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/task_group.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/async/wait.hpp"
#include "ferry/async/waiter.hpp"
