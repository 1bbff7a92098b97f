#pragma once

/// \file
/// The task queue on Celery's wire, with an embedded broker: call a function in another process,
/// now or later, and wait for its result.
///
///     tasks::app app("shop");                                    // embedded: nothing to install
///     auto add = app.task("shop.add", [](int x, int y) { return x + y; });
///     int main(int argc, char** argv) { return app.main(argc, argv); }    // shop worker -c 4
///
///     auto result = co_await add.delay(2, 3);
///     int five = co_await result.get(10s);
///     app.signature("python.resize", path).apply(tasks::countdown(30s), tasks::queue("images"));

#include "ferry/tasks/app.hpp"
#include "ferry/tasks/async_result.hpp"
#include "ferry/tasks/beat.hpp"
#include "ferry/tasks/beat_plan.hpp"
#include "ferry/tasks/broker.hpp"
#include "ferry/tasks/brokers/amqp.hpp"
#include "ferry/tasks/brokers/database.hpp"
#include "ferry/tasks/brokers/redis.hpp"
#include "ferry/tasks/brokers/sqlite.hpp"
#include "ferry/tasks/canvas.hpp"
#include "ferry/tasks/context.hpp"
#include "ferry/tasks/control.hpp"
#include "ferry/tasks/definition.hpp"
#include "ferry/tasks/events.hpp"
#include "ferry/tasks/lease.hpp"
#include "ferry/tasks/message.hpp"
#include "ferry/tasks/options.hpp"
#include "ferry/tasks/result.hpp"
#include "ferry/tasks/signature.hpp"
#include "ferry/tasks/worker.hpp"
#include "ferry/tasks/worker_options.hpp"
