#include "ferry/tasks/detail/remote_methods.hpp"
#include "ferry/tasks/detail/task_headers.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace ferry::tasks::detail {
namespace {

/// kombu's Redis transport says it only of those that came before.
value redelivered(const worker_core& w, const request& r)
{
    if (!r.redelivered && w.broker->info().transport == "redis") return value();
    return r.redelivered;
}

value info_of(const worker_core& w, const request& r, bool safe)
{
    const std::int64_t started = r.started_at;
    const bool runs = started != 0;
    return value::object("id", r.call.id, "name", r.shown_name(), "args",
                         safe ? value(shown_args(r.call)) : r.call.args, "kwargs",
                         safe ? value(shown_kwargs(r.call)) : r.call.kwargs, "type", r.call.task,
                         "hostname", w.node, "time_start",
                         runs ? value(static_cast<double>(started) / 1e6) : value(), "acknowledged",
                         r.acknowledged.load(), "delivery_info",
                         value::object("exchange", r.exchange, "routing_key",
                                       r.exchange.empty() ? r.queue : r.routing_key, "priority",
                                       r.call.priority, "redelivered", redelivered(w, r)),
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
    for (const auto& r : w.scheduled()) {
        list.push_back(value::object("eta",
                                     r->call.eta ? value(iso8601::format(*r->call.eta)) : value(),
                                     "priority", 6, "request", info_of(w, *r, false)));
    }
    return list;
}

value query_task(worker_core& w, const value& a)
{
    if (a["ids"].is_null()) refuse_type("'NoneType' object is not iterable");
    value found = value::object();
    for (const std::string& id : ids_argument(a, "ids")) {
        for (const auto& r : w.people.with_id(id)) {
            found.insert(id, value::array(w.people.state_of(*r), info_of(w, *r, false)));
        }
    }
    return found;
}

/// Of these four have names alone: they are signatures, and no tasks that anybody sends.
constexpr std::array built_ins = {
    "celery.accumulate",   "celery.backend_cleanup", "celery.chain", "celery.chord",
    "celery.chord_unlock", "celery.chunks",          "celery.group", "celery.map",
    "celery.starmap"};

const char* truth(bool b)
{
    return b ? "True" : "False";
}

/// Those that remote control or the worker has set go before the task's own.
worker_core::time_limits limits_of(const worker_core& w, const std::string& name,
                                   const task_settings& has)
{
    if (const auto at = w.limits.find(name); at != w.limits.end()) return at->second;
    return {has.hard_time_limit, has.soft_time_limit};
}

value registered(worker_core& w, const value& a)
{
    std::vector<std::string> items = ids_argument(a, "taskinfoitems");
    if (items.empty()) items = {"exchange", "routing_key", "rate_limit"};
    value list = value::array();
    std::vector<std::string> names = w.app->names();
    if (flag_argument(a, "builtins")) {
        names.insert(names.end(), built_ins.begin(), built_ins.end());
        std::ranges::sort(names);
    }
    for (const std::string& name : names) {
        const auto task = w.app->find_any(name);
        static const definition no_task;
        const task_settings& has = task ? task->settings : no_task.settings;
        std::string shown;
        const auto add = [&](const std::string& item, const std::string& text) {
            shown += (shown.empty() ? "" : " ") + item + "=" + text;
        };
        const auto add_limit = [&](const std::string& item, const std::optional<double>& seconds) {
            if (seconds) add(item, python_repr(value(*seconds)));
        };
        for (const std::string& item : items) {
            if (item == "name") add(item, name);
            if (item == "serializer") add(item, "json");
            if (item == "default_retry_delay") add(item, "180");
            if (item == "track_started") add(item, truth(has.track_started));
            if (item == "time_limit") add_limit(item, limits_of(w, name, has).hard);
            if (item == "soft_time_limit") add_limit(item, limits_of(w, name, has).soft);
            if (item == "rate_limit" && !w.rate_of(name).empty()) add(item, w.rate_of(name));
            if (item == "max_retries") {
                std::int64_t most = 3;
                for (const retry_rule& rule : has.retries) most = rule.max_retries;
                add(item, std::to_string(most));
            }
            if (item == "acks_late") add(item, truth(has.acks_late));
            if (item == "ignore_result") add(item, truth(has.ignore_result));
        }
        list.push_back(shown.empty() ? name : name + " [" + shown + "]");
    }
    return list;
}

value active_queues(worker_core& w, const value&)
{
    value list = value::array();
    for (const std::string& q : w.queues) {
        const auto bound = w.bindings.find(q);
        const queue_binding from =
            bound == w.bindings.end() ? queue_binding(q, "direct", q) : bound->second;
        value exchange = value::object("name", from.exchange, "type", from.type, "arguments",
                                       nullptr, "durable", true, "passive", false, "auto_delete",
                                       false, "delivery_mode", nullptr, "no_declare", false);
        list.push_back(value::object(
            "name", q, "exchange", std::move(exchange), "routing_key", from.routing_key,
            "queue_arguments", nullptr, "binding_arguments", nullptr, "consumer_arguments", nullptr,
            "durable", true, "exclusive", false, "auto_delete", from.temporary, "no_ack", false,
            "alias", from.temporary ? value(from.exchange) : value(), "bindings", value::array(),
            "no_declare", nullptr, "expires", nullptr, "message_ttl", nullptr, "max_length",
            nullptr, "max_length_bytes", nullptr, "max_priority", nullptr));
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

value login_method_of(const broker_info& at)
{
    return at.transport == "amqp" ? value("PLAIN") : value();
}

/// What Celery's pool tells of the pipes to its processes.
value writes_of(const worker_core& w)
{
    return value::object("total", w.people.total(), "avg", "", "all", "", "raw", "", "strategy",
                         "fair", "inqueues",
                         value::object("active", 0, "total", w.running->threads()));
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
    value pool = value::object(
        "implementation", w.processes ? "ferry:processes" : "ferry:threads", "max-concurrency",
        w.running->threads(), "processes", std::move(pids), "max-tasks-per-child", limit,
        "put-guarded-by-semaphore", false, "timeouts", value::array(0, 0), "writes", writes_of(w));
    const broker_info at = w.broker->info();
    value broker = value::object(
        "hostname", at.hostname, "userid", at.user.empty() ? value() : value(at.user),
        "virtual_host", at.virtual_host, "port", at.port, "insist", false, "ssl", false,
        "transport", at.transport, "connect_timeout", 4, "transport_options", value::object(),
        "login_method", login_method_of(at), "uri_prefix", nullptr, "heartbeat", 30.0,
        "failover_strategy", "round-robin", "alternates", value::array());
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

value number_or_null(const std::optional<double>& d)
{
    return d ? value(*d) : value();
}

value count_or_null(std::size_t n)
{
    return n == 0 ? value() : value(n);
}

value conf(worker_core& w, const value&)
{
    const app_settings& s = w.app->settings();
    const worker_settings& own = w.settings;
    value accepts = value::array();
    for (const std::string& type : s.accept.types()) accepts.push_back(find_codec(type).name);
    return value::object(
        "broker_url", masked(s.broker_url), "result_backend", masked(s.results_url),
        "accept_content", std::move(accepts), "enable_utc", true, "result_expires",
        s.result_expires.count(), "result_extended", s.result_extended, "result_serializer", "json",
        "task_default_queue", w.app->default_queue(), "task_protocol", 2, "task_serializer", "json",
        "task_send_sent_event", s.sent_events, "task_time_limit",
        number_or_null(own.hard_time_limit), "task_soft_time_limit",
        number_or_null(own.soft_time_limit), "timezone", "UTC", "worker_concurrency",
        w.running->threads(), "worker_max_memory_per_child", count_or_null(own.max_kib_per_child),
        "worker_max_tasks_per_child", count_or_null(own.max_tasks_per_child), "worker_pool",
        own.processes ? "ferry:processes" : "ferry:threads", "worker_pool_restarts",
        own.pool_restarts, "worker_prefetch_multiplier", own.prefetch_multiplier,
        "worker_send_task_events", own.task_events, "worker_state_db",
        own.state_db.empty() ? value() : value(own.state_db));
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

value hello(worker_core& w, const value& a)
{
    if (a.get("from_node", "") == w.node) return value();
    if (const value* ids = a.get_if("revoked")) learn_revoked(w, *ids);
    return value::object("revoked", told_revoked(w), "clock", w.clock->tick());
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

constexpr std::array methods = {
    remote_method{"ping", ping},
    remote_method{"active", active},
    remote_method{"reserved", reserved},
    remote_method{"scheduled", scheduled},
    remote_method{"query_task", query_task, {must(rest("ids"))}},
    remote_method{"registered", registered, {rest("taskinfoitems")}},
    remote_method{"active_queues", active_queues},
    remote_method{"stats", stats},
    remote_method{"conf", conf, {parsed("with_defaults")}},
    remote_method{"report", report},
    remote_method{"revoked", revoked},
    remote_method{"clock", clock},
    remote_method{"hello", hello, {must(named("from_node"))}},
    remote_method{"memsample", nothing},
    remote_method{"memdump", memory_dump, {parsed("samples")}},
    remote_method{"objgraph", no_graph, {word("type"), parsed("num"), parsed("max_depth")}},
    remote_method{"election", nothing, {must(named("id")), must(named("topic"))}},
};

}  // namespace

value told_revoked(const worker_core& w)
{
    const std::chrono::duration<double> stamp = std::chrono::steady_clock::now().time_since_epoch();
    value all = value::object();
    for (const std::string& id : w.revoked_ids.ids()) {
        all.insert(id, value::array(stamp.count(), id));
    }
    return all;
}

void learn_revoked(worker_core& w, const value& from)
{
    // Others' stamps belong to their own clocks: only the ids count.
    if (from.is_object()) {
        for (const auto& [id, stamp] : from.items()) w.revoked_ids.add(std::string{id});
    } else if (from.is_sequence()) {
        for (const value& id : from) {
            if (id.is_string()) w.revoked_ids.add(id.as<std::string>());
        }
    }
}

std::span<const remote_method> inspect_methods()
{
    return methods;
}

}  // namespace ferry::tasks::detail
