#include "ferry/tasks/canvas.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/tasks/detail/beside_worker.hpp"
#include "ferry/tasks/detail/canvas_plan.hpp"
#include "ferry/tasks/detail/signature_value.hpp"
#include "ferry/tasks/worker.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <stdexcept>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;

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
        auto call = chain(add_.s(1, 2), mul_.s(3)).delay();
        const auto nine = co_await std::move(call);
        auto waited = nine.get(60s);
        const int got = co_await std::move(waited);
        EXPECT_EQ(got, 9);
        auto fixed = chain(add_.s(1, 2), mul_.si(4, 5), add_.s(1)).delay();
        const auto twenty_one = co_await std::move(fixed);
        auto other = twenty_one.get(60s);
        const int second = co_await std::move(other);
        EXPECT_EQ(second, 21);
    };
    serve(body);
}

TEST_F(canvas_test, a_workflow_may_have_any_number_of_steps)
{
    auto body = [this]() -> awaitable<void> {
        std::vector<signature<int>> steps{add_.s(1, 2)};
        for (int i = 0; i < 5; ++i) steps.push_back(mul_.s(2));
        auto call = chain(steps).delay();
        const async_result<int> doubled = co_await std::move(call);
        auto waited = doubled.get(60s);
        EXPECT_EQ(co_await std::move(waited), 96);

        // Of several types, and with workflows among them.
        std::vector<workflow<>> mixed{add_.s(1, 2), same_.s()};
        mixed.push_back(chord(group(add_.s(1), add_.s(2)), xsum_.s()));
        mixed.push_back(chain(mul_.s(10), add_.s(1)));
        auto mixing = chain(mixed).delay();
        const async_result<value> last = co_await std::move(mixing);
        auto waiting = last.get(60s);
        EXPECT_EQ(co_await std::move(waiting), value(91));

        const std::vector<signature<>> one{add_.s(20, 1)};
        auto alone = chain(one).delay();
        const async_result<value> only = co_await std::move(alone);
        auto getting = only.get(60s);
        EXPECT_EQ(co_await std::move(getting), value(21));
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
        auto call = chord(header, xsum_.s()).delay();
        const async_result<int> sum = co_await std::move(call);
        auto waited = sum.get(60s);
        EXPECT_EQ(co_await std::move(waited), 0 + 1 + 4 + 9 + 8);
        auto nothing = chord(std::vector<signature<int>>(), same_.s()).delay();
        const async_result<value> none = co_await std::move(nothing);
        auto waiting = none.get(60s);
        EXPECT_EQ(co_await std::move(waiting), value::array());
    };
    serve(body);
}

TEST_F(canvas_test, a_group_gives_its_results_in_order)
{
    auto body = [this]() -> awaitable<void> {
        std::vector<signature<int>> calls;
        for (int i = 0; i < 10; ++i) calls.push_back(add_.s(i, i));
        auto sent = group(calls).delay();
        const group_result all = co_await std::move(sent);
        auto waited = all.get(60s);
        const std::vector<value> got = co_await std::move(waited);
        EXPECT_EQ(got.size(), 10U);
        for (int i = 0; i < 10; ++i) EXPECT_EQ(got.at(static_cast<std::size_t>(i)), value{2 * i});
    };
    serve(body);
}

TEST_F(canvas_test, a_chord_calls_its_body_with_all_results)
{
    auto body = [this]() -> awaitable<void> {
        auto sent =
            chord(group(add_.s(1, 1), add_.s(2, 2), chain(add_.s(1, 1), mul_.s(10))), xsum_.s())
                .delay();
        const auto sum = co_await std::move(sent);
        auto waited = sum.get(60s);
        const int got = co_await std::move(waited);
        EXPECT_EQ(got, 26);
    };
    serve(body);
}

TEST_F(canvas_test, a_chord_may_end_in_a_group_and_have_groups_inside_of_its_header)
{
    auto body = [this]() -> awaitable<void> {
        auto pair = group(add_.s(1, 1), add_.s(2, 2));
        auto sent = chord(pair, group(xsum_.s(), xsum_.s())).delay();
        const group_result both = co_await std::move(sent);
        auto waiting = both.get(60s);
        const std::vector<value> sums = co_await std::move(waiting);
        EXPECT_EQ(sums, std::vector<value>(2, value{6}));
        auto grows = group(chain(add_.s(1, 1), group(add_.s(1), mul_.s(2))), add_.s(3, 3));
        auto nested = chord(grows, same_.s()).delay();
        const auto result = co_await std::move(nested);
        auto waited = result.get(60s);
        const value got = co_await std::move(waited);
        EXPECT_EQ(got, value::array(value::array(3, 4), 6));
    };
    serve(body);
}

