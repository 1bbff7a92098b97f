#include "ferry/tasks/events.hpp"

#include "ferry/core/log.hpp"
#include "ferry/core/uuid.hpp"
#include "ferry/tasks/control.hpp"
#include "ferry/tasks/detail/wire_json.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace ferry::tasks {
namespace {

std::string text_in(const value& event, std::string_view name)
{
    const value* const found = event.get_if(name);
    return found != nullptr && found->is_string() ? found->as<std::string>() : std::string{};
}

double number_in(const value& event, std::string_view name)
{
    const value* const found = event.get_if(name);
    if (found == nullptr || !found->is_number()) return 0;
    const auto number = found->to<double>();
    return std::isfinite(number) ? number : 0;
}

std::int64_t integer_in(const value& event, std::string_view name)
{
    constexpr double largest = 9e15;
    return static_cast<std::int64_t>(std::clamp(number_in(event, name), -largest, largest));
}

timestamp time_in(const value& event)
{
    // Microseconds of some thousand years.
    const double seconds = std::clamp(number_in(event, "timestamp"), 0.0, 2.5e11);
    return timestamp{} + std::chrono::microseconds{static_cast<std::int64_t>(seconds * 1e6)};
}

/// As Celery prints a naive UTC datetime.
std::string shown_time(const value& event)
{
    std::string text = iso8601::format(time_in(event));
    text = text.substr(0, text.find('+'));
    std::ranges::replace(text, 'T', ' ');
    return text;
}

std::string human(const std::string& type)
{
    if (type == "worker-offline") return "shutdown";
    if (type == "worker-online") return "started";
    if (type == "worker-heartbeat") return "heartbeat";
    std::string text = type;
    std::ranges::replace(text, '-', ' ');
    return text;
}

std::string shown(const value& v)
{
    return v.is_string() ? v.as<std::string>() : python_repr(v);
}

void hand_over(const envelope& e, const std::function<void(const value&)>& each)
{
    value body;
    try {
        body = detail::parse_wire(e.body);
    } catch (const error& why) {
        log::warning("event dropped", "reason", why.what());
        return;
    }
    if (body.is_object()) return each(body);
    if (!body.is_sequence()) return;
    for (const value& one : body) {
        if (one.is_object()) each(one);
    }
}

awaitable<void> watch(std::shared_ptr<message_broker> over, std::function<void(const value&)> each)
{
    auto opening = over->listen(bus::events, uuid4(), "#");
    const std::unique_ptr<listener> from = co_await std::move(opening);
    auto asking = cast(over, remote_command("heartbeat"));
    co_await std::move(asking);
    while (true) {
        auto coming = from->next();
        const envelope e = co_await std::move(coming);
        hand_over(e, each);
    }
}

struct task_event {
    std::string_view type;
    std::string_view state;
};

constexpr std::array task_events_known = {
    task_event{"task-sent", "PENDING"},    task_event{"task-received", "RECEIVED"},
    task_event{"task-started", "STARTED"}, task_event{"task-succeeded", "SUCCESS"},
    task_event{"task-failed", "FAILURE"},  task_event{"task-retried", "RETRY"},
    task_event{"task-revoked", "REVOKED"}, task_event{"task-rejected", "REJECTED"},
};

}  // namespace

awaitable<void> watch_events(std::shared_ptr<message_broker> over,
                             std::function<void(const value&)> each)
{
    return watch(std::move(over), std::move(each));
}

