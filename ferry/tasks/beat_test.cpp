#include "ferry/tasks/beat.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/file.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;

/// An app on a broker of its own, and where a beat keeps its state.
class shop {
public:
    shop() : app("shop", broker("sqlite://" + (folder.path() / "tasks.db").string())) {}

    std::filesystem::path state() const { return folder.path() / "beat.json"; }
    std::int64_t waiting() const
    {
        return ferry::run(app.open_broker()->size(std::string{default_queue}));
    }
    void remember(const std::string& last_run, const std::string& zone = "UTC") const
    {
        replace_file(state().string(), R"({"timezone": ")" + zone +
                                           R"(", "entries": {"one": {"last_run": ")" + last_run +
                                           R"(", "total_runs": 7}}})");
    }
    std::int64_t runs() const
    {
        const value saved = json::parse(read_whole_file(state().string(), 10'000));
        return saved["entries"]["one"]["total_runs"].as<std::int64_t>();
    }

    testing::temporary_directory folder;
    tasks::app app;
};

void run_until_sent(beat& b, std::uint64_t count)
{
    auto running = spawn(b.run());
    auto watching = spawn([](beat* of, std::uint64_t n) -> awaitable<void> {
        while (of->sent() < n) co_await sleep(1ms);
        of->stop();
    }(&b, count));
    run(running.wait());
    run(watching.wait());
}

TEST(beat, sends_at_intervals)
{
    const shop s;
    beat b(s.app, state_file(s.state()));
    b.add("one", 5ms, s.app.signature("shop.tidy", 1));
    run_until_sent(b, 3);
    EXPECT_EQ(s.waiting(), static_cast<std::int64_t>(b.sent()));
    EXPECT_EQ(s.runs(), s.waiting());
}

// Five hours missed are made up for once.
TEST(beat, makes_up_for_what_was_missed_once)
{
    const shop s;
    s.remember(iso8601::format(now() - 5h));
    beat b(s.app, state_file(s.state()));
    b.add("one", 1h, s.app.signature("shop.tidy"));
    run_until_sent(b, 1);
    EXPECT_EQ(s.waiting(), 1);
    EXPECT_EQ(s.runs(), 8);
}

TEST(beat, leaves_out_what_is_too_late)
{
    const shop s;
    s.remember(iso8601::format(now() - 5h));
    beat b(s.app, state_file(s.state()), starting_deadline(1h));
    b.add("one", 1h, s.app.signature("shop.tidy"));
    b.add("two", 10ms, s.app.signature("shop.poll"));
    run_until_sent(b, 1);
    EXPECT_EQ(s.runs(), 7);
}

TEST(beat, does_not_send_a_new_entry_before_its_first_time)
{
    const shop s;
    beat b(s.app, state_file(s.state()));
    b.add("one", 1h, s.app.signature("shop.tidy"));
    b.add("two", 10ms, s.app.signature("shop.poll"));
    run_until_sent(b, 2);
    EXPECT_EQ(s.runs(), 0);
}

TEST(beat, forgets_the_times_of_another_zone)
{
    const shop s;
    s.remember(iso8601::format(now() - 5h), "UTC");
    beat b(s.app, state_file(s.state()), timezone("Europe/Berlin"));
    b.add("one", 1h, s.app.signature("shop.tidy"));
    b.add("two", 10ms, s.app.signature("shop.poll"));
    run_until_sent(b, 1);
    EXPECT_EQ(s.runs(), 0);
}

TEST(beat, is_alone_with_its_state)
{
    const shop s;
    beat first(s.app, state_file(s.state()));
    beat second(s.app, state_file(s.state()));
    auto running = spawn(first.run());
    run(yield_now());
    try {
        run(second.run());
        FAIL();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), ferry::errc::invalid_state);
        EXPECT_NE(std::string_view(e.what()).find("in use by process"), std::string_view::npos);
    }
    first.stop();
    run(running.wait());
    second.stop();
    run(second.run());
}

TEST(beat, saves_when_it_is_cancelled)
{
    const shop s;
    beat b(s.app, state_file(s.state()));
    b.add("one", 5ms, s.app.signature("shop.tidy"));
    EXPECT_THROW(run(timeout(100ms, b.run())), timeout_error);
    // The last call may have been cut off while it was sent, which counts as its run.
    EXPECT_GE(s.runs(), static_cast<std::int64_t>(b.sent()));
    EXPECT_LE(s.runs(), static_cast<std::int64_t>(b.sent()) + 1);
}

TEST(beat, refuses_a_damaged_state_and_a_second_entry_of_one_name)
{
    const shop s;
    replace_file(s.state().string(), R"({"timezone": "UTC"})");
    beat b(s.app, state_file(s.state()));
    b.add("one", 1h, s.app.signature("shop.tidy"));
    EXPECT_THROW(b.add("one", 2h, s.app.signature("shop.tidy")), error);
    EXPECT_THROW(run(b.run()), error);
}

/// Whether a beat gets the state file of `s`, which another one may have.
bool is_free(const shop& s)
{
    beat other(s.app, state_file(s.state()));
    other.stop();
    try {
        run(other.run());
        return true;
    } catch (const error&) {
        return false;
    }
}

TEST(beat, leaves_its_state_to_others_if_it_cannot_be_read)
{
    const shop s;
    replace_file(s.state().string(), "no state at all");
    beat b(s.app, state_file(s.state()));
    EXPECT_THROW(run(b.run()), error);
    std::filesystem::remove(s.state());
    EXPECT_TRUE(is_free(s));
}

awaitable<void> until_sent(const beat* by)
{
    while (by->sent() == 0) co_await sleep(1ms);
}

TEST(beat, leaves_its_state_to_others_if_it_cannot_be_written)
{
    for (const bool cancels : {false, true}) {
        SCOPED_TRACE(cancels);
        const shop s;
        beat b(s.app, state_file(s.state()));
        s.remember(iso8601::format(now() - 2h));
        b.add("one", 1h, s.app.signature("shop.tidy"));
        auto running = spawn(b.run());
        run(until_sent(&b));
        std::filesystem::remove(s.state());
        std::filesystem::create_directories(s.state() / "in the way");
        if (cancels) {
            running.cancel();
        } else {
            b.stop();
        }
        run(running.wait());
        EXPECT_EQ(running.cancelled(), cancels) << "why it ended first counts";
        if (!cancels) {
            EXPECT_THROW(run(running.join()), error);
        }
        std::filesystem::remove_all(s.state());
        EXPECT_TRUE(is_free(s));
    }
}

}  // namespace
}  // namespace ferry::tasks