TEST_F(canvas_test, workers_go_on_with_groups_and_chords_inside_of_chains)
{
    auto body = [this]() -> awaitable<void> {
        auto sent = chain(add_.s(1, 1), group(add_.s(2), add_.s(3)), xsum_.s(), mul_.s(10)).delay();
        const auto ninety = co_await std::move(sent);
        auto waited = ninety.get(60s);
        const int got = co_await std::move(waited);
        EXPECT_EQ(got, 90);
        auto tail = chain(add_.s(1, 1), group(add_.s(2), add_.s(3))).delay();
        const group_result both = co_await std::move(tail);
        auto waiting = both.get(60s);
        const std::vector<value> results = co_await std::move(waiting);
        EXPECT_EQ(results.at(0), value{4});
        EXPECT_EQ(results.at(1), value{5});
    };
    serve(body);
}

TEST_F(canvas_test, a_failed_part_fails_the_body_and_a_failed_step_all_behind_it)
{
    auto body = [this]() -> awaitable<void> {
        auto sent = chord(group(add_.s(1, 1), fail_.s("bad")), xsum_.s()).delay();
        const auto sum = co_await std::move(sent);
        std::string text;
        try {
            auto waited = sum.get(60s);
            co_await std::move(waited);
        } catch (const task_error& e) {
            text = e.exc_type() + ": " + e.message();
        }
        EXPECT_TRUE(text.starts_with("ChordError: Dependency ")) << text;
        EXPECT_TRUE(text.ends_with(" raised ValueError('bad')")) << text;

        auto broken = chain(fail_.s("first"), add_.s(1), add_.s(2)).delay();
        const auto last = co_await std::move(broken);
        text.clear();
        try {
            auto waited = last.get(60s);
            co_await std::move(waited);
        } catch (const task_error& e) {
            text = e.exc_type() + ": " + e.message();
        }
        EXPECT_EQ(text, "ValueError: first");
    };
    serve(body);
}

TEST_F(canvas_test, what_fails_before_a_group_fails_each_of_its_members)
{
    auto body = [this]() -> awaitable<void> {
        const auto all_failures = [](awaitable<group_result> sending) -> awaitable<std::string> {
            const group_result sent = co_await std::move(sending);
            std::string text;
            for (const async_result<value>& part : sent.parts()) {
                try {
                    auto waiting = part.get(60s);
                    const value got = co_await std::move(waiting);
                    text += python_repr(got) + ". ";
                } catch (const task_error& e) {
                    text += e.exc_type() + ". ";
                }
            }
            co_return text;
        };
        const auto pair = group(add_.s(1), add_.s(2));
        auto chained = all_failures(chain(fail_.s("first"), add_.s(1), pair).delay());
        EXPECT_EQ(co_await std::move(chained), "ValueError. ValueError. ");
        const auto header = group(add_.s(1, 1), fail_.s("bad"));
        auto sums = group(xsum_.s(), chain(xsum_.s(), add_.s(1)));
        auto called = all_failures(chord(header, sums).delay());
        EXPECT_EQ(co_await std::move(called), "ChordError. ChordError. ");
        // Each member's part in an outer chord is over, too.
        const auto inner = chain(fail_.s("first"), pair);
        auto within = chord(group(inner, add_.s(2, 2)), xsum_.s()).delay();
        const async_result<int> sum = co_await std::move(within);
        std::string text;
        try {
            auto waited = sum.get(60s);
            co_await std::move(waited);
        } catch (const task_error& e) {
            text = e.exc_type();
        }
        EXPECT_EQ(text, "ChordError");
    };
    serve(body);
}

