#include "ferry/tasks/detail/canvas_plan.hpp"

#include "ferry/core/error.hpp"
#include "ferry/tasks/detail/signature_call.hpp"
#include "ferry/tasks/detail/signature_value.hpp"
#include "ferry/tasks/result.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

namespace ferry::tasks::detail {
namespace {

value call_of(const char* task)
{
    call_settings call;
    call.message.task = task;
    return to_signature(call);
}

TEST(canvas_plan, a_chord_counts_its_parts)
{
    const value inner[] = {call_of("a"), call_of("b")};
    const value nested[] = {group_of(inner), chain_of(inner),
                            chord_of(group_of(inner), call_of("c"))};
    const plan p = start(chord_of(group_of(nested), call_of("d")), {});
    ASSERT_EQ(p.chords.size(), 2U);
    EXPECT_EQ(p.chords[0].size, 4);
    EXPECT_EQ(p.chords[1].size, 2);
    EXPECT_EQ(p.calls.size(), 5U);
    EXPECT_EQ(p.results.size(), 1U);
}

TEST(canvas_plan, a_chord_of_nothing_calls_its_body_at_once)
{
    const plan p = start(chord_of(value::array(), call_of("d")), {});
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
    const plan p = after_success(done, 5);
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
    value whole = chain_of(steps);
    whole["options"] =
        value::object("link", value::array(call_of("after")), "link_error", call_of("failed"),
                      "queue", "q", "priority", 3, "task_id", "own");
    const plan p = start(whole, {});
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

    value members = group_of(steps);
    members["options"]["queue"] = "q";
    for (const call_settings& one : start(members, {}).calls) EXPECT_EQ(one.queue, "q");

    // A body keeps them: whoever ends the last part reads them there.
    const plan chord = start(chord_of(members, whole), {});
    ASSERT_EQ(chord.chords.size(), 1U);
    EXPECT_EQ(chord.chords[0].body["options"]["link_error"], value::array(call_of("failed")));
}

/// The tasks that a signature calls when it succeeds, and when it fails.
std::string links_of(const value& signature)
{
    std::string text{task_of(signature)};
    for (const char* const option : {"link", "link_error"}) {
        for (const value& callback : elements(find_in(signature, "options", option))) {
            text += std::string{option == std::string_view{"link"} ? " +" : " -"};
            text += task_of(callback);
            if (callback["immutable"].as<bool>()) text += "!";
        }
    }
    return text;
}

TEST(canvas_plan, a_link_goes_where_celery_puts_it)
{
    const value plain[] = {call_of("a"), call_of("b")};
    const value inner[] = {call_of("c"), group_of(plain)};
    const value nested[] = {group_of(plain), chain_of(inner)};
    const auto linked = [](value to) {
        to = with_link(std::move(to), "link", call_of("y"));
        return with_link(std::move(to), "link_error", call_of("n"));
    };
    const value group = linked(group_of(nested))["kwargs"]["tasks"];
    EXPECT_EQ(links_of(group[0]["kwargs"]["tasks"][0]), "a +y! -n");
    EXPECT_EQ(links_of(group[0]["kwargs"]["tasks"][1]), "b -n");
    EXPECT_EQ(links_of(group[1]["kwargs"]["tasks"][0]), "c -n");
    EXPECT_EQ(links_of(group[1]["kwargs"]["tasks"][1]["kwargs"]["tasks"][0]), "a -n");

    const value chain = linked(chain_of(inner))["kwargs"]["tasks"];
    EXPECT_EQ(links_of(chain[0]), "c -n");
    EXPECT_EQ(links_of(chain[1]["kwargs"]["tasks"][0]), "a +y -n");
    EXPECT_EQ(links_of(chain[1]["kwargs"]["tasks"][1]), "b +y -n");

    const value chord = linked(chord_of(nested[0], nested[0]))["kwargs"];
    EXPECT_EQ(links_of(chord["header"][0]), "a");
    EXPECT_EQ(links_of(chord["body"]["kwargs"]["tasks"][0]), "a +y! -n");
    EXPECT_EQ(links_of(chord["body"]["kwargs"]["tasks"][1]), "b -n");

    // What begins with a step, a group or a chord takes no result there.
    const value starts[] = {chain_of(plain), group_of(plain), chord_of(nested[0], call_of("d"))};
    const value result = 5;
    surroundings after;
    after.result = &result;
    for (const value& callback : starts) {
        const value to = with_link(group_of(plain), "link", callback);
        const plan p = start(to["kwargs"]["tasks"][0]["options"]["link"][0], after);
        for (const call_settings& call : p.calls) {
            EXPECT_TRUE(call.message.args.empty());
        }
    }

    // So Celery sends a chain with a link that ends in a group.
    message done;
    done.id = "1";
    value last = group_of(plain);
    last["options"]["link"] = value::array(call_of("y"));
    done.chain = value::array(last);
    const plan p = after_success(done, 5);
    ASSERT_EQ(p.calls.size(), 2U);
    for (const call_settings& call : p.calls) {
        EXPECT_EQ(call.message.callbacks, value::array(call_of("y")));
    }

    value pieces = map_of("celery.chunks", call_of("a"), value::array(1, 2, 3));
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
    const plan p = in_place_of(replaced, chain_of(steps));
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

    EXPECT_THROW(in_place_of(replaced, chain_of({})), task_error);
    value in_a_chord = call_of("a");
    in_a_chord["options"]["chord"] = call_of("body");
    EXPECT_THROW(in_place_of(replaced, in_a_chord), task_error);
    EXPECT_THROW(in_place_of(replaced, value{5}), error);
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
        EXPECT_THROW(start(row, {}), error);
    }
    value deep = call_of("t");
    for (int i = 0; i < 200; ++i) deep = chain_of({&deep, 1});
    EXPECT_THROW(start(deep, {}), limit_error);
}

}  // namespace
}  // namespace ferry::tasks::detail
