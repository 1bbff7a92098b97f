// The worker's side of remote control: Celery's commands and their replies.
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/core/uuid.hpp"
#include "ferry/tasks/control.hpp"
#include "ferry/tasks/detail/wire_json.hpp"
#include "ferry/tasks/detail/worker_core.hpp"

#include <fnmatch.h>
#include <re2/re2.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <set>
#include <utility>

namespace ferry::tasks::detail {
namespace {

using namespace std::chrono_literals;

value ok(std::string text)
{
    return value::object("ok", std::move(text));
}

value failed(std::string text)
{
    return value::object("error", std::move(text));
}

[[noreturn]] void refuse(std::string why)
{
    throw error{ferry::errc::malformed, std::move(why)};
}

[[noreturn]] void missing(std::string_view name)
{
    throw task_error{"TypeError", "builtins",
                     "missing 1 required positional argument: '" + std::string{name} + "'"};
}

std::string text_argument(const value& arguments, std::string_view name)
{
    const value* v = arguments.get_if(name);
    if (v == nullptr || !v->is_string()) missing(name);
    return v->as<std::string>();
}

bool flag_argument(const value& arguments, std::string_view name)
{
    const value* v = arguments.get_if(name);
    return v != nullptr && v->is_boolean() && v->as<bool>();
}

std::int64_t integer_argument(const value& arguments, std::string_view name, std::int64_t otherwise)
{
    const value* v = arguments.get_if(name);
    if (v == nullptr || v->is_null()) return otherwise;
    if (!v->is_integer() || v->is_big()) refuse(std::string{name} + ": not an integer");
    return v->as<std::int64_t>();
}

std::vector<std::string> ids_argument(const value& arguments, std::string_view name)
{
    std::vector<std::string> ids;
    const value* v = arguments.get_if(name);
    if (v == nullptr) return ids;
    if (v->is_string()) ids.push_back(v->as<std::string>());
    if (v->is_sequence()) {
        for (const value& id : *v) {
            if (id.is_string()) ids.push_back(id.as<std::string>());
        }
    }
    return ids;
}

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

value info_of(const worker_core& w, const request& r, bool safe)
{
    const std::int64_t started = r.started_at;
    const bool runs = started != 0;
    return value::object("id", r.call.id, "name", r.shown_name(), "args",
                         safe ? value(python_args_repr(r.call.args)) : r.call.args, "kwargs",
                         safe ? value(python_repr(r.call.kwargs)) : r.call.kwargs, "type",
                         r.call.task, "hostname", w.node, "time_start",
                         runs ? value(static_cast<double>(started) / 1e6) : value(), "acknowledged",
                         r.acknowledged.load(), "delivery_info",
                         value::object("exchange", "", "routing_key", r.queue, "priority",
                                       r.call.priority, "redelivered", r.redelivered),
                         "worker_pid", runs ? value(r.process.load()) : value());
}

value infos_of(const worker_core& w, const roster::list& all, bool safe)
{
    value list = value::array();
    for (const auto& r : all) list.push_back(info_of(w, *r, safe));
    return list;
}

value ping(worker_core&, const value&)
{
    return ok("pong");
}

value active(worker_core& w, const value& a)
{
    return infos_of(w, w.people.active(), flag_argument(a, "safe"));
}

value reserved(worker_core& w, const value& a)
{
    return infos_of(w, w.people.reserved(), flag_argument(a, "safe"));
}

value scheduled(worker_core& w, const value&)
{
    value list = value::array();
    for (const auto& r : w.people.scheduled()) {
        list.push_back(value::object("eta",
                                     r->call.eta ? value(iso8601::format(*r->call.eta)) : value(),
                                     "priority", 6, "request", info_of(w, *r, false)));
    }
    return list;
}

value query_task(worker_core& w, const value& a)
{
    value found = value::object();
    for (const std::string& id : ids_argument(a, "ids")) {
        for (const auto& r : w.people.with_id(id)) {
            found.insert(id, value::array(w.people.state_of(*r), info_of(w, *r, false)));
        }
    }
    return found;
}

value registered(worker_core& w, const value& a)
{
    std::vector<std::string> items = ids_argument(a, "taskinfoitems");
    if (items.empty()) items = {"exchange", "routing_key", "rate_limit"};
    value list = value::array();
    for (const std::string& name : w.app->names()) {
        if (name.starts_with("celery.") && !flag_argument(a, "builtins")) continue;
        const auto task = w.app->find(name);
        std::string shown;
        const auto add = [&](const std::string& item, const std::string& text) {
            shown += (shown.empty() ? "" : " ") + item + "=" + text;
        };
        for (const std::string& item : items) {
            if (item == "rate_limit" && !w.rate_of(name).empty()) add(item, w.rate_of(name));
            if (item == "max_retries") {
                std::int64_t most = 3;
                for (const retry_rule& rule : task->settings.retries) most = rule.max_retries;
                add(item, std::to_string(most));
            }
            if (item == "acks_late") add(item, task->settings.acks_late ? "True" : "False");
            if (item == "ignore_result") add(item, task->settings.ignore_result ? "True" : "False");
        }
        list.push_back(shown.empty() ? name : name + " [" + shown + "]");
    }
    return list;
}

value active_queues(worker_core& w, const value&)
{
    value list = value::array();
    for (const std::string& q : w.queues) {
        value exchange = value::object("name", q, "type", "direct", "arguments", nullptr, "durable",
                                       true, "passive", false, "auto_delete", false,
                                       "delivery_mode", nullptr, "no_declare", false);
        list.push_back(value::object(
            "name", q, "exchange", std::move(exchange), "routing_key", q, "queue_arguments",
            nullptr, "binding_arguments", nullptr, "consumer_arguments", nullptr, "durable", true,
            "exclusive", false, "auto_delete", false, "no_ack", false, "alias", nullptr, "bindings",
            value::array(), "no_declare", nullptr, "expires", nullptr, "message_ttl", nullptr,
            "max_length", nullptr, "max_length_bytes", nullptr, "max_priority", nullptr));
    }
    return list;
}

value used_resources()
{
    rusage u{};
    ::getrusage(RUSAGE_SELF, &u);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return value::object("utime", seconds(u.ru_utime), "stime", seconds(u.ru_stime), "maxrss",
                         u.ru_maxrss, "ixrss", u.ru_ixrss, "idrss", u.ru_idrss, "isrss", u.ru_isrss,
                         "minflt", u.ru_minflt, "majflt", u.ru_majflt, "nswap", u.ru_nswap,
                         "inblock", u.ru_inblock, "oublock", u.ru_oublock, "msgsnd", u.ru_msgsnd,
                         "msgrcv", u.ru_msgrcv, "nsignals", u.ru_nsignals, "nvcsw", u.ru_nvcsw,
                         "nivcsw", u.ru_nivcsw);
}

value stats(worker_core& w, const value&)
{
    value total = value::object();
    for (const auto& [name, count] : w.people.totals()) total.insert(name, count);
    value pids = value::array();
    if (w.processes) {
        for (const pid_t pid : w.processes->pids()) pids.push_back(pid);
    } else {
        pids.push_back(::getpid());
    }
    const value limit =
        w.settings.max_tasks_per_child == 0 ? value("N/A") : value(w.settings.max_tasks_per_child);
    value pool =
        value::object("implementation", w.processes ? "ferry:processes" : "ferry:threads",
                      "max-concurrency", w.running->threads(), "processes", std::move(pids),
                      "max-tasks-per-child", limit, "put-guarded-by-semaphore", false, "timeouts",
                      value::array(0, 0), "writes", value::object("total", w.processed.load()));
    const broker_info at = w.broker->info();
    value broker =
        value::object("hostname", at.hostname, "userid", at.user.empty() ? value() : value(at.user),
                      "virtual_host", at.virtual_host, "port", at.port, "insist", false, "ssl",
                      false, "transport", at.transport, "connect_timeout", 4, "transport_options",
                      value::object(), "login_method", "PLAIN", "uri_prefix", nullptr, "heartbeat",
                      30.0, "failover_strategy", "round-robin", "alternates", value::array());
    const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(
        std::chrono::steady_clock::now() - w.since);
    value all = value::object("total", std::move(total), "pid", ::getpid(), "clock",
                              std::to_string(w.clock->now()), "uptime", uptime.count(), "pool",
                              std::move(pool), "broker", std::move(broker), "prefetch_count",
                              w.prefetch(), "rusage", used_resources());
    if (w.scaled.most > 0) {
        all.insert("autoscaler",
                   value::object("max", w.scaled.most, "min", w.scaled.least, "current",
                                 w.running->threads(), "qty", w.at_hand()));
    }
    return all;
}

std::string masked(std::string url)
{
    const std::size_t at = url.find('@');
    const std::size_t begin = url.find("://");
    if (at == std::string::npos || begin == std::string::npos || begin > at) return url;
    const std::size_t colon = url.find(':', begin + 3);
    if (colon == std::string::npos || colon > at) return url;
    return url.substr(0, colon + 1) + "********" + url.substr(at);
}

value conf(worker_core& w, const value&)
{
    const app_settings& s = w.app->settings();
    return value::object(
        "broker_url", masked(s.broker_url), "result_backend", masked(s.results_url),
        "task_default_queue", w.app->default_queue(), "result_expires", s.result_expires.count(),
        "worker_concurrency", w.running->threads(), "worker_prefetch_multiplier",
        w.settings.prefetch_multiplier, "worker_send_task_events", w.settings.task_events,
        "task_serializer", "json", "accept_content", value::array("json"), "timezone", "UTC");
}

value report(worker_core& w, const value&)
{
    const app_settings& s = w.app->settings();
    return ok("\nsoftware -> ferry:0.1.0\nplatform -> system:Linux\nsettings -> transport:" +
              w.broker->info().transport + " results:" + masked(s.results_url) +
              "\n\nnode: " + w.node + "\n");
}

value revoked(worker_core& w, const value&)
{
    value list = value::array();
    for (const std::string& id : w.revoked_ids.ids()) list.push_back(id);
    return list;
}

value clock(worker_core& w, const value&)
{
    return value::object("clock", w.clock->now());
}

double monotonic()
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

/// Others' stamps belong to their own clocks: only the ids count.
void learn_revoked(worker_core& w, const value& from)
{
    if (from.is_object()) {
        for (const auto& [id, stamp] : from.items()) w.revoked_ids.add(std::string{id});
    } else if (from.is_sequence()) {
        for (const value& id : from) {
            if (id.is_string()) w.revoked_ids.add(id.as<std::string>());
        }
    }
}

value hello(worker_core& w, const value& a)
{
    if (a.get("from_node", "") == w.node) return value();
    if (const value* ids = a.get_if("revoked")) learn_revoked(w, *ids);
    value mine = value::object();
    for (const std::string& id : w.revoked_ids.ids()) {
        mine.insert(id, value::array(monotonic(), id));
    }
    return value::object("revoked", std::move(mine), "clock", w.clock->tick());
}

value nothing(worker_core&, const value&)
{
    return value();
}

value memory_dump(worker_core&, const value&)
{
    rusage u{};
    ::getrusage(RUSAGE_SELF, &u);
    return value("- rss: " + std::to_string(u.ru_maxrss) + " KiB at most\n");
}

value no_graph(worker_core&, const value&)
{
    return failed("not offered");
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
    if (!parse_rate(rate)) {
        return failed("Invalid rate limit string: ValueError(" + python_repr(value(rate)) + ")");
    }
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

awaitable<value> add_consumer(worker_core* w, value a)
{
    const std::string name = text_argument(a, "queue");
    const bool known = std::ranges::find(w->queues, name) != w->queues.end();
    if (known) co_return ok("add consumer " + name);
    auto adding = w->receiver->set_queue(name, true);
    co_await std::move(adding);
    w->queues.push_back(name);
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

struct command {
    std::string_view name;
    value (*now)(worker_core&, const value&);
    awaitable<value> (*later)(worker_core*, value) = nullptr;
};

constexpr std::array commands = {
    command{"ping", ping},
    command{"active", active},
    command{"reserved", reserved},
    command{"scheduled", scheduled},
    command{"query_task", query_task},
    command{"registered", registered},
    command{"active_queues", active_queues},
    command{"stats", stats},
    command{"conf", conf},
    command{"report", report},
    command{"revoked", revoked},
    command{"clock", clock},
    command{"hello", hello},
    command{"memsample", nothing},
    command{"memdump", memory_dump},
    command{"objgraph", no_graph},
    command{"revoke", revoke},
    command{"terminate", terminate},
    command{"revoke_by_stamped_headers", revoke_by_stamped_headers},
    command{"rate_limit", rate_limit},
    command{"time_limit", time_limit},
    command{"enable_events", enable_events},
    command{"disable_events", disable_events},
    command{"heartbeat", heartbeat},
    command{"pool_grow", pool_grow},
    command{"pool_shrink", pool_shrink},
    command{"autoscale", autoscale},
    command{"pool_restart", pool_restart},
    command{"add_consumer", nullptr, add_consumer},
    command{"cancel_consumer", nullptr, cancel_consumer},
    command{"shutdown", shut_down},
    command{"election", nothing},
};

bool is_meant(const worker_core& w, const value& body)
{
    const value* nodes = body.get_if("destination");
    if (nodes != nullptr && nodes->is_sequence() && !nodes->empty() &&
        std::find(nodes->begin(), nodes->end(), value(w.node)) == nodes->end()) {
        return false;
    }
    const value* pattern = body.get_if("pattern");
    if (pattern == nullptr || !pattern->is_string()) return true;
    const auto text = pattern->as<std::string>();
    if (body.get("matcher", value("pcre")) == value("glob")) {
        return ::fnmatch(text.c_str(), w.node.c_str(), 0) == 0;
    }
    re2::RE2::Options quiet;
    quiet.set_log_errors(false);
    const re2::RE2 compiled{text, quiet};
    return compiled.ok() &&
           compiled.Match(w.node, 0, w.node.size(), re2::RE2::ANCHOR_START, nullptr, 0);
}

awaitable<value> carry_out(worker_core* w, std::string method, value arguments)
{
    const auto* found = std::ranges::find(commands, method, &command::name);
    if (found == commands.end()) co_return failed("KeyError(" + python_repr(value(method)) + ")");
    value reply;
    try {
        if (found->now != nullptr) {
            reply = found->now(*w, arguments);
        } else {
            auto doing = found->later(w, std::move(arguments));
            reply = co_await std::move(doing);
        }
    } catch (const std::exception& e) {
        reply = failed(exception_repr(exception_to_value(std::current_exception())));
        log::warning("remote control", "method", method, "reason", e.what());
    }
    co_return reply;
}

awaitable<void> handle(worker_core* w, envelope e)
{
    const value body = parse_wire(e.body);
    if (const value* seen = e.headers.get_if("clock"); seen != nullptr && seen->is_integer()) {
        w->clock->saw(seen->as<std::int64_t>());
    }
    if (const value* expires = e.headers.get_if("expires"); expires && expires->is_number()) {
        const auto when = expires->to<double>();
        if (when > 0 && when < unix_time()) co_return;
    }
    if (!body.is_object() || !is_meant(*w, body)) co_return;
    const std::string method = body.get("method", "");
    value arguments = value::object();
    if (const value* given = body.get_if("arguments"); given && given->is_object()) {
        arguments = *given;
    }
    auto doing = carry_out(w, method, std::move(arguments));
    value reply = co_await std::move(doing);
    const value* to = body.get_if("reply_to");
    if (to == nullptr || !to->is_object() || method == "shutdown") co_return;
    envelope answer;
    answer.delivery_mode = 1;
    answer.headers = value::object("clock", w->clock->tick());
    if (const value* ticket = body.get_if("ticket")) answer.headers.insert("ticket", *ticket);
    answer.body = dump_wire(value::object(w->node, std::move(reply)));
    auto sending = w->broker->announce(bus::replies, to->get("routing_key", ""), std::move(answer));
    co_await std::move(sending);
}

awaitable<void> handle_safely(worker_core* w, envelope e)
{
    try {
        auto handling = handle(w, std::move(e));
        co_await std::move(handling);
    } catch (const std::exception& why) {
        log::warning("remote control: a command is dropped", "reason", why.what());
    }
}

awaitable<void> answer_election(worker_core* w, envelope e)
{
    try {
        const value event = parse_wire(e.body);
        if (!event.is_object()) co_return;
        if (const value* seen = event.get_if("clock"); seen && seen->is_integer()) {
            w->clock->saw(seen->as<std::int64_t>());
        }
        if (event.get("type", "") != "worker-elect") co_return;
        if (const value* id = event.get_if("id")) {
            w->events->put("worker-elect-ack", value::object("id", *id));
        }
    } catch (const error& why) {
        log::debug("event dropped", "reason", why.what());
    }
}

awaitable<std::unique_ptr<listener>> listen_at_last(worker_core* w, bus on, std::string name,
                                                    std::string key)
{
    while (true) {
        try {
            auto opening = w->broker->listen(on, name, key);
            co_return co_await std::move(opening);
        } catch (const error& e) {
            log::warning("remote control is not there yet", "reason", e.what());
        }
        co_await sleep(1s);
    }
}

}  // namespace

awaitable<void> worker_core::answer(worker_core* self)
{
    auto opening = listen_at_last(self, bus::control, self->node, "");
    const std::unique_ptr<listener> from = co_await std::move(opening);
    scope handling;
    while (true) {
        auto coming = from->next();
        envelope e = co_await std::move(coming);
        handling.start(handle_safely(self, std::move(e)));
    }
}

awaitable<void> worker_core::gossip(worker_core* self)
{
    auto opening = listen_at_last(self, bus::events, uuid4(), "worker.#");
    const std::unique_ptr<listener> from = co_await std::move(opening);
    while (true) {
        auto coming = from->next();
        envelope e = co_await std::move(coming);
        auto answering = answer_election(self, std::move(e));
        co_await std::move(answering);
    }
}

awaitable<void> worker_core::mingle(worker_core* self)
{
    try {
        remote_command hello_all("hello");
        value own = value::object();
        for (const std::string& id : self->revoked_ids.ids()) {
            own.insert(id, value::array(monotonic(), id));
        }
        value arguments = value::object("from_node", self->node, "revoked", std::move(own));
        hello_all.arguments(std::move(arguments));
        auto asking = broadcast(self->broker, std::move(hello_all));
        const value replies = co_await std::move(asking);
        for (const auto& [node, reply] : replies.items()) {
            if (!reply.is_object()) continue;
            if (const value* ids = reply.get_if("revoked")) learn_revoked(*self, *ids);
            if (const value* seen = reply.get_if("clock"); seen && seen->is_integer()) {
                self->clock->saw(seen->as<std::int64_t>());
            }
        }
    } catch (const error& e) {
        log::warning("the other workers are not asked what is revoked", "reason", e.what());
    }
}

}  // namespace ferry::tasks::detail