TEST_F(canvas_test, a_task_gives_its_place_to_others)
{
    auto body = [this]() -> awaitable<void> {
        const auto get = [](awaitable<async_result<int>> sending) -> awaitable<int> {
            const async_result<int> sent = co_await std::move(sending);
            auto waited = sent.get(60s);
            co_return co_await std::move(waited);
        };
        auto alone = get(twice_.delay(5));
        EXPECT_EQ(co_await std::move(alone), 10);
        auto several = get(both_.delay(5));
        EXPECT_EQ(co_await std::move(several), 16);
        auto within = get(chain(twice_.s(1), both_.s(), add_.s(1)).delay());
        EXPECT_EQ(co_await std::move(within), 8);
        auto header = get(chord(group(twice_.s(1), both_.s(2), add_.s(1, 1)), xsum_.s()).delay());
        EXPECT_EQ(co_await std::move(header), 11);
        auto sending = nobody_.delay();
        const auto nobody = co_await std::move(sending);
        auto waiting = detail::wait_for_result(app_.core(), nobody.id());
        const result_document failed = co_await std::move(waiting);
        EXPECT_EQ(failed.status, state::failure);
    };
    serve(body);
}

TEST_F(canvas_test, a_chord_waits_for_the_parts_that_its_parts_add)
{
    auto body = [this]() -> awaitable<void> {
        auto sent = chord(group(more_.s(1), add_.s(2, 2), more_.s(10)), xsum_.s()).delay();
        const auto sum = co_await std::move(sent);
        auto waited = sum.get(60s);
        EXPECT_EQ(co_await std::move(waited), 1 + 2 + 4 + 10 + 20);
        auto alone = more_.delay(1);
        const auto no_chord = co_await std::move(alone);
        std::string text;
        try {
            auto waiting = no_chord.get(60s);
            co_await std::move(waiting);
        } catch (const task_error& e) {
            text = e.exc_type() + ": " + e.message();
        }
        EXPECT_EQ(text, "ValueError: Current task is not member of any chord");
    };
    serve(body);
}

TEST_F(canvas_test, maps_and_chunks_call_for_each_item)
{
    auto body = [this]() -> awaitable<void> {
        const value pairs =
            value::array(value::array(1, 2), value::array(3, 4), value::array(5, 6));
        auto sent = starmap(add_.s(), pairs).delay();
        const auto sums = co_await std::move(sent);
        auto waited = sums.get(60s);
        const std::vector<int> got = co_await std::move(waited);
        EXPECT_EQ(got, (std::vector<int>{3, 7, 11}));
        auto mapped = map(xsum_.s(), pairs).delay();
        const auto totals = co_await std::move(mapped);
        auto waiting = totals.get(60s);
        const std::vector<int> same = co_await std::move(waiting);
        EXPECT_EQ(same, got);
        auto cut = chunks(add_.s(), pairs, 2).delay();
        const group_result parts = co_await std::move(cut);
        auto all = parts.get(60s);
        const std::vector<value> lists = co_await std::move(all);
        EXPECT_EQ(lists.at(0), value::array(3, 7));
        EXPECT_EQ(lists.at(1), value::array(11));
    };
    serve(body);
}

TEST_F(canvas_test, links_are_called_with_the_result_and_error_links_with_the_id)
{
    auto seen = std::make_shared<std::string>();
    const auto note = app_.task("ferry.note", [seen](std::string id) {
        *seen = id;
        return id;
    });
    auto body = [this, note, seen]() -> awaitable<void> {
        auto sent = add_.s(1, 2).link(mul_.s(10).set(task_id("linked"))).delay();
        const auto three = co_await std::move(sent);
        auto linked = app_.result<int>("linked").get(60s);
        const int thirty = co_await std::move(linked);
        EXPECT_EQ(thirty, 30);
        auto failing = fail_.s("no").link_error(note.s().set(task_id("noted"))).delay();
        const auto failed = co_await std::move(failing);
        auto noted = app_.result<std::string>("noted").get(60s);
        const std::string id = co_await std::move(noted);
        EXPECT_EQ(id, failed.id());
    };
    serve(body);
}

