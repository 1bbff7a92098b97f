#include "ferry/tasks/detail/followers.hpp"

#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/tasks/detail/built_in.hpp"
#include "ferry/tasks/detail/canvas_plan.hpp"
#include "ferry/tasks/detail/signature_value.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace ferry::tasks::detail {
namespace {

constexpr auto pause_after_failure = std::chrono::seconds{1};

/// Another try would end as this one.
bool hopeless(const error& e)
{
    const bool never = e.code() == condition::unsupported || e.code() == condition::bad_input;
    log::error(never ? "workflow cannot go on" : "workflow waits for the result store", "reason",
               e.what());
    return never;
}

awaitable<void> begin_counting(std::shared_ptr<result_store> results, chord_size chord)
{
    for (;;) {
        try {
            auto counted = results->begin_chord(chord.group, chord.size, chord.header);
            co_await std::move(counted);
            co_return;
        } catch (const error& e) {
            if (hopeless(e)) co_return;
        }
        co_await sleep(pause_after_failure);
    }
}

awaitable<std::vector<chord_part>> count_part(std::shared_ptr<result_store> results,
                                              std::string group, chord_part part)
{
    for (;;) {
        try {
            auto counted = results->end_part(group, part);
            std::vector<chord_part> all = co_await std::move(counted);
            co_return all;
        } catch (const error& e) {
            if (hopeless(e)) co_return std::vector<chord_part>();
        }
        co_await sleep(pause_after_failure);
    }
}

awaitable<void> store_failure(std::shared_ptr<result_store> results, std::string id,
                              std::string task, value failure)
{
    result_document d;
    d.task_id = std::move(id);
    d.status = state::failure;
    d.traceback = exception_traceback(failure, task);
    d.result = std::move(failure);
    d.date_done = now();
    for (;;) {
        try {
            auto stored = results->store(d);
            co_await std::move(stored);
            co_return;
        } catch (const error& e) {
            if (hopeless(e)) co_return;
        }
        co_await sleep(pause_after_failure);
    }
}

}  // namespace

awaitable<settlement> add_plan(std::shared_ptr<app_core> app, std::shared_ptr<result_store> results,
                               plan next, settlement s)
{
    const bool counts = next.chords.empty() || results->counts_chords();
    for (chord_size& chord : next.chords) {
        if (!counts) {
            s.publish.push_back(prepare(*app, unlock_call(*app, chord)));
            continue;
        }
        auto counted = begin_counting(results, std::move(chord));
        co_await std::move(counted);
    }
    for (call_settings& call : next.calls) {
        try {
            s.publish.push_back(prepare(*app, std::move(call)));
        } catch (const error& e) {
            log::error("a successor cannot be sent", "reason", e.what());
        }
    }
    if (s.result) {
        for (value& child : next.children) s.result->children.push_back(std::move(child));
    }
    co_return s;
}

awaitable<void> fail_chord(std::shared_ptr<result_store> results, value body, std::string part,
                           value failure)
{
    std::string why = (part.empty() ? "Join error: " : "Dependency " + part + " raised ") +
                      exception_repr(failure);
    value because = value::object("exc_type", "ChordError", "exc_message",
                                  value::array(std::move(why)), "exc_module", "celery.exceptions");
    const std::string task = body.is_object() ? body.get("task", "") : "";
    std::vector<message> ends;
    try {
        ends = ends_of(body);
    } catch (const error& e) {
        log::error("a chord has no proper body", "task", task, "reason", e.what());
    }
    for (message& end : ends) {
        auto stored = store_failure(results, std::move(end.id), task, because);
        co_await std::move(stored);
    }
}

namespace {

/// A plan of data from outside: what is wrong with them must not undo the task.
template <class Make>
plan planned(const message& done, Make make)
{
    try {
        return make();
    } catch (const error& e) {
        log::error("task has no proper successors", "task", done.task, "id", done.id, "reason",
                   e.what());
        return {};
    }
}

/// The part that a chord waits for has ended; the last one calls the body.
awaitable<settlement> end_part(std::shared_ptr<app_core> app, std::shared_ptr<result_store> results,
                               std::shared_ptr<const message> done, std::string_view status,
                               value result, settlement s)
{
    if (done->chord.is_null() || done->group.empty()) co_return s;
    if (!results->counts_chords()) co_return s;
    chord_part part;
    part.task_id = done->id;
    part.index = done->group_index;
    part.status = status;
    part.result = std::move(result);
    auto ended = count_part(results, done->group, std::move(part));
    const std::vector<chord_part> all = co_await std::move(ended);
    if (all.empty()) co_return s;
    const auto failed =
        std::ranges::find_if(all, [](const chord_part& p) { return p.status != state::success; });
    plan next;
    if (failed == all.end()) {
        value list = value::array();
        for (const chord_part& p : all) list.push_back(p.result);
        next = planned(*done, [&] { return after_chord(*done, list); });
    } else {
        auto stored = fail_chord(results, done->chord, failed->task_id, failed->result);
        co_await std::move(stored);
        next = planned(*done, [&] { return after_failed_chord(*done); });
    }
    // The body is no child of the part that happens to end last.
    const value children = s.result ? s.result->children : value();
    auto added = add_plan(std::move(app), std::move(results), std::move(next), std::move(s));
    s = co_await std::move(added);
    if (s.result) s.result->children = children;
    co_return s;
}

}  // namespace

