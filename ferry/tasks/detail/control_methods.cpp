#include "ferry/tasks/detail/remote_methods.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

namespace ferry::tasks::detail {
namespace {

std::string joined(const std::vector<std::string>& all)
{
    std::string text;
    for (const std::string& one : all) text += (text.empty() ? "" : ", ") + one;
    return text;
}

int signal_argument(const value& arguments)
{
    static constexpr std::array names = {std::pair{"TERM", SIGTERM}, std::pair{"KILL", SIGKILL},
                                         std::pair{"INT", SIGINT},   std::pair{"QUIT", SIGQUIT},
                                         std::pair{"HUP", SIGHUP},   std::pair{"USR1", SIGUSR1},
                                         std::pair{"USR2", SIGUSR2}, std::pair{"ABRT", SIGABRT}};
    const value* v = arguments.get_if("signal");
    if (v == nullptr || v->is_null()) return SIGTERM;
    if (v->is_integer()) return v->as<int>();
    std::string name = v->is_string() ? v->as<std::string>() : "";
    std::ranges::transform(name, name.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    if (name.starts_with("SIG")) name.erase(0, 3);
    const auto* found = std::ranges::find(names, name, &std::pair<const char*, int>::first);
    if (found == names.end()) refuse("no such signal: " + name);
    return found->second;
}

value revoke(worker_core& w, const value& a)
{
    if (a.get_if("task_id") == nullptr) missing("task_id");
    const std::vector<std::string> ids = ids_argument(a, "task_id");
    for (const std::string& id : ids) w.revoked_ids.add(id);
    if (!flag_argument(a, "terminate")) return ok("tasks " + joined(ids) + " flagged as revoked");
    const int signal = signal_argument(a);
    std::vector<std::string> found;
    for (const std::string& id : ids) {
        const roster::list all = w.with_id(id);
        for (const auto& r : all) r->interrupt(signal);
        if (!all.empty()) found.push_back(id);
    }
    return ok("terminate: " + (found.empty() ? std::string{"tasks unknown"} : joined(found)));
}

value terminate(worker_core& w, const value& a)
{
    value all = a;
    all.insert("terminate", true);
    return revoke(w, all);
}

/// `{"header": stamps}`, or as `celery control` sends it, `["header=stamp"]`.
value stamps_argument(const value& a)
{
    const value* const given = a.get_if("headers");
    if (given == nullptr) missing("headers");
    if (given->is_object()) return *given;
    value all = value::object();
    for (const std::string& pair : ids_argument(a, "headers")) {
        const std::size_t equals = pair.find('=');
        if (equals == std::string::npos) refuse(pair + ": not header=stamp");
        const std::string header = pair.substr(0, equals);
        if (!all.contains(header)) all.insert(header, value::array());
        all[header].push_back(pair.substr(equals + 1));
    }
    return all;
}

value revoke_by_stamped_headers(worker_core& w, const value& a)
{
    const value headers = stamps_argument(a);
    for (const auto& [header, stamps] : headers.items()) {
        w.revoked_by_stamp.add(std::string{header}, stamps);
    }
    const std::string text = "headers " + python_repr(headers) + " flagged as revoked";
    if (!flag_argument(a, "terminate")) return ok(text + ", but not terminated");
    const int signal = signal_argument(a);
    std::vector<std::string> found;
    for (const auto& r : w.people.active()) {
        if (w.revoked_by_stamp.contain(r->call.headers) && r->interrupt(signal)) {
            found.push_back(r->call.id);
        }
    }
    return ok(found.empty() ? text + ", no task terminated"
                            : text + ", tasks " + joined(found) + " terminated");
}

/// As Celery says it.
std::string what_is_wrong_with_rate(const std::string& rate)
{
    const std::size_t slash = std::min(rate.size(), rate.find('/'));
    const std::string unit = rate.substr(std::min(rate.size(), slash + 1));
    if (!unit.empty() && unit != "s" && unit != "m" && unit != "h") {
        return "KeyError(" + python_repr(value(unit)) + ")";
    }
    const std::string why =
        "could not convert string to float: " + python_repr(value(rate.substr(0, slash)));
    return "Invalid rate limit string: ValueError(" + python_repr(value(why)) + ")";
}

value rate_limit(worker_core& w, const value& a)
{
    const std::string name = text_argument(a, "task_name");
    const value* given = a.get_if("rate_limit");
    if (given == nullptr) missing("rate_limit");
    std::string rate;
    if (given != nullptr && given->is_string()) rate = given->as<std::string>();
    if (given != nullptr && given->is_number() && *given != value(0)) {
        rate = python_repr(*given);
    }
    if (!parse_rate(rate)) return failed(what_is_wrong_with_rate(rate));
    if (!w.app->find(name)) return failed("unknown task");
    w.set_rate(name, rate);
    return ok(rate.empty() ? "rate limit disabled successfully"
                           : "new rate limit set successfully");
}

value time_limit(worker_core& w, const value& a)
{
    const std::string name = text_argument(a, "task_name");
    if (!w.app->find(name)) return failed("unknown task");
    const auto seconds = [&a](const char* which) -> std::optional<double> {
        const value* v = a.get_if(which);
        if (v == nullptr || v->is_null()) return std::nullopt;
        if (!v->is_number()) refuse(std::string{which} + ": not a number");
        return v->to<double>();
    };
    w.limits[name] = worker_core::time_limits{seconds("hard"), seconds("soft")};
    return ok("time limits set successfully");
}

value enable_events(worker_core& w, const value&)
{
    if (w.events->tasks_wanted.exchange(true)) return ok("task events already enabled");
    return ok("task events enabled");
}

value disable_events(worker_core& w, const value&)
{
    if (!w.events->tasks_wanted.exchange(false)) return ok("task events already disabled");
    return ok("task events disabled");
}

value heartbeat(worker_core& w, const value&)
{
    w.put_heartbeat("worker-heartbeat");
    return value();
}

constexpr const char* scaled_already =
    "is not supported with autoscale. Adjust autoscale range instead.";

value pool_grow(worker_core& w, const value& a)
{
    if (w.scaled.most > 0) return failed(std::string{"pool_grow "} + scaled_already);
    w.running->resize(
        static_cast<int>(std::clamp<std::int64_t>(integer_argument(a, "n", 1), 0, 1000)));
    w.set_prefetch();
    return ok("pool will grow");
}

value pool_shrink(worker_core& w, const value& a)
{
    if (w.scaled.most > 0) return failed(std::string{"pool_shrink "} + scaled_already);
    w.running->resize(
        -static_cast<int>(std::clamp<std::int64_t>(integer_argument(a, "n", 1), 0, 1000)));
    w.set_prefetch();
    return ok("pool will shrink");
}

value autoscale(worker_core& w, const value& a)
{
    if (w.scaled.most == 0) return failed("ValueError('Autoscale not enabled')");
    const auto bound = [&a](const char* name) {
        const std::int64_t n = integer_argument(a, name, 0);
        return static_cast<std::size_t>(std::max<std::int64_t>(n, 0));
    };
    w.set_scale(bound("max"), bound("min"));
    w.adjust_pool();
    w.set_prefetch();
    return ok("autoscale now max=" + std::to_string(w.scaled.most) +
              " min=" + std::to_string(w.scaled.least));
}

value pool_restart(worker_core& w, const value&)
{
    if (!w.settings.pool_restarts) return failed("ValueError('Pool restarts not enabled')");
    w.running->restart();
    return ok("reload started");
}

value shut_down(worker_core& w, const value&)
{
    w.stop->open();
    return value();
}

/// What is not said is as of the queue.
queue_binding binding_argument(const value& a, const std::string& queue)
{
    const auto text = [&a](const char* name) {
        const value* const v = a.get_if(name);
        return v != nullptr && v->is_string() ? v->as<std::string>() : std::string{};
    };
    queue_binding from(text("exchange"), text("exchange_type"), text("routing_key"));
    if (from.exchange.empty() && from.type.empty() && from.routing_key.empty()) return from;
    if (from.exchange.empty()) from.exchange = queue;
    if (from.type.empty()) from.type = "direct";
    if (from.routing_key.empty()) from.routing_key = queue;
    return from;
}

awaitable<value> add_consumer(worker_core* w, value a)
{
    const std::string name = text_argument(a, "queue");
    const bool known = std::ranges::find(w->queues, name) != w->queues.end();
    if (known) co_return ok("add consumer " + name);
    const queue_binding from = binding_argument(a, name);
    auto adding = w->receiver->set_queue(name, true, from);
    co_await std::move(adding);
    w->queues.push_back(name);
    if (!from.exchange.empty()) w->bindings.insert_or_assign(name, from);
    co_return ok("add consumer " + name);
}

awaitable<value> cancel_consumer(worker_core* w, value a)
{
    const std::string name = text_argument(a, "queue");
    auto leaving = w->receiver->set_queue(name, false);
    co_await std::move(leaving);
    std::erase(w->queues, name);
    co_return ok("no longer consuming from " + name);
}

constexpr std::array methods = {
    remote_method{"revoke", revoke},
    remote_method{"terminate", terminate},
    remote_method{"revoke_by_stamped_headers", revoke_by_stamped_headers},
    remote_method{"rate_limit", rate_limit},
    remote_method{"time_limit", time_limit},
    remote_method{"enable_events", enable_events},
    remote_method{"disable_events", disable_events},
    remote_method{"heartbeat", heartbeat},
    remote_method{"pool_grow", pool_grow},
    remote_method{"pool_shrink", pool_shrink},
    remote_method{"autoscale", autoscale},
    remote_method{"pool_restart", pool_restart},
    remote_method{"add_consumer", nullptr, add_consumer},
    remote_method{"cancel_consumer", nullptr, cancel_consumer},
    remote_method{"shutdown", shut_down},
};

}  // namespace

std::span<const remote_method> control_methods()
{
    return methods;
}

}  // namespace ferry::tasks::detail