TEST_F(canvas_test, a_group_is_linked_as_a_whole)
{
    const auto noted = app_.task("ferry.noted", [](value what) { return what; });
    auto body = [this, noted]() -> awaitable<void> {
        const auto after = [](async_result<value> of) -> awaitable<std::vector<value>> {
            auto ended = of.document();
            const result_document d = co_await std::move(ended);
            std::vector<value> all{d.status};
            auto following = of.children();
            const std::vector<async_result<value>> children = co_await std::move(following);
            for (const async_result<value>& child : children) {
                auto got = child.get(60s);
                all.push_back(co_await std::move(got));
            }
            co_return all;
        };
        const auto twelve = noted.s(12);
        auto sending =
            group(add_.s(1, 1), fail_.s("no")).link(twelve).link_error(noted.s()).delay();
        const group_result pair = co_await std::move(sending);
        std::string text;
        try {
            auto waited = pair.get(60s);
            co_await std::move(waited);
        } catch (const task_error& e) {
            text = e.message();
        }
        EXPECT_EQ(text, "no");
        auto first_done = pair.parts().at(0).get(60s);
        co_await std::move(first_done);
        auto first = after(pair.parts().at(0));
        const std::vector<value> good = co_await std::move(first);
        EXPECT_EQ(good, (std::vector<value>{"SUCCESS", 12}));
        auto second = after(pair.parts().at(1));
        const std::vector<value> bad = co_await std::move(second);
        EXPECT_EQ(bad.at(0), value{"FAILURE"});
    };
    serve(body);
}

TEST_F(canvas_test, what_is_ignored_of_a_workflow_is_not_waited_for)
{
    const auto quiet = app_.task("ferry.quiet", [](int n) { return n; }, ignore_result());
    auto body = [this, quiet]() -> awaitable<void> {
        const auto ignored = add_.s(1, 2).set(ignore_result());
        auto sending = group(ignored, add_.s(2, 2), quiet.s(1)).delay();
        const group_result some = co_await std::move(sending);
        auto getting = some.get(60s);
        const std::vector<value> got = co_await std::move(getting);
        EXPECT_EQ(got, (std::vector<value>{{}, 4, {}}));
        auto chaining = chain(add_.s(1, 2), same_.s().set(ignore_result())).delay();
        const async_result<value> last = co_await std::move(chaining);
        auto waiting = last.get(60s);
        EXPECT_EQ(co_await std::move(waiting), value());
        // The parts of a chord give theirs to its body all the same.
        auto ending = chord(group(ignored, add_.s(2, 2)), group(same_.s(), quiet.si(1))).delay();
        const group_result ends = co_await std::move(ending);
        auto both = ends.get(60s);
        const std::vector<value> at_end = co_await std::move(both);
        EXPECT_EQ(at_end, (std::vector<value>{value::array(3, 4), {}}));
    };
    serve(body);
}

value call_of(const char* task)
{
    call_settings call;
    call.message.task = task;
    return detail::to_signature(call);
}

TEST(canvas_plan, a_chord_counts_its_parts)
{
    const value inner[] = {call_of("a"), call_of("b")};
    const value nested[] = {detail::group_of(inner), detail::chain_of(inner),
                            detail::chord_of(detail::group_of(inner), call_of("c"))};
    const detail::plan p =
        detail::start(detail::chord_of(detail::group_of(nested), call_of("d")), {});
    ASSERT_EQ(p.chords.size(), 2U);
    EXPECT_EQ(p.chords[0].size, 4);
    EXPECT_EQ(p.chords[1].size, 2);
    EXPECT_EQ(p.calls.size(), 5U);
    EXPECT_EQ(p.results.size(), 1U);
}

TEST(canvas_plan, a_chord_of_nothing_calls_its_body_at_once)
{
    const detail::plan p = detail::start(detail::chord_of(value::array(), call_of("d")), {});
    ASSERT_EQ(p.calls.size(), 1U);
    EXPECT_EQ(p.calls[0].message.args, value::array(value::array()));
    EXPECT_TRUE(p.chords.empty());
}

TEST(canvas_plan, stamps_go_with_every_successor)
{
    message done;
    done.id = "1";
    done.task = "t";
    done.headers = value::object("stamps", value::object("cid", value::array("7")),
                                 "stamped_headers", value::array("cid"), "other", 1);
    done.chain = value::array(call_of("next"));
    const detail::plan p = detail::after_success(done, 5);
    ASSERT_EQ(p.calls.size(), 1U);
    const message& next = p.calls[0].message;
    EXPECT_EQ(next.headers["stamps"], done.headers["stamps"]);
    EXPECT_FALSE(next.headers.contains("other"));
    EXPECT_EQ(next.args, value::array(5));
    EXPECT_EQ(next.parent_id, "1");
}

