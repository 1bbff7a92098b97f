#include "ferry/tasks/detail/built_in.hpp"

#include "ferry/core/log.hpp"
#include "ferry/tasks/detail/followers.hpp"
#include "ferry/tasks/detail/send_together.hpp"
#include "ferry/tasks/detail/signature_value.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

namespace ferry::tasks::detail {
namespace {

constexpr std::chrono::seconds unlock_interval{1};

[[noreturn]] void refuse(const char* why)
{
    throw task_error{"TypeError", "builtins", why};
}

/// An argument by its place or its name.
const value* argument(const message& m, std::size_t place, std::string_view name)
{
    return place < m.args.size() ? &m.args.at(place) : m.kwargs.get_if(name);
}

/// The interval that a chord asks for, within reason; it comes from outside.
std::chrono::milliseconds unlock_wait(double seconds)
{
    constexpr double longest = 24 * 60 * 60;
    if (!(seconds > 0)) return unlock_interval;
    return std::chrono::milliseconds{static_cast<std::int64_t>(std::min(seconds, longest) * 1000)};
}

/// What a chord waits for: `[[id, parent], null]`, or with a list of such for a group.
struct dependency {
    dependency() = default;

    std::string id;
    bool is_group = false;
    std::size_t parts = 0;  ///< of the group, which come next
};

void add_dependencies(const value& tuple, std::vector<dependency>& to, std::size_t depth)
{
    if (depth > max_canvas_depth) refuse("celery.chord_unlock: results too deep");
    if (!tuple.is_sequence() || tuple.size() != 2) refuse("celery.chord_unlock: no result");
    const value& own = tuple.at(0);
    dependency d;
    const value& id = own.is_sequence() && !own.empty() ? own.at(0) : own;
    if (!id.is_string()) refuse("celery.chord_unlock: a result has no id");
    d.id = id.as<std::string>();
    d.is_group = tuple.at(1).is_sequence();
    if (d.is_group) d.parts = tuple.at(1).size();
    to.push_back(d);
    if (!d.is_group) return;
    for (const value& part : tuple.at(1)) add_dependencies(part, to, depth + 1);
}

/// The results of `count` dependencies from `at` on.
value join(const std::vector<dependency>& all, std::span<const result_document> found,
           std::size_t& at, std::size_t count)
{
    value list = value::array();
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t mine = at++;
        if (all[mine].is_group) {
            list.push_back(join(all, found, at, all[mine].parts));
        } else {
            list.push_back(found[mine].result);
        }
    }
    return list;
}

awaitable<void> send_plan(std::shared_ptr<app_core> app, std::shared_ptr<result_store> results,
                          plan next)
{
    settlement none;
    auto adding = add_plan(app, std::move(results), std::move(next), std::move(none));
    settlement with = co_await std::move(adding);
    const auto send_one = [app](outgoing o) { return send_out(app, std::move(o)); };
    auto sending = send_together(std::move(with.publish), send_one);
    co_await std::move(sending);
}

/// Waits and looks again, as often as the chord allows.
[[noreturn]] void look_later(const context& c)
{
    const message& call = c.request();
    std::chrono::milliseconds wait = unlock_interval;
    const value* const interval = call.kwargs.get_if("interval");
    if (interval != nullptr && interval->is_number()) wait = unlock_wait(interval->to<double>());
    std::optional<std::int64_t> most;
    const value* const limit = call.kwargs.get_if("max_retries");
    if (limit != nullptr && limit->is_integer()) most = limit->to<std::int64_t>();
    c.retry(wait, most);
}

/// A result that will never be read fails its chord; a store that does not answer is asked again.
result_document unread(const context& c)
{
    try {
        throw;
    } catch (const error& e) {
        log::error("the part of a chord cannot be read", "reason", e.what());
        const bool read = e.code() == condition::bad_input ||
                          e.code() == make_error_code(ferry::errc::limit_exceeded);
        if (!read) look_later(c);
    }
    result_document failed;
    failed.status = state::failure;
    failed.result = exception_to_value(std::current_exception());
    return failed;
}

awaitable<value> unlock_chord(std::shared_ptr<app_core> app, context c)
{
    const message& call = c.request();
    const value* const body = argument(call, 1, "callback");
    const value* const tuples = call.kwargs.get_if("result");
    if (body == nullptr || tuples == nullptr || !tuples->is_sequence()) {
        refuse("celery.chord_unlock needs a callback and results");
    }
    std::vector<dependency> waits_for;
    for (const value& tuple : *tuples) add_dependencies(tuple, waits_for, 0);
    const std::shared_ptr<result_store> results = app->results();
    std::vector<result_document> found;
    bool ready = true;
    for (const dependency& d : waits_for) {
        result_document document;
        if (!d.is_group) {
            try {
                auto finding = results->find(d.id);
                document = co_await std::move(finding);
            } catch (const error&) {
                document = unread(c);
            }
            ready = ready && document.ready();
        }
        if (!ready) break;
        found.push_back(std::move(document));
    }
    if (!ready) look_later(c);
    message last = call;
    last.chord = *body;
    const result_document* failed = nullptr;
    for (std::size_t i = 0; i < found.size() && failed == nullptr; ++i) {
        if (!waits_for[i].is_group && found[i].status != state::success) failed = &found[i];
    }
    plan next;
    if (failed != nullptr) {
        auto failing = fail_chord(results, *body, failed->task_id, failed->result);
        co_await std::move(failing);
        next = after_failed_chord(last);
    } else {
        std::size_t at = 0;
        next = after_chord(last, join(waits_for, found, at, tuples->size()));
    }
    try {
        auto sending = send_plan(std::move(app), results, std::move(next));
        co_await std::move(sending);
    } catch (const error& e) {
        // What was sent already comes twice.
        if (!is_broker_gone(e)) throw;
        log::warning("the body of a chord is sent later", "reason", e.what());
        look_later(c);
    }
    co_return value();
}

awaitable<value> clean_up(std::shared_ptr<app_core> app)
{
    const std::shared_ptr<result_store> results = app->results();
    auto cleaning = results->clean_up();
    co_await std::move(cleaning);
    co_return value();
}

value accumulate(const message& m)
{
    const value* const index = m.kwargs.get_if("index");
    return index == nullptr || !index->is_integer() ? m.args : m.args.at(index->as<std::int64_t>());
}

}  // namespace