bool has_successors(const message& m) noexcept
{
    const auto some = [](const value& v) { return !v.is_null() && !v.empty(); };
    return some(m.callbacks) || some(m.errbacks) || some(m.chain) || some(m.chord);
}

awaitable<settlement> follow_success(std::shared_ptr<app_core> app,
                                     std::shared_ptr<result_store> results,
                                     std::shared_ptr<const message> done, value result,
                                     settlement s)
{
    plan next = planned(*done, [&] { return after_success(*done, result); });
    auto added = add_plan(app, results, std::move(next), std::move(s));
    s = co_await std::move(added);
    auto counted = end_part(std::move(app), std::move(results), std::move(done), state::success,
                            std::move(result), std::move(s));
    s = co_await std::move(counted);
    co_return s;
}

awaitable<settlement> follow_failure(std::shared_ptr<app_core> app,
                                     std::shared_ptr<result_store> results,
                                     std::shared_ptr<const message> done, value failure,
                                     settlement s)
{
    plan next = planned(*done, [&] { return after_failure(*done); });
    next.children = value::array();  // of a success alone
    auto added = add_plan(app, results, std::move(next), std::move(s));
    s = co_await std::move(added);
    std::vector<message> behind;
    (void)planned(*done, [&] {
        behind = following(*done);
        return plan();
    });
    for (message& m : behind) {
        auto stored = store_failure(results, m.id, m.task, failure);
        co_await std::move(stored);
        auto step = std::make_shared<const message>(std::move(m));
        auto part = end_part(app, results, std::move(step), state::failure, failure, std::move(s));
        s = co_await std::move(part);
    }
    auto counted = end_part(std::move(app), std::move(results), std::move(done), state::failure,
                            std::move(failure), std::move(s));
    s = co_await std::move(counted);
    co_return s;
}

namespace {

/// The call that celery.map makes for one item.
message call_of(const value& signature, const value& item, bool star, const message& outer)
{
    const value* const name = signature.get_if("task");
    if (name == nullptr || !name->is_string()) {
        throw task_error{"TypeError", "builtins", "the task to map is no signature"};
    }
    message m = outer;
    m.task = name->as<std::string>();
    m.args = value::array();
    m.kwargs = value::object();
    if (star && item.is_sequence()) {
        for (const value& arg : item) m.args.push_back(arg);
    } else {
        m.args.push_back(item);
    }
    if (const value* const args = signature.get_if("args"); args != nullptr && !star) {
        for (const value& arg : *args) m.args.push_back(arg);
    }
    if (const value* const kwargs = signature.get_if("kwargs"); kwargs && kwargs->is_object()) {
        m.kwargs = *kwargs;
    }
    return m;
}

awaitable<value> run_map(std::shared_ptr<app_core> app, context c, bool star)
{
    const value* const signature = c.request().kwargs.get_if("task");
    const value* const items = c.request().kwargs.get_if("it");
    if (signature == nullptr || items == nullptr || !items->is_sequence()) {
        throw task_error{"TypeError", "builtins", "map needs the arguments task and it"};
    }
    value results = value::array();
    for (const value& item : *items) {
        const context inner = c.for_call(call_of(*signature, item, star, c.request()));
        const std::shared_ptr<const definition> task = app->find(inner.task());
        if (!task) throw task_error{"NotRegistered", "celery.exceptions", inner.task()};
        if (task->call) {
            results.push_back(task->call(*task, inner));
        } else {
            auto operation = task->start(*task, inner);
            value result = co_await std::move(operation);
            results.push_back(std::move(result));
        }
    }
    co_return results;
}

}  // namespace

std::shared_ptr<const definition> map_task(const std::shared_ptr<app_core>& app,
                                           std::string_view name)
{
    const bool star = name == "celery.starmap";
    if (!star && name != "celery.map") return nullptr;
    definition made;
    made.name = name;
    made.returns_value = true;
    made.start = [app, star](const definition&, const context& c) { return run_map(app, c, star); };
    return std::make_shared<const definition>(std::move(made));
}

}  // namespace ferry::tasks::detail