TEST(canvas_plan, a_workflow_hands_its_links_and_options_to_its_parts)
{
    const value steps[] = {call_of("a"), call_of("b")};
    value whole = detail::chain_of(steps);
    whole["options"] =
        value::object("link", value::array(call_of("after")), "link_error", call_of("failed"),
                      "queue", "q", "priority", 3, "task_id", "own");
    const detail::plan p = detail::start(whole, {});
    ASSERT_EQ(p.calls.size(), 1U);
    const call_settings& first = p.calls[0];
    EXPECT_EQ(first.queue, "q");
    EXPECT_EQ(first.message.priority, 3);
    EXPECT_NE(first.message.id, "own");
    EXPECT_EQ(first.message.errbacks, value::array(call_of("failed")));
    EXPECT_TRUE(first.message.callbacks.is_null());
    const value& last = first.message.chain[0]["options"];
    EXPECT_EQ(last["link"], value::array(call_of("after")));
    EXPECT_EQ(last["link_error"], value::array(call_of("failed")));
    EXPECT_FALSE(last.contains("queue"));

    value members = detail::group_of(steps);
    members["options"]["queue"] = "q";
    for (const call_settings& one : detail::start(members, {}).calls) EXPECT_EQ(one.queue, "q");

    // A body keeps them: whoever ends the last part reads them there.
    const detail::plan chord = detail::start(detail::chord_of(members, whole), {});
    ASSERT_EQ(chord.chords.size(), 1U);
    EXPECT_EQ(chord.chords[0].body["options"]["link_error"], value::array(call_of("failed")));
}

/// The tasks that a signature calls when it succeeds, and when it fails.
std::string links_of(const value& signature)
{
    std::string text{detail::task_of(signature)};
    for (const char* const option : {"link", "link_error"}) {
        for (const value& callback :
             detail::elements(detail::find_in(signature, "options", option))) {
            text += std::string{option == std::string_view{"link"} ? " +" : " -"};
            text += detail::task_of(callback);
            if (callback["immutable"].as<bool>()) text += "!";
        }
    }
    return text;
}

TEST(canvas_plan, a_link_goes_where_celery_puts_it)
{
    const value plain[] = {call_of("a"), call_of("b")};
    const value inner[] = {call_of("c"), detail::group_of(plain)};
    const value nested[] = {detail::group_of(plain), detail::chain_of(inner)};
    const auto linked = [](value to) {
        to = detail::with_link(std::move(to), "link", call_of("y"));
        return detail::with_link(std::move(to), "link_error", call_of("n"));
    };
    const value group = linked(detail::group_of(nested))["kwargs"]["tasks"];
    EXPECT_EQ(links_of(group[0]["kwargs"]["tasks"][0]), "a +y! -n");
    EXPECT_EQ(links_of(group[0]["kwargs"]["tasks"][1]), "b -n");
    EXPECT_EQ(links_of(group[1]["kwargs"]["tasks"][0]), "c -n");
    EXPECT_EQ(links_of(group[1]["kwargs"]["tasks"][1]["kwargs"]["tasks"][0]), "a -n");

    const value chain = linked(detail::chain_of(inner))["kwargs"]["tasks"];
    EXPECT_EQ(links_of(chain[0]), "c -n");
    EXPECT_EQ(links_of(chain[1]["kwargs"]["tasks"][0]), "a +y -n");
    EXPECT_EQ(links_of(chain[1]["kwargs"]["tasks"][1]), "b +y -n");

    const value chord = linked(detail::chord_of(nested[0], nested[0]))["kwargs"];
    EXPECT_EQ(links_of(chord["header"][0]), "a");
    EXPECT_EQ(links_of(chord["body"]["kwargs"]["tasks"][0]), "a +y! -n");
    EXPECT_EQ(links_of(chord["body"]["kwargs"]["tasks"][1]), "b -n");

    // What begins with a step, a group or a chord takes no result there.
    const value starts[] = {detail::chain_of(plain), detail::group_of(plain),
                            detail::chord_of(nested[0], call_of("d"))};
    const value result = 5;
    detail::surroundings after;
    after.result = &result;
    for (const value& start : starts) {
        const value to = detail::with_link(detail::group_of(plain), "link", start);
        const detail::plan p = detail::start(to["kwargs"]["tasks"][0]["options"]["link"][0], after);
        for (const call_settings& call : p.calls) {
            EXPECT_TRUE(call.message.args.empty());
        }
    }

    // So Celery sends a chain with a link that ends in a group.
    message done;
    done.id = "1";
    value last = detail::group_of(plain);
    last["options"]["link"] = value::array(call_of("y"));
    done.chain = value::array(last);
    const detail::plan p = detail::after_success(done, 5);
    ASSERT_EQ(p.calls.size(), 2U);
    for (const call_settings& call : p.calls) {
        EXPECT_EQ(call.message.callbacks, value::array(call_of("y")));
    }

    value pieces = detail::map_of("celery.chunks", call_of("a"), value::array(1, 2, 3));
    pieces["kwargs"]["n"] = 2;
    const value cut = linked(std::move(pieces))["kwargs"]["tasks"];
    EXPECT_EQ(links_of(cut[0]), "celery.starmap +y! -n");
    EXPECT_EQ(links_of(cut[1]), "celery.starmap -n");
}

