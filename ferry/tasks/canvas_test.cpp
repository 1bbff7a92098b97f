#include "ferry/tasks/canvas.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/tasks/detail/beside_worker.hpp"
#include "ferry/tasks/worker.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;

/// Sends it, and waits for what it gives.
template <class Sent>
auto outcome(awaitable<Sent> sending) -> decltype(std::declval<const Sent&>().get(60s))
{
    const Sent sent = co_await std::move(sending);
    auto waiting = sent.get(60s);
    co_return co_await std::move(waiting);
}

/// Waits for it to fail. \return `ValueError: why`
template <class T>
awaitable<std::string> failure(async_result<T> sent)
{
    auto waiting = sent.get(60s);
    try {
        co_await std::move(waiting);
    } catch (const task_error& e) {
        co_return e.exc_type() + ": " + e.message();
    }
    co_return "none";
}

/// Sends it, and waits for it to fail.
template <class T>
awaitable<std::string> failure(awaitable<async_result<T>> sending)
{
    async_result<T> sent = co_await std::move(sending);
    auto failing = failure(std::move(sent));
    co_return co_await std::move(failing);
}

/// An app with the tasks of the interop set, and a worker beside each test.
class canvas_test : public ::testing::Test {
protected:
    canvas_test() { log::set_level(log::level::off); }
    ~canvas_test() override { log::set_level(log::level::warning); }

    template <class F>
    void serve(F body)
    {
        worker w(app_, concurrency(2));
        detail::run_beside(w, std::move(body));
    }

    testing::temporary_directory folder_;
    app app_{"test", broker("sqlite://" + folder_.path().string() + "/tasks.db")};
    task<int(int, int)> add_ = app_.task("ferry.add", [](int x, int y) { return x + y; });
    task<int(int, int)> mul_ = app_.task("ferry.mul", [](int x, int y) { return x * y; });
    task<int(std::vector<int>)> xsum_ = app_.task("ferry.xsum", [](std::vector<int> all) {
        return std::accumulate(all.begin(), all.end(), 0);
    });
    task<int(std::string)> fail_ =
        app_.task("ferry.fail", [](std::string why) -> int { throw std::invalid_argument(why); });
    task<value(value)> same_ = app_.task("ferry.same", [](value what) { return what; });
    // A function, which may run at once, and a coroutine.
    task<int(int)> twice_ = app_.task(
        "ferry.twice", [this](context self, int n) -> int { self.replace(mul_.s(n, 2)); });
    task<int(int)> both_ = app_.task("ferry.both", [this](context self, int n) -> awaitable<int> {
        co_await yield_now();
        self.replace(chain(group(twice_.s(n), add_.s(n, 1)), xsum_.s()));
    });
    task<int()> nobody_ = app_.task("ferry.nobody", [this](context self) -> int {
        self.replace(workflow<>(app_.core(), value()));
    });
    task<int(int)> more_ = app_.task(
        "ferry.more", [this](context self, int n) { return more(this, std::move(self), n); });

    /// The chord waits for itself and for its double.
    static awaitable<int> more(canvas_test* with, context self, int n)
    {
        auto adding = self.add_to_chord(with->twice_.s(n));
        co_await std::move(adding);
        co_return n;
    }
};

TEST_F(canvas_test, a_chain_hands_results_on)
{
    auto body = [this]() -> awaitable<void> {
        auto handed = outcome(chain(add_.s(1, 2), mul_.s(3)).delay());
        EXPECT_EQ(co_await std::move(handed), 9);
        auto fixed = outcome(chain(add_.s(1, 2), mul_.si(4, 5), add_.s(1)).delay());
        EXPECT_EQ(co_await std::move(fixed), 21);
    };
    serve(body);
}

