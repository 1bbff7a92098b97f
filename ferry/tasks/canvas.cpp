#include "ferry/tasks/canvas.hpp"

#include "ferry/async/gather.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/tasks/detail/app_core.hpp"
#include "ferry/tasks/detail/built_in.hpp"
#include "ferry/tasks/detail/canvas_plan.hpp"
#include "ferry/tasks/detail/send_together.hpp"
#include "ferry/tasks/detail/signature_value.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::tasks {
namespace detail {
namespace {

awaitable<launched> send_all(std::shared_ptr<app_core> app, plan what)
{
    const std::shared_ptr<result_store> results = app->results();
    const bool counts = what.chords.empty() || results->counts_chords();
    for (chord_size& chord : what.chords) {
        if (!counts) {
            what.calls.push_back(unlock_call(*app, chord));
            continue;
        }
        auto counted =
            results->begin_chord(std::move(chord.group), chord.size, std::move(chord.header));
        co_await std::move(counted);
    }
    const auto send_one = [app](call_settings call) {
        return send(app, std::make_unique<call_settings>(std::move(call)));
    };
    auto sending = send_together(std::move(what.calls), send_one);
    co_await std::move(sending);
    launched made;
    for (result_end& end : what.results) {
        const std::shared_ptr<const definition> known = app->find(end.task);
        const bool ignored = end.ignored || (known && known->settings.ignore_result);
        made.results.emplace_back(std::move(end.id), app, ignored);
    }
    made.group = std::move(what.group);
    made.nested = std::move(what.nested);
    co_return made;
}

}  // namespace

awaitable<launched> launch(std::shared_ptr<app_core> app, value signature)
{
    surroundings from;
    for (int retries = 0; from.reply_to.empty(); ++retries) {
        std::chrono::milliseconds wait{0};
        try {
            auto naming = app->results()->reply_to();
            from.reply_to = co_await std::move(naming);
        } catch (const error& e) {
            wait = wait_to_send_again(e, app->settings().publishing, retries);
        }
        if (from.reply_to.empty()) co_await sleep(wait);
    }
    auto sending = send_all(std::move(app), tasks::detail::start(signature, from));
    co_return co_await std::move(sending);
}

awaitable<launched> launch_part(std::shared_ptr<app_core> app, std::shared_ptr<const message> of,
                                value signature)
{
    if (of->chord.is_null() || of->group.empty()) {
        throw task_error{"ValueError", "builtins", "Current task is not member of any chord"};
    }
    plan what = beside_part(*of, signature);
    auto counting = app->results()->add_part(of->group);
    co_await std::move(counting);
    auto sending = send_all(std::move(app), std::move(what));
    co_return co_await std::move(sending);
}

value make_chain(std::span<const value> steps)
{
    return joined(steps);
}

value make_group(std::span<const value> members)
{
    return group_of(members);
}

value make_chord(const value& header, value body)
{
    return chord_of(header, std::move(body));
}

value make_map(std::string_view task, const value& call, value items)
{
    return map_of(task, call, std::move(items));
}

value make_chunks(const value& call, value items, std::size_t each)
{
    value made = map_of("celery.chunks", call, std::move(items));
    made["kwargs"]["n"] = each;
    return made;
}

}  // namespace detail

namespace {

using parts = std::vector<async_result<value>>;
using state_list = std::vector<std::string>;

/// What `ask` makes of each part, side by side.
template <class F>
auto of_each(const parts& all, F ask)
{
    std::vector<decltype(ask(all.front()))> asked;
    asked.reserve(all.size());
    for (const async_result<value>& part : all) asked.push_back(ask(part));
    return gather(std::move(asked));
}

template <class T>
awaitable<T> judged(awaitable<state_list> looking, T (*judge)(const state_list&))
{
    const state_list all = co_await std::move(looking);
    co_return judge(all);
}

/// Makes lists of the results, as the groups lie within each other.
/// \param group  `[[id, parent], members]`
/// \param next   the first result of the group; the first behind it afterwards.
std::vector<value> lists_of(const value& group, std::vector<value>& results, std::size_t& next)
{
    std::vector<value> all;
    for (const value& member : group.at(1)) {
        if (member.at(1).is_null()) {
            all.push_back(std::move(results.at(next++)));
            continue;
        }
        value list = value::array();
        for (value& each : lists_of(member, results, next)) list.push_back(std::move(each));
        all.push_back(std::move(list));
    }
    return all;
}

awaitable<std::vector<value>> arranged(awaitable<std::vector<value>> getting, value nested)
{
    std::vector<value> results = co_await std::move(getting);
    std::size_t next = 0;
    co_return lists_of(nested, results, next);
}

bool is_success(std::string_view s)
{
    return s == state::success;
}

}  // namespace

awaitable<std::vector<value>> group_result::get(std::chrono::milliseconds limit) const
{
    auto all = of_each(parts_, [](const auto& part) { return part.get(); });
    auto limited = timeout(limit, std::move(all), "group " + id_);
    return nested_.is_null() ? std::move(limited) : arranged(std::move(limited), nested_);
}

awaitable<std::vector<result_document>> group_result::outcomes(
    std::chrono::milliseconds limit) const
{
    auto all = of_each(parts_, [](const auto& part) { return part.outcome(); });
    return timeout(limit, std::move(all), "group " + id_);
}

awaitable<std::vector<std::string>> group_result::states() const
{
    return of_each(parts_, [](const auto& part) { return part.state(); });
}

awaitable<bool> group_result::ready() const
{
    return judged<bool>(
        states(), [](const state_list& all) { return std::ranges::all_of(all, state::ready); });
}

awaitable<bool> group_result::waiting() const
{
    return judged<bool>(
        states(), [](const state_list& all) { return !std::ranges::all_of(all, state::ready); });
}

awaitable<bool> group_result::successful() const
{
    return judged<bool>(states(),
                        [](const state_list& all) { return std::ranges::all_of(all, is_success); });
}

awaitable<bool> group_result::failed() const
{
    return judged<bool>(states(), [](const state_list& all) {
        return std::ranges::find(all, state::failure) != all.end();
    });
}

awaitable<std::size_t> group_result::completed_count() const
{
    return judged<std::size_t>(states(), [](const state_list& all) {
        return static_cast<std::size_t>(std::ranges::count_if(all, is_success));
    });
}

awaitable<void> group_result::forget() const
{
    return of_each(parts_, [](const auto& part) { return part.forget(); });
}

awaitable<void> group_result::revoke_all(std::string signal) const
{
    std::map<std::shared_ptr<detail::app_core>, value> ids;
    for (const async_result<value>& part : parts_) ids[part.app_].push_back(part.id_);
    std::vector<awaitable<void>> orders;
    for (auto& [app, of_app] : ids) {
        orders.push_back(detail::revoke_task(app, std::move(of_app), signal));
    }
    return gather(std::move(orders));
}

awaitable<group_result> group_workflow::start(std::shared_ptr<detail::app_core> app,
                                              value signature)
{
    auto sent = detail::launch(std::move(app), std::move(signature));
    detail::launched made = co_await std::move(sent);
    co_return group_result(std::move(made.group), std::move(made.results), std::move(made.nested));
}

}  // namespace ferry::tasks