TEST(canvas_plan, what_takes_a_place_has_what_belongs_to_it)
{
    message replaced;
    replaced.id = "1";
    replaced.task = "t";
    replaced.root_id = "0";
    replaced.reply_to = "me";
    replaced.group = "g";
    replaced.group_index = 3;
    replaced.chord = call_of("body");
    replaced.callbacks = value::array(call_of("after"));
    replaced.errbacks = value::array(call_of("failed"));
    replaced.headers = value::object("replaced_task_nesting", 1, "other", 1);
    const value steps[] = {call_of("a"), call_of("b")};
    const detail::plan p = detail::in_place_of(replaced, detail::chain_of(steps));
    ASSERT_EQ(p.calls.size(), 1U);
    const message& first = p.calls[0].message;
    EXPECT_EQ(first.task, "a");
    EXPECT_NE(first.id, "1");
    EXPECT_EQ(first.root_id, "0");
    EXPECT_EQ(first.headers, value::object("replaced_task_nesting", 2));
    EXPECT_EQ(first.errbacks, replaced.errbacks);
    EXPECT_TRUE(first.callbacks.empty());
    ASSERT_EQ(first.chain.size(), 1U);
    const value& last = first.chain[0]["options"];
    EXPECT_EQ(last["task_id"], value{"1"});
    EXPECT_EQ(last["reply_to"], value{"me"});
    EXPECT_EQ(last["group_id"], value{"g"});
    EXPECT_EQ(last["group_index"], value{3});
    EXPECT_EQ(last["chord"], replaced.chord);
    EXPECT_EQ(last["link"], replaced.callbacks);

    EXPECT_THROW(detail::in_place_of(replaced, detail::chain_of({})), task_error);
    value in_a_chord = call_of("a");
    in_a_chord["options"]["chord"] = call_of("body");
    EXPECT_THROW(detail::in_place_of(replaced, in_a_chord), task_error);
    EXPECT_THROW(detail::in_place_of(replaced, value{5}), error);
}

TEST(canvas_plan, what_is_no_signature_is_refused)
{
    const value rows[] = {
        5,
        value::object(),
        value::object("task", 5),
        value::object("task", "t", "args", 5),
        value::object("task", "t", "kwargs", 5),
        value::object("task", "t", "options", 5),
        value::object("task", "t", "options", value::object("root_id", 5)),
        value::object("task", "t", "options", value::object("eta", "soon")),
        value::object("task", "t", "options", value::object("priority", "high")),
        value::object("task", "t", "options", value::object("serializer", "xml")),
        value::object("task", "celery.chain"),
        value::object("task", "celery.chain", "kwargs", value::object("tasks", value::array(5))),
        value::object("task", "celery.chord"),
        value::object("task", "celery.chunks", "kwargs", value::object("n", 0)),
    };
    for (const value& row : rows) {
        SCOPED_TRACE(python_repr(row));
        EXPECT_THROW(detail::start(row, {}), error);
    }
    value deep = call_of("t");
    for (int i = 0; i < 200; ++i) deep = detail::chain_of({&deep, 1});
    EXPECT_THROW(detail::start(deep, {}), limit_error);
}

}  // namespace
}  // namespace ferry::tasks
