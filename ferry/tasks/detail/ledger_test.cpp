#include "ferry/tasks/detail/ledger.hpp"

#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <future>

namespace ferry::tasks::detail {
namespace {

using namespace std::chrono_literals;

void write(ledger& to, ledger::work act, ledger::leaves what = ledger::leaves::news)
{
    std::promise<void> promise;
    to.submit(what, std::move(act), [&](const std::exception_ptr& failure) {
        failure ? promise.set_exception(failure) : promise.set_value();
    });
    promise.get_future().get();
}

void add(ledger& to, const std::string& body, int priority = 0, stored_time eta = 0)
{
    write(to, [&](task_table& t) { t.insert({"q", priority, eta, "{}", body}); });
}

/// A consumer that keeps what it gets.
class taker {
public:
    explicit taker(ledger& from, std::int64_t count, std::vector<std::string> queues = {"q"})
        : from_{from}
    {
        number_ = from.open_consumer(std::move(queues), [this](std::vector<claimed_task> tasks) {
            const std::lock_guard lock{mutex_};
            for (claimed_task& t : tasks) got_.push_back(std::move(t));
            changed_.notify_all();
        });
        from.want(number_, count);
    }
    ~taker() { close(); }
    taker(const taker&) = delete;
    taker& operator=(const taker&) = delete;

    void close()
    {
        if (number_ == 0) return;
        std::promise<void> closed;
        from_.close_consumer(number_, [&](const std::exception_ptr&) { closed.set_value(); });
        closed.get_future().get();
        number_ = 0;
    }