TEST_F(canvas_test, a_workflow_may_have_any_number_of_steps)
{
    auto body = [this]() -> awaitable<void> {
        std::vector<signature<int>> steps{add_.s(1, 2)};
        for (int i = 0; i < 5; ++i) steps.push_back(mul_.s(2));
        auto doubled = outcome(chain(steps).delay());
        EXPECT_EQ(co_await std::move(doubled), 96);

        // Of several types, and with workflows among them.
        std::vector<workflow<>> mixed{add_.s(1, 2), same_.s()};
        mixed.push_back(chord(group(add_.s(1), add_.s(2)), xsum_.s()));
        mixed.push_back(chain(mul_.s(10), add_.s(1)));
        auto last = outcome(chain(mixed).delay());
        EXPECT_EQ(co_await std::move(last), value(91));

        const std::vector<signature<>> one{add_.s(20, 1)};
        auto alone = outcome(chain(one).delay());
        EXPECT_EQ(co_await std::move(alone), value(21));
    };
    serve(body);
    EXPECT_THROW(chain(std::vector<signature<int>>()), error);
    EXPECT_THROW(group(std::vector<signature<int>>()), error);
}

TEST_F(canvas_test, a_chord_may_wait_for_any_number_of_parts)
{
    auto body = [this]() -> awaitable<void> {
        std::vector<signature<>> header;
        for (int i = 0; i < 5; ++i) header.push_back(i % 2 == 0 ? add_.s(i, i) : mul_.s(i, i));
        auto sum = outcome(chord(header, xsum_.s()).delay());
        EXPECT_EQ(co_await std::move(sum), 0 + 1 + 4 + 9 + 8);
        auto nothing = outcome(chord(std::vector<signature<int>>(), same_.s()).delay());
        EXPECT_EQ(co_await std::move(nothing), value::array());
    };
    serve(body);
}

TEST_F(canvas_test, a_group_gives_its_results_in_order)
{
    auto body = [this]() -> awaitable<void> {
        std::vector<signature<int>> calls;
        for (int i = 0; i < 10; ++i) calls.push_back(add_.s(i, i));
        auto all = outcome(group(calls).delay());
        const std::vector<value> got = co_await std::move(all);
        EXPECT_EQ(got.size(), 10U);
        for (int i = 0; i < 10; ++i) EXPECT_EQ(got.at(static_cast<std::size_t>(i)), value{2 * i});
    };
    serve(body);
}

TEST_F(canvas_test, a_chord_calls_its_body_with_all_results)
{
    auto body = [this]() -> awaitable<void> {
        const auto header = group(add_.s(1, 1), add_.s(2, 2), chain(add_.s(1, 1), mul_.s(10)));
        auto sum = outcome(chord(header, xsum_.s()).delay());
        EXPECT_EQ(co_await std::move(sum), 26);
    };
    serve(body);
}

TEST_F(canvas_test, a_chord_may_end_in_a_group_and_have_groups_inside_of_its_header)
{
    auto body = [this]() -> awaitable<void> {
        const auto pair = group(add_.s(1, 1), add_.s(2, 2));
        auto both = outcome(chord(pair, group(xsum_.s(), xsum_.s())).delay());
        const std::vector<value> sums = co_await std::move(both);
        EXPECT_EQ(sums, std::vector<value>(2, value{6}));
        const auto grows = group(chain(add_.s(1, 1), group(add_.s(1), mul_.s(2))), add_.s(3, 3));
        auto nested = outcome(chord(grows, same_.s()).delay());
        const value got = co_await std::move(nested);
        EXPECT_EQ(got, value::array(value::array(3, 4), 6));
    };
    serve(body);
}

TEST_F(canvas_test, workers_go_on_with_groups_and_chords_inside_of_chains)
{
    auto body = [this]() -> awaitable<void> {
        const auto pair = group(add_.s(2), add_.s(3));
        auto inside = outcome(chain(add_.s(1, 1), pair, xsum_.s(), mul_.s(10)).delay());
        EXPECT_EQ(co_await std::move(inside), 90);
        auto tail = outcome(chain(add_.s(1, 1), pair).delay());
        const std::vector<value> both = co_await std::move(tail);
        EXPECT_EQ(both, (std::vector<value>{4, 5}));
    };
    serve(body);
}