std::shared_ptr<const definition> built_in_task(const std::shared_ptr<app_core>& app,
                                                std::string_view name)
{
    definition made;
    made.name = name;
    made.in_worker = true;
    made.returns_value = true;
    if (name == "celery.chord_unlock") {
        made.settings.ignore_result = true;
        made.start = [app](const definition&, const context& c) { return unlock_chord(app, c); };
    } else if (name == "celery.backend_cleanup") {
        made.start = [app](const definition&, const context&) { return clean_up(app); };
    } else if (name == "celery.accumulate") {
        made.call = [](const definition&, const context& c) { return accumulate(c.request()); };
    } else {
        return nullptr;
    }
    return std::make_shared<const definition>(std::move(made));
}

call_settings unlock_call(app_core& app, const chord_size& chord)
{
    call_settings call;
    message& m = call.message;
    m.task = "celery.chord_unlock";
    m.args = value::array(chord.group, chord.body);
    value parts = value::array();
    for (const std::string& id : chord.parts) {
        parts.push_back(value::array(value::array(id, nullptr), nullptr));
    }
    if (!chord.header.is_null()) parts = chord.header.at(1);
    m.kwargs =
        value::object("result", std::move(parts), "interval", nullptr, "max_retries", nullptr);
    m.ignore_result = true;
    call.countdown = unlock_interval;
    // Where the body will go.
    const value* const options = chord.body.get_if("options");
    if (options != nullptr && options->is_object()) call.queue = options->get("queue", "");
    const std::string task = chord.body.get("task", "");
    if (const auto known = app.find(task); known && call.queue.empty()) {
        call.queue = known->settings.queue;
    }
    return call;
}

}  // namespace ferry::tasks::detail
