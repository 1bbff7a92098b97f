#include "ferry/tasks/detail/remote_methods.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <utility>

namespace ferry::tasks::detail {
namespace {

std::string joined(const std::vector<std::string>& all)
{
    std::string text;
    for (const std::string& one : all) text += (text.empty() ? "" : ", ") + one;
    return text;
}

/// What Python takes for false.
bool is_falsy(const value* v)
{
    if (v == nullptr || v->is_null()) return true;
    if (v->is_boolean()) return !v->as<bool>();
    if (v->is_number()) return *v == value(0);
    return (v->is_string() && v->as<std::string_view>().empty()) ||
           ((v->is_sequence() || v->is_object()) && v->empty());
}

/// A number, or a name with or without `SIG`, as Celery takes it. \throws task_error  what Python
/// raises for any other.
int signal_argument(const value& arguments)
{
    const value* const v = arguments.get_if("signal");
    if (is_falsy(v)) return SIGTERM;
    if (v->is_integer()) {
        if (v->is_big() || v->as<std::int64_t>() < 1 || v->as<std::int64_t>() > SIGRTMAX) {
            throw task_error{"OSError", "builtins", "[Errno 22] Invalid argument"};
        }
        return v->as<int>();
    }
    std::string name = v->is_string() ? v->as<std::string>() : "";
    const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
    if (name.empty() || std::ranges::any_of(name, lower)) {
        refuse_type("signal name must be uppercase string.");
    }
    if (!name.starts_with("SIG")) name.insert(0, "SIG");
    for (int number = 1; number < SIGRTMIN; ++number) {
        const char* const known = ::sigabbrev_np(number);
        if (known != nullptr && name.substr(3) == known) return number;
    }
    throw task_error{"AttributeError", "builtins",
                     "module 'signal' has no attribute '" + name + "'"};
}

/// What Python says of ids that it cannot join.
void refuse_ids(const value& given)
{
    std::size_t at = 0;
    const auto look_at = [&at](const value& id) {
        const std::string type{python_type(id)};
        if (id.is_sequence() || id.is_object()) refuse_type("unhashable type: '" + type + "'");
        if (!id.is_string()) {
            refuse_type("sequence item " + std::to_string(at) + ": expected str instance, " + type +
                        " found");
        }
        ++at;
    };
    if (!given.is_sequence()) return look_at(given);
    for (const value& id : given) look_at(id);
}

value revoke(worker_core& w, const value& a)
{
    const std::vector<std::string> ids = ids_argument(a, "task_id");
    for (const std::string& id : ids) w.revoked_ids.add(id);
    if (!flag_argument(a, "terminate")) {
        if (!is_falsy(a.get_if("task_id"))) refuse_ids(a["task_id"]);
        return ok("tasks " + joined(ids) + " flagged as revoked");
    }
    const int signal = signal_argument(a);
    std::vector<std::string> found;
    for (const std::string& id : ids) {
        const roster::list all = w.people.with_id(id);
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
    if (a["headers"].is_object()) return a["headers"];
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

/// As Celery says it, which takes a negative one, too, and never runs its tasks.
std::string what_is_wrong_with_rate(const std::string& rate)
{
    const std::size_t slash = std::min(rate.size(), rate.find('/'));
    const std::string unit = rate.substr(std::min(rate.size(), slash + 1));
    if (!unit.empty() && unit != "s" && unit != "m" && unit != "h") {
        return "KeyError(" + python_repr(value(unit)) + ")";
    }
    const std::string number = rate.substr(0, slash);
    const std::string why =
        number.starts_with('-') && parse_rate(number.substr(1))
            ? "a rate limit cannot be negative: " + number
            : "could not convert string to float: " + python_repr(value(number));
    return "Invalid rate limit string: ValueError(" + python_repr(value(why)) + ")";
}

std::string rate_argument(const value& a)
{
    const value& given = a["rate_limit"];
    if (is_falsy(&given)) return {};
    if (given.is_string()) return given.as<std::string>();
    if (given.is_boolean()) return "1";
    if (given.is_number()) return python_repr(given);
    refuse_type("float() argument must be a string or a real number, not '" +
                std::string{python_type(given)} + "'");
}

value rate_limit(worker_core& w, const value& a)
{
    std::string rate = rate_argument(a);
    if (!parse_rate(rate)) return failed(what_is_wrong_with_rate(rate));
    const value& name = a["task_name"];
    if (!name.is_string() || !w.app->find(name.as<std::string>())) return failed("unknown task");
    const bool none = rate.empty();
    w.set_rate(name.as<std::string>(), std::move(rate));
    return ok(none ? "rate limit disabled successfully" : "new rate limit set successfully");
}

value time_limit(worker_core& w, const value& a)
{
    const value* const named = a.get_if("task_name");
    const std::string name = named != nullptr && named->is_string() ? named->as<std::string>() : "";
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
    auto fewer =
        static_cast<std::size_t>(std::clamp<std::int64_t>(integer_argument(a, "n", 1), 0, 1000));
    bool enough = true;
    if (w.processes) {
        // A process that is busy stays, as Celery's.
        const std::size_t idle =
            w.running->threads() - std::min(w.running->threads(), w.people.active_count());
        enough = fewer <= idle;
        fewer = std::min(fewer, idle);
    }
    w.running->resize(-static_cast<int>(fewer));
    w.set_prefetch();
    if (!enough) return failed(R"(ValueError("Can't shrink pool. All processes busy!"))");
    return ok("pool will shrink");
}

value autoscale(worker_core& w, const value& a)
{
    if (w.scaled.most == 0) return failed("ValueError('Autoscale not enabled')");
    const auto bound = [&a](const char* name) {
        const value* const v = a.get_if(name);
        const std::int64_t n = v != nullptr && v->is_null() ? 0 : integer_argument(a, name, 0);
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
    remote_method{"revoke", revoke, {must(rest("task_id"))}},
    remote_method{"terminate", terminate, {must(word("signal")), must(rest("task_id"))}},
    remote_method{"revoke_by_stamped_headers", revoke_by_stamped_headers, {must(named("headers"))}},
    remote_method{"rate_limit", rate_limit, {must(word("task_name")), must(word("rate_limit"))}},
    remote_method{"time_limit", time_limit, {word("task_name"), parsed("soft"), parsed("hard")}},
    remote_method{"enable_events", enable_events},
    remote_method{"disable_events", disable_events},
    remote_method{"heartbeat", heartbeat},
    remote_method{"pool_grow", pool_grow, {parsed("n")}},
    remote_method{"pool_shrink", pool_shrink, {parsed("n")}},
    remote_method{"autoscale", autoscale, {parsed("max"), parsed("min")}},
    remote_method{"pool_restart", pool_restart},
    remote_method{
        "add_consumer",
        nullptr,
        {must(word("queue")), word("exchange"), word("exchange_type"), word("routing_key")},
        add_consumer},
    remote_method{"cancel_consumer", nullptr, {must(word("queue"))}, cancel_consumer},
    remote_method{"shutdown", shut_down},
};

}  // namespace

std::span<const remote_method> control_methods()
{
    return methods;
}

}  // namespace ferry::tasks::detail