TEST_F(canvas_test, a_failed_part_fails_the_body_and_a_failed_step_all_behind_it)
{
    auto body = [this]() -> awaitable<void> {
        auto sum = failure(chord(group(add_.s(1, 1), fail_.s("bad")), xsum_.s()).delay());
        const std::string part = co_await std::move(sum);
        EXPECT_TRUE(part.starts_with("ChordError: Dependency ")) << part;
        EXPECT_TRUE(part.ends_with(" raised ValueError('bad')")) << part;
        auto broken = failure(chain(fail_.s("first"), add_.s(1), add_.s(2)).delay());
        EXPECT_EQ(co_await std::move(broken), "ValueError: first");
    };
    serve(body);
}

TEST_F(canvas_test, what_fails_before_a_group_fails_each_of_its_members)
{
    auto body = [this]() -> awaitable<void> {
        const auto failures = [](awaitable<group_result> sending) -> awaitable<std::string> {
            const group_result sent = co_await std::move(sending);
            std::string text;
            for (const async_result<value>& part : sent.parts()) {
                auto failing = failure(part);
                const std::string why = co_await std::move(failing);
                text += why.substr(0, why.find(':')) + ". ";
            }
            co_return text;
        };
        const auto pair = group(add_.s(1), add_.s(2));
        auto chained = failures(chain(fail_.s("first"), add_.s(1), pair).delay());
        EXPECT_EQ(co_await std::move(chained), "ValueError. ValueError. ");
        const auto header = group(add_.s(1, 1), fail_.s("bad"));
        const auto sums = group(xsum_.s(), chain(xsum_.s(), add_.s(1)));
        auto called = failures(chord(header, sums).delay());
        EXPECT_EQ(co_await std::move(called), "ChordError. ChordError. ");
        // Each member's part in an outer chord is over, too.
        const auto inner = chain(fail_.s("first"), pair);
        auto outer = failure(chord(group(inner, add_.s(2, 2)), xsum_.s()).delay());
        const std::string why = co_await std::move(outer);
        EXPECT_TRUE(why.starts_with("ChordError: ")) << why;
    };
    serve(body);
}

TEST_F(canvas_test, a_task_gives_its_place_to_others)
{
    auto body = [this]() -> awaitable<void> {
        auto alone = outcome(twice_.delay(5));
        EXPECT_EQ(co_await std::move(alone), 10);
        auto several = outcome(both_.delay(5));
        EXPECT_EQ(co_await std::move(several), 16);
        auto within = outcome(chain(twice_.s(1), both_.s(), add_.s(1)).delay());
        EXPECT_EQ(co_await std::move(within), 8);
        const auto parts = group(twice_.s(1), both_.s(2), add_.s(1, 1));
        auto header = outcome(chord(parts, xsum_.s()).delay());
        EXPECT_EQ(co_await std::move(header), 11);
        auto nobody = failure(nobody_.delay());
        EXPECT_NE(co_await std::move(nobody), "none");
    };
    serve(body);
}

TEST_F(canvas_test, a_chord_waits_for_the_parts_that_its_parts_add)
{
    auto body = [this]() -> awaitable<void> {
        const auto parts = group(more_.s(1), add_.s(2, 2), more_.s(10));
        auto sum = outcome(chord(parts, xsum_.s()).delay());
        EXPECT_EQ(co_await std::move(sum), 1 + 2 + 4 + 10 + 20);
        auto no_chord = failure(more_.delay(1));
        EXPECT_EQ(co_await std::move(no_chord),
                  "ValueError: Current task is not member of any chord");
    };
    serve(body);
}

