// A worker whose results are rows of Celery's tables.
#include "ferry/async/run.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/bytes.hpp"
#include "ferry/core/log.hpp"
#include "ferry/core/sqlite.hpp"
#include "ferry/core/uuid.hpp"
#include "ferry/tasks/detail/beside_worker.hpp"
#include "ferry/tasks/detail/result_table.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;

class database_worker : public ::testing::Test {
protected:
    database_worker() { log::set_level(log::level::off); }
    ~database_worker() override { log::set_level(log::level::warning); }

    testing::temporary_directory dir_;
    std::string rows_ = dir_ / "results.db";
    app app_{"shop", broker("sqlite://" + (dir_ / "tasks.db")), results("db+sqlite:///" + rows_)};
};

TEST_F(database_worker, its_processes_return_what_no_json_can_say)
{
    auto raw = app_.task("raw", [] { return value(as_bytes("\xff")); });
    auto when = app_.task("when", [] { return value(zoned_time(timestamp(1s), std::nullopt)); });
    auto pair = app_.task("pair", [] { return value::tuple(1, value::array(as_bytes("b"))); });
    auto bad = app_.task("bad", [] { return value::set(value::array(1)); });
    worker w(app_, concurrency(1), processes());
    detail::run_beside(w, [&]() -> awaitable<void> {
        auto sent = co_await raw.delay();
        value got = co_await sent.get(60s);
        EXPECT_EQ(got, value(as_bytes("\xff")));
        sent = co_await when.delay();
        got = co_await sent.get(60s);
        EXPECT_EQ(got.kind(), value_kind::datetime);
        sent = co_await pair.delay();
        got = co_await sent.get(60s);
        EXPECT_EQ(python_repr(got), "(1, [b'b'])");
        sent = co_await bad.delay();
        std::string type;
        try {
            got = co_await sent.get(60s);
        } catch (const task_error& e) {
            type = e.exc_type();
        }
        EXPECT_NE(type, "") << "what no pickle can say is the failure of its task";
    });
}

/// As Celery's client sends it for a chord of one part.
call_settings unlocking(const std::string& part, const std::string& body)
{
    call_settings call;
    call.message.task = "celery.chord_unlock";
    const value callback =
        value::object("task", "sum", "args", value::array(), "kwargs", value::object(), "options",
                      value::object("task_id", body), "subtask_type", nullptr, "immutable", false);
    call.message.args = value::array(uuid4(), callback);
    call.message.kwargs =
        value::object("result", value::array(value::array(value::array(part, nullptr), nullptr)),
                      "interval", 0.05, "max_retries", nullptr);
    call.message.ignore_result = true;
    return call;
}

detail::result_columns row_of(const std::string& id, std::string result)
{
    detail::result_columns row;
    row.task_id = id;
    row.status = "SUCCESS";
    row.result = std::move(result);
    return row;
}

void put(const std::string& rows, const detail::result_columns& row)
{
    const auto table = detail::open_sqlite_results(rows);
    table->begin();
    table->store(row);
    table->commit();
}

TEST_F(database_worker, a_part_that_cannot_be_read_fails_its_chord)
{
    put(rows_, row_of("part", "no pickle"));
    auto sum = app_.task("sum", [](value parts) { return parts.size(); });
    worker w(app_, concurrency(1));
    detail::run_beside(w, [&]() -> awaitable<void> {
        auto unlock = signature<value>(app_.core(), unlocking("part", "body"));
        co_await unlock.delay();
        auto waiting = app_.open_results()->wait("body");
        const result_document d = co_await std::move(waiting);
        EXPECT_EQ(d.status, "FAILURE");
        const std::string why = exception_repr(d.result);
        EXPECT_EQ(why.find("Join error: "), std::string("ChordError('").size()) << why;
    });
}

TEST_F(database_worker, a_database_that_is_locked_for_a_while_holds_up_a_chord)
{
    put(rows_, row_of("part", "\x80\x04K\x05."));
    auto sum = app_.task("sum", [](std::vector<int> parts) { return parts.at(0); });
    worker w(app_, concurrency(1));
    detail::run_beside(w, [&]() -> awaitable<void> {
        sqlite::database other(rows_, sqlite::options().wal(false));
        std::optional<sqlite::transaction> lock(std::in_place, other);
        auto unlock = signature<value>(app_.core(), unlocking("part", "body"));
        co_await unlock.delay();
        while (w.ended() == 0) co_await sleep(10ms);
        lock.reset();
        auto waiting = app_.open_results()->wait("body");
        const result_document d = co_await std::move(waiting);
        EXPECT_EQ(d.status, "SUCCESS");
        EXPECT_EQ(d.result, value(5));
    });
}

}  // namespace
}  // namespace ferry::tasks
