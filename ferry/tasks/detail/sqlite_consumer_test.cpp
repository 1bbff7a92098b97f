#include "ferry/tasks/detail/sqlite_consumer.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/tasks/detail/ledger_io.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <future>

namespace ferry::tasks::detail {
namespace {

using namespace std::chrono_literals;

/// Runs `act` on the ledger's thread and blocks this one until it is committed.
void commit(ledger& to, ledger::work act)
{
    std::promise<void> done;
    to.submit(ledger::leaves::news, std::move(act),
              [&](const std::exception_ptr&) { done.set_value(); });
    done.get_future().get();
}

void add_task(ledger& to)
{
    message m;
    m.task = "t";
    m.id = "1";
    commit(to, [next = task_of("q", encode(m))](task_table& t) { t.insert(next); });
}

std::int64_t count_tasks(const ledger& in)
{
    sqlite::database db{in.path(), sqlite::options().read_only()};
    auto row = db.query("SELECT count(*) FROM task");
    return row.step() ? row.integer(0) : -1;
}

settlement settled(std::uint64_t tag, verdict how)
{
    settlement s;
    s.tag = tag;
    s.verdict = how;
    return s;
}

awaitable<std::uint64_t> receive_one(sqlite_consumer* from)
{
    auto arriving = from->receive();
    const std::vector<delivery> arrived = co_await std::move(arriving);
    co_return arrived.at(0).tag;
}

/// Settles the first delivery while the loop stands still until `meanwhile` is done and the next is
/// delivered; then settles that.
template <class F>
awaitable<std::int64_t> left_over(std::shared_ptr<ledger> book, verdict first, F meanwhile)
{
    sqlite_consumer worker(book, std::vector<std::string>(1, "q"), 1, nullptr, 24h);
    auto receiving = receive_one(&worker);
    const std::uint64_t tag = co_await std::move(receiving);
    auto settling = spawn(worker.settle(settled(tag, first)));
    co_await yield_now();
    meanwhile();
    // What the ledger delivers in one turn is there in the next.
    for (int turn = 0; turn < 2; ++turn) commit(*book, [](task_table&) {});
    co_await settling.join();
    auto receiving_next = receive_one(&worker);
    const std::uint64_t next = co_await std::move(receiving_next);
    auto ending = worker.settle(settled(next, verdict::ack));
    co_await std::move(ending);
    co_return count_tasks(*book);
}

TEST(sqlite_consumer, holds_a_task_that_comes_back_before_the_settlement_returns)
{
    const testing::temporary_directory dir;
    const auto book = std::make_shared<ledger>(dir / "t.db", ledger::settings());
    add_task(*book);
    EXPECT_EQ(run(timeout(60s, left_over(book, verdict::requeue, [] {}))), 0);
}

TEST(sqlite_consumer, holds_a_task_that_comes_after_the_last_before_its_settlement_returns)
{
    const testing::temporary_directory dir;
    const auto book = std::make_shared<ledger>(dir / "t.db", ledger::settings());
    add_task(*book);
    const auto one_more = [&] { add_task(*book); };
    EXPECT_EQ(run(timeout(60s, left_over(book, verdict::ack, one_more))), 0);
}

}  // namespace
}  // namespace ferry::tasks::detail