TEST_F(canvas_test, maps_and_chunks_call_for_each_item)
{
    auto body = [this]() -> awaitable<void> {
        const value pairs =
            value::array(value::array(1, 2), value::array(3, 4), value::array(5, 6));
        auto sums = outcome(starmap(add_.s(), pairs).delay());
        const std::vector<int> got = co_await std::move(sums);
        EXPECT_EQ(got, (std::vector<int>{3, 7, 11}));
        auto totals = outcome(map(xsum_.s(), pairs).delay());
        EXPECT_EQ(co_await std::move(totals), got);
        auto cut = outcome(chunks(add_.s(), pairs, 2).delay());
        const std::vector<value> lists = co_await std::move(cut);
        EXPECT_EQ(lists, (std::vector<value>{value::array(3, 7), value::array(11)}));
    };
    serve(body);
}

TEST_F(canvas_test, links_are_called_with_the_result_and_error_links_with_the_id)
{
    auto body = [this]() -> awaitable<void> {
        auto three = add_.s(1, 2).link(mul_.s(10).set(task_id("linked"))).delay();
        co_await std::move(three);
        auto linked = app_.result<int>("linked").get(60s);
        EXPECT_EQ(co_await std::move(linked), 30);
        auto failing = fail_.s("no").link_error(same_.s().set(task_id("noted"))).delay();
        const auto failed = co_await std::move(failing);
        auto noted = app_.result<std::string>("noted").get(60s);
        EXPECT_EQ(co_await std::move(noted), failed.id());
    };
    serve(body);
}

TEST_F(canvas_test, a_group_is_linked_as_a_whole)
{
    auto body = [this]() -> awaitable<void> {
        const auto twelve = same_.s(12).set(task_id("linked"));
        const auto noted = same_.s().set(task_id("noted"));
        auto sending = group(add_.s(1, 1), fail_.s("no")).link(twelve).link_error(noted).delay();
        const group_result pair = co_await std::move(sending);
        auto failing = failure(pair.parts().at(1));
        EXPECT_EQ(co_await std::move(failing), "ValueError: no");
        // The first member has the link, and the errback is called with the id of who failed.
        auto linked = app_.result<int>("linked").get(60s);
        EXPECT_EQ(co_await std::move(linked), 12);
        auto called = app_.result<std::string>("noted").get(60s);
        EXPECT_EQ(co_await std::move(called), pair.parts().at(1).id());
        const auto children = [](async_result<value> of) -> awaitable<std::vector<std::string>> {
            auto waiting = of.get(60s);
            co_await std::move(waiting);
            auto asking = of.children();
            const std::vector<async_result<value>> all = co_await std::move(asking);
            std::vector<std::string> ids;
            for (const async_result<value>& one : all) ids.push_back(one.id());
            co_return ids;
        };
        auto following = children(pair.parts().at(0));
        const std::vector<std::string> of_first = co_await std::move(following);
        EXPECT_EQ(of_first, std::vector<std::string>{"linked"});
    };
    serve(body);
}

TEST_F(canvas_test, what_is_ignored_of_a_workflow_is_not_waited_for)
{
    const auto quiet = app_.task("ferry.quiet", [](int n) { return n; }, ignore_result());
    auto body = [this, quiet]() -> awaitable<void> {
        const auto ignored = add_.s(1, 2).set(ignore_result());
        auto some = outcome(group(ignored, add_.s(2, 2), quiet.s(1)).delay());
        const std::vector<value> got = co_await std::move(some);
        EXPECT_EQ(got, (std::vector<value>{{}, 4, {}}));
        auto last = outcome(chain(add_.s(1, 2), same_.s().set(ignore_result())).delay());
        EXPECT_EQ(co_await std::move(last), value());
        // The parts of a chord give theirs to its body all the same.
        const auto parts = group(ignored, add_.s(2, 2));
        auto ends = outcome(chord(parts, group(same_.s(), quiet.si(1))).delay());
        const std::vector<value> at_end = co_await std::move(ends);
        EXPECT_EQ(at_end, (std::vector<value>{value::array(3, 4), {}}));
    };
    serve(body);
}

}  // namespace
}  // namespace ferry::tasks