    std::vector<claimed_task> take(std::size_t count, std::chrono::milliseconds limit = 10s)
    {
        std::unique_lock lock{mutex_};
        changed_.wait_for(lock, limit, [&] { return got_.size() >= count; });
        return std::exchange(got_, {});
    }

private:
    ledger& from_;
    std::uint64_t number_ = 0;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<claimed_task> got_;
};

std::string bodies(const std::vector<claimed_task>& tasks)
{
    std::string all;
    for (const claimed_task& t : tasks) all += t.body;
    return all;
}

class ledger_test : public ::testing::Test {
protected:
    testing::temporary_directory dir_;
    std::string path_ = dir_ / "tasks.db";
};

TEST_F(ledger_test, serves_by_priority_then_age)
{
    ledger l{path_, {}};
    add(l, "a");
    add(l, "b", 5);
    add(l, "c");
    add(l, "d", 9);
    taker worker{l, 4};
    EXPECT_EQ(bodies(worker.take(4)), "dbac");
}

TEST_F(ledger_test, gives_no_more_than_wanted)
{
    ledger l{path_, {}};
    for (const char* body : {"a", "b", "c"}) add(l, body);
    taker worker{l, 2};
    EXPECT_EQ(bodies(worker.take(2)), "ab");
    write(l, [](task_table& t) { EXPECT_EQ(t.size("q"), 1); });
}

TEST_F(ledger_test, an_acked_task_is_gone_and_a_released_one_comes_back)
{
    ledger l{path_, {}};
    add(l, "a");
    add(l, "b");
    taker worker{l, 3};
    const auto first = worker.take(2);
    ASSERT_EQ(bodies(first), "ab");
    write(l, [&](task_table& t) {
        t.ack(first[0].id, first[0].owner);
        t.release(first[1].id, first[1].owner, false);
    });
    const auto again = worker.take(1);
    ASSERT_EQ(bodies(again), "b");
    EXPECT_EQ(again[0].deliveries, 2);
}

TEST_F(ledger_test, wakes_another_process_at_once)
{
    ledger client{path_, {}};
    ledger worker_process{path_, {}};
    taker worker{worker_process, 20};
    for (int i = 0; i < 20; ++i) {
        const auto start = std::chrono::steady_clock::now();
        add(client, "x");
        const auto got = worker.take(1, 900ms);
        ASSERT_EQ(got.size(), 1U);
        EXPECT_LT(std::chrono::steady_clock::now() - start, 900ms)
            << "only the safety poll woke it";
        write(worker_process, [&](task_table& t) { t.ack(got[0].id, got[0].owner); });
    }
}

TEST_F(ledger_test, a_task_with_an_eta_is_not_early)
{
    ledger l{path_, {}};
    taker worker{l, 2};
    const stored_time due = stored_now() + 150;
    add(l, "later", 0, due);
    add(l, "now");
    EXPECT_EQ(bodies(worker.take(1)), "now");
    EXPECT_EQ(bodies(worker.take(1)), "later");
    EXPECT_GE(stored_now(), due);
    EXPECT_LT(stored_now(), due + 700) << "woken by the safety poll, not by the clock";
}

TEST_F(ledger_test, what_a_worker_holds_goes_back_when_it_leaves)
{
    {
        ledger leaving{path_, {}};
        add(leaving, "a");
        taker worker{leaving, 1};
        ASSERT_EQ(bodies(worker.take(1)), "a");
    }
    ledger next{path_, {}};
    taker worker{next, 1};
    EXPECT_EQ(bodies(worker.take(1)), "a");
}

TEST_F(ledger_test, a_late_ack_of_a_lost_lease_changes_nothing)
{
    ledger slow{path_, {}};
    add(slow, "a");
    taker first{slow, 1};
    const auto held = first.take(1);
    ASSERT_EQ(held.size(), 1U);
    write(slow, [&](task_table& t) { t.remove_owner(held[0].owner); });  // its lease ran out
    ledger other{path_, {}};
    taker second{other, 1};
    const auto again = second.take(1);
    ASSERT_EQ(bodies(again), "a");
    EXPECT_NE(again[0].owner, held[0].owner);
    write(slow, [&](task_table& t) { t.ack(held[0].id, held[0].owner); });
    write(slow, [&](task_table& t) { t.release(again[0].id, again[0].owner, false); });
    write(slow, [&](task_table& t) { EXPECT_EQ(t.size("q"), 1); });
}

TEST_F(ledger_test, one_bad_write_spoils_none_beside_it)
{
    ledger l{path_, {}};
    std::promise<void> bad;
    std::promise<void> good;
    l.submit(
        ledger::leaves::news, [](task_table&) { throw error{ferry::errc::malformed, "no"}; },
        [&](const std::exception_ptr& e) { e ? bad.set_exception(e) : bad.set_value(); });
    l.submit(
        ledger::leaves::news, [](task_table& t) { t.insert({"q", 0, 0, "{}", "a"}); },
        [&](const std::exception_ptr& e) { e ? good.set_exception(e) : good.set_value(); });
    EXPECT_THROW(bad.get_future().get(), error);
    EXPECT_NO_THROW(good.get_future().get());
    write(l, [](task_table& t) { EXPECT_EQ(t.size("q"), 1); });
}

TEST_F(ledger_test, a_full_disk_is_a_clean_error)
{
    ledger l{path_, {.max_pages = 40}};
    try {
        add(l, std::string(1'000'000, 'x'));
        FAIL() << "no error";
    } catch (const error& e) {
        EXPECT_EQ(e.code(), condition::overloaded) << e.what();
    }
    add(l, "small");
    taker worker{l, 1};
    EXPECT_EQ(bodies(worker.take(1)), "small");
}

TEST_F(ledger_test, a_result_reaches_the_watcher_in_another_process)
{
    ledger client{path_, {}};
    ledger worker{path_, {}};
    std::promise<std::string> early;
    std::promise<std::string> late;
    const auto into = [](std::promise<std::string>& p) {
        return [&p](const std::exception_ptr& e, const std::optional<result_row>& row) {
            e ? p.set_exception(e) : p.set_value(row->document);
        };
    };
    client.watch("id", into(early));
    write(
        worker, [](task_table& t) { t.store({"id", "RETRY", false, stored_now() + 1000, "no"}); },
        ledger::leaves::news);
    write(
        worker, [](task_table& t) { t.store({"id", "SUCCESS", true, stored_now() + 1000, "5"}); },
        ledger::leaves::news);
    EXPECT_EQ(early.get_future().get(), "5");
    client.watch("id", into(late));
    EXPECT_EQ(late.get_future().get(), "5");
}

TEST_F(ledger_test, a_stored_success_stays)
{
    ledger l{path_, {}};
    write(l, [](task_table& t) {
        t.store({"id", "SUCCESS", true, stored_now() + 1000, "5"});
        t.store({"id", "FAILURE", true, stored_now() + 1000, "no"});
        EXPECT_EQ(t.result("id")->document, "5");
    });
}

TEST_F(ledger_test, results_expire)
{
    ledger l{path_, {}};
    write(l, [](task_table& t) {
        t.store({"old", "SUCCESS", true, 10, "1"});
        t.store({"new", "SUCCESS", true, 30, "2"});
        t.drop_expired(20);
        EXPECT_FALSE(t.result("old"));
        EXPECT_TRUE(t.result("new"));
    });
}

TEST_F(ledger_test, a_file_of_a_later_version_is_refused)
{
    sqlite::database{path_}.script("PRAGMA user_version=99");
    EXPECT_THROW(ledger(path_, {}), error);
}

TEST_F(ledger_test, every_task_reaches_exactly_one_of_many_workers)
{
    constexpr std::size_t count = 2000;
    std::vector<std::unique_ptr<ledger>> processes;
    for (int i = 0; i < 4; ++i)
        processes.push_back(std::make_unique<ledger>(path_, ledger::settings{}));
    std::atomic<std::size_t> taken = 0;
    std::promise<void> all;
    std::mutex mutex;
    std::map<std::string, int> seen;
    std::vector<std::uint64_t> numbers(2);
    for (std::size_t i = 0; i < 2; ++i) {
        ledger& from = *processes[i];
        numbers[i] = from.open_consumer({"q"}, [&, i](const std::vector<claimed_task>& tasks) {
            from.submit(
                ledger::leaves::nothing,
                [tasks](task_table& t) {
                    for (const claimed_task& c : tasks) t.ack(c.id, c.owner);
                },
                [](const std::exception_ptr&) {});
            {
                const std::lock_guard lock{mutex};
                for (const claimed_task& c : tasks) ++seen[c.body];
            }
            from.want(numbers[i], std::ssize(tasks));
            if (taken.fetch_add(tasks.size()) + tasks.size() == count) all.set_value();
        });
        from.want(numbers[i], 10);
    }
    for (std::size_t n = 0; n < count; ++n) {
        processes[2 + n % 2]->submit(
            ledger::leaves::news,
            [n](task_table& t) { t.insert({"q", 0, 0, "{}", std::to_string(n)}); },
            [](const std::exception_ptr& e) { EXPECT_FALSE(e); });
    }
    ASSERT_EQ(all.get_future().wait_for(60s), std::future_status::ready);
    processes.clear();
    EXPECT_EQ(seen.size(), count);
}

}  // namespace
}  // namespace ferry::tasks::detail
