#include "ferry/tasks/detail/home.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/sync.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>

namespace ferry::tasks::detail {
namespace {

/// What an operation of these tests saw.
struct seen {
    std::atomic<bool> at_home = false;
    std::atomic<bool> left = false;
    std::shared_ptr<gate> begun = std::make_shared<gate>();
};

class leaving {
public:
    explicit leaving(seen& s) noexcept : seen_{s} {}
    leaving(const leaving&) = delete;
    leaving& operator=(const leaving&) = delete;
    ~leaving() { seen_.left = true; }

private:
    seen& seen_;
};

awaitable<void> look_around(std::shared_ptr<home> at, seen* into)
{
    into->at_home = at->here();
    co_return;
}

awaitable<void> fail()
{
    throw error{ferry::errc::not_found, "nothing here"};
    co_return;
}

awaitable<void> wait_for_ever(seen* into)
{
    const leaving mark{*into};
    into->begun->open();
    event never;
    co_await never.wait();
}

TEST(home, is_where_a_guest_runs_to_its_end)
{
    const auto at = std::make_shared<home>();
    seen s;
    run(home::stay(at, look_around(at, &s)));
    EXPECT_TRUE(s.at_home);
}

TEST(home, hands_on_how_a_guest_failed)
{
    const auto at = std::make_shared<home>();
    EXPECT_THROW(run(home::stay(at, fail())), error);
}

awaitable<void> cancel_the_stay(std::shared_ptr<home> at, seen* s)
{
    const auto staying = spawn(home::stay(std::move(at), wait_for_ever(s)));
    auto begun = gate::wait(s->begun);
    co_await std::move(begun);
    staying.cancel();
    co_await staying.wait();
    EXPECT_TRUE(staying.cancelled());
    EXPECT_TRUE(s->left) << "the caller goes on before the guest has left";
}

/// What is opened at home, and keeps it.
struct opened {
    std::shared_ptr<home> at;
};

/// Tells when the thread that first asks for it ends.
void mark_the_end_of_this_thread(std::atomic<bool>* gone)
{
    struct mark {
        std::atomic<bool>* gone;
        ~mark() { *gone = true; }
    };
    static thread_local const mark at_the_end{gone};
    (void)at_the_end;
}

awaitable<opened> open(std::shared_ptr<home> at, seen* s, std::atomic<bool>* gone)
{
    mark_the_end_of_this_thread(gone);
    opened made{std::move(at)};
    s->begun->open();
    event never;
    try {
        co_await never.wait();
    } catch (const cancelled&) {
        // It was there already.
    }
    co_return made;
}

awaitable<void> cancel_the_opening(std::shared_ptr<home> at, seen* s, std::atomic<bool>* gone)
{
    const std::weak_ptr<home> watched = at;
    auto make = [at, s, gone]() mutable { return open(std::move(at), s, gone); };
    auto opening = home::fetch<opened>(std::move(at), std::move(make));
    const auto running = spawn(std::move(opening));
    auto begun = gate::wait(s->begun);
    co_await std::move(begun);
    running.cancel();
    co_await running.wait();
    EXPECT_TRUE(running.cancelled());
    EXPECT_TRUE(watched.expired());
    EXPECT_TRUE(*gone) << "nobody has waited for its thread";
}

TEST(home, is_not_left_to_itself_by_who_cancels_what_keeps_it)
{
    seen s;
    std::atomic<bool> gone = false;
    run(cancel_the_opening(std::make_shared<home>(), &s, &gone));
}

TEST(home, sees_a_guest_out_who_is_cancelled)
{
    seen s;
    run(cancel_the_stay(std::make_shared<home>(), &s));
}

}  // namespace
}  // namespace ferry::tasks::detail