std::string event_lines::line(const value& event)
{
    const std::string type = text_in(event, "type");
    std::vector<std::string> hidden = {"timestamp", "type", "hostname"};
    std::string task;
    if (type.starts_with("task-")) {
        const std::string uuid = text_in(event, "uuid");
        hidden.emplace_back("uuid");
        if (type == "task-received" || type == "task-sent") {
            task = text_in(event, "name") + "(" + uuid + ") args=" + text_in(event, "args") +
                   " kwargs=" + text_in(event, "kwargs");
            for (const char* const name : {"name", "args", "kwargs"}) hidden.emplace_back(name);
            if (tasks_.insert_or_assign(uuid, task).second) order_.push_back(uuid);
            if (order_.size() > most) {
                tasks_.erase(order_.front());
                order_.pop_front();
            }
        } else if (const auto known = tasks_.find(uuid); known != tasks_.end()) {
            task = known->second;
        }
        task += ' ';
    }
    std::map<std::string, std::string> fields;
    for (const auto& [name, content] : event.items()) {
        if (std::ranges::find(hidden, name) == hidden.end()) {
            fields.emplace(name, shown(content));
        }
    }
    std::string text = text_in(event, "hostname") + " [" + shown_time(event) + "] " + human(type);
    if (!fields.empty()) text += ":";
    text += " " + task;
    const char* between = "";
    for (const auto& [name, content] : fields) {
        text += between + name + "=" + content;
        between = ", ";
    }
    return text;
}

void cluster_state::apply(const value& event)
{
    if (!event.is_object()) return;
    const std::string type = text_in(event, "type");
    if (type.starts_with("worker-")) apply_to_worker(type, event);
    if (type.starts_with("task-")) apply_to_task(type, event);
}

void cluster_state::apply_to_worker(const std::string& type, const value& event)
{
    const std::string name = text_in(event, "hostname");
    const bool tells = type == "worker-online" || type == "worker-heartbeat";
    if (name.empty() || (!tells && type != "worker-offline")) return;
    worker& w = workers_[name];
    w.hostname = name;
    w.heard = std::max(w.heard, time_in(event));
    w.offline = !tells;
    if (!tells) return;
    w.pid = integer_in(event, "pid");
    w.active = integer_in(event, "active");
    w.processed = integer_in(event, "processed");
    const auto freq = std::clamp(number_in(event, "freq"), 0.1, 3600.0);
    w.freq = std::chrono::milliseconds{static_cast<std::int64_t>(freq * 1000)};
    w.software = text_in(event, "sw_ident") + " " + text_in(event, "sw_ver");
    w.loadavg.clear();
    if (const value* const load = event.get_if("loadavg"); load && load->is_sequence()) {
        for (const value& each : *load) {
            if (each.is_number() && w.loadavg.size() < 3) w.loadavg.push_back(each.to<double>());
        }
    }
}

void cluster_state::apply_to_task(const std::string& type, const value& event)
{
    const auto* const known = std::ranges::find(task_events_known, type, &task_event::type);
    const std::string uuid = text_in(event, "uuid");
    if (known == task_events_known.end() || uuid.empty()) return;
    entry& e = tasks_[uuid];
    if (e.touched != 0) order_.erase(e.touched);
    e.touched = ++touches_;
    order_.emplace(e.touched, uuid);
    task& t = e.what;
    t.uuid = uuid;
    if (type == "task-sent" || type == "task-received") {
        t.name = text_in(event, "name");
        t.args = text_in(event, "args");
        t.kwargs = text_in(event, "kwargs");
        t.retries = integer_in(event, "retries");
    }
    // Of what a client tells, which has a clock of its own, only the call counts.
    const std::int64_t clock = type == "task-sent" ? -1 : integer_in(event, "clock");
    if (t.state.empty() || clock > e.clock) {
        e.clock = clock;
        t.state = known->state;
        t.changed = time_in(event);
        if (type != "task-sent") t.worker = text_in(event, "hostname");
        if (type == "task-succeeded") t.result = text_in(event, "result");
        if (type == "task-failed" || type == "task-retried") {
            t.result = text_in(event, "exception");
        }
        if (type == "task-succeeded") t.runtime = number_in(event, "runtime");
    }
    while (tasks_.size() > most_tasks_) {
        tasks_.erase(order_.begin()->second);
        order_.erase(order_.begin());
    }
}

std::vector<const cluster_state::task*> cluster_state::latest(std::size_t count) const
{
    std::vector<const task*> all;
    for (auto at = order_.rbegin(); at != order_.rend() && all.size() < count; ++at) {
        all.push_back(&tasks_.at(at->second).what);
    }
    return all;
}

}  // namespace ferry::tasks
