#include "ferry/tasks/detail/worker_core.hpp"

#include "ferry/async/patience.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/tasks/detail/message_reader.hpp"
#include "ferry/tasks/detail/settle_at_last.hpp"
#include "ferry/tasks/detail/task_headers.hpp"
#include "ferry/tasks/detail/wire_json.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstdlib>
#include <utility>

namespace ferry::tasks::detail {
namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

constexpr auto pause_after_failure = 1s;
constexpr auto far_away = 1h;
// A worker takes no more in advance than it does in this time, or what its settings say.
constexpr auto ahead = 20ms;
constexpr std::size_t most_ahead = 256;
// One lane is enough for what is done within so many seconds; if it is not, others help.
constexpr double soon = 0.0003;

value or_null(const std::string& text)
{
    return text.empty() ? value{} : value{text};
}

value time_or_null(const std::optional<timestamp>& time)
{
    return time ? value{iso8601::format(*time)} : value{};
}

std::string node_name(const std::string& wanted)
{
    if (wanted.empty()) return "celery@" + host_name();
    std::string name;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (wanted[i] != '%' || i + 1 == wanted.size()) {
            name += wanted[i];
            continue;
        }
        const std::string& host = host_name();
        switch (wanted[++i]) {
            case 'h': name += host; break;
            case 'n': name += host.substr(0, host.find('.')); break;
            case 'd':
                name += host.find('.') == std::string::npos ? "" : host.substr(host.find('.') + 1);
                break;
            default: name += wanted[i]; break;
        }
    }
    if (name.find('@') == std::string::npos) name += "@" + host_name();
    return name;
}

}  // namespace

std::optional<double> parse_rate(std::string_view text)
{
    if (text.empty()) return 0.0;
    const std::size_t slash = text.find('/');
    std::string_view number = text.substr(0, slash);
    while (number.starts_with(' ')) number.remove_prefix(1);
    while (number.ends_with(' ')) number.remove_suffix(1);
    double count = 0;
    const auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), count);
    if (failed != std::errc{} || end != number.data() + number.size() || count < 0) {
        return std::nullopt;
    }
    if (slash == std::string_view::npos) return count;
    const std::string_view unit = text.substr(slash + 1);
    if (unit == "s") return count;
    if (unit == "m") return count / 60;
    if (unit == "h") return count / 3600;
    return std::nullopt;
}

worker_core::worker_core(std::shared_ptr<app_core> of, worker_settings s)
    : app{std::move(of)}, settings{std::move(s)}, node{node_name(settings.name)}
{
    queues = settings.queues;
    if (settings.autoscale_max > 0) set_scale(settings.autoscale_max, settings.autoscale_min);
    if (!settings.hard_time_limit && !settings.soft_time_limit) return;
    for (const std::string& name : app->names()) {
        const task_settings& own = app->find(name)->settings;
        limits[name] =
            time_limits{own.hard_time_limit ? own.hard_time_limit : settings.hard_time_limit,
                        own.soft_time_limit ? own.soft_time_limit : settings.soft_time_limit};
    }
}

std::size_t worker_core::prefetch() const
{
    const std::size_t now_there = running ? running->threads() : settings.concurrency;
    const std::size_t threads = scaled.most > 0 ? scaled.most : now_there;
    const std::size_t usual = threads * settings.coroutines * settings.prefetch_multiplier;
    return std::max({std::size_t{1}, usual, ahead_}) + extra_;
}

/// Short tasks are taken many at a time: a few of them would be gone before the next can be there.
void worker_core::follow_pace()
{
    const auto clock_now = steady::now();
    const std::chrono::duration<double> passed = clock_now - paced_at_;
    if (passed < ahead / 2 || settings.prefetch_multiplier == 1) return;
    const std::uint64_t ended = processed;
    const double pace = static_cast<double>(ended - paced_) / passed.count();
    paced_ = ended;
    paced_at_ = clock_now;
    const double in_time = pace * std::chrono::duration<double>(ahead).count();
    const auto wanted = static_cast<std::size_t>(std::min<double>(in_time, most_ahead));
    if (wanted <= ahead_ && wanted >= ahead_ / 4) return;
    ahead_ = std::bit_ceil(wanted);
    set_prefetch();
}

void worker_core::set_prefetch()
{
    receiver->prefetch(prefetch() - extra_, extra_);
}

awaitable<void> worker_core::receive(worker_core* self)
{
    while (true) {
        std::vector<delivery> arrived;
        bool failed = false;
        try {
            auto receiving = self->receiver->receive();
            arrived = co_await std::move(receiving);
        } catch (const error& e) {
            log::error("broker failed", "reason", e.what());
            failed = true;
        }
        if (failed) co_await sleep(pause_after_failure);
        for (delivery& d : arrived) self->accept(std::move(d), moment::early);
        self->push_ready();
        self->follow_pace();
    }
}

std::shared_ptr<request> worker_core::request_of(const delivery& d) const
{
    auto made = std::make_shared<request>(d.queue, d.tag, d.redelivered);
    decode_into(made->call, d.content, app->accept());
    made->exchange = d.exchange;
    made->routing_key = d.routing_key;
    return made;
}

void worker_core::accept(delivery d, moment when)
{
    std::shared_ptr<request> r;
    try {
        if (processes) static_cast<void>(d.content.open());  // it must be fit for them
        r = request_of(d);
    } catch (const error& e) {
        log::error("task message dropped", "queue", d.queue, "reason", e.what());
        settlement s;
        s.tag = d.tag;
        s.verdict = verdict::reject;
        settling.start(settle_at_last(receiver.get(), std::move(s), &giving_up_));
        return;
    }
    r->task = app->find_any(r->call.task);
    if (when == moment::early) {
        if (!r->task) {
            log::error("unknown task", "task", r->call.task, "id", r->call.id);
            return end_unrun(r, unknown_task(*r));
        }
        if (revoked_ids.contains(r->call.id) || revoked_by_stamp.contain(r->call.headers)) {
            return end_unrun(r, revoked(*r));
        }
        const timestamp present = now();
        if (r->call.expires && *r->call.expires <= present) return end_unrun(r, expired(*r));
        if (events->tasks_wanted) tell_received(*r);
        if (r->call.eta && *r->call.eta > present) return hold(std::move(d), *r->call.eta);
    }
    if (const auto at = limits.find(r->call.task); at != limits.end()) {
        if (!r->call.hard_time_limit) r->call.hard_time_limit = at->second.hard;
        if (!r->call.soft_time_limit) r->call.soft_time_limit = at->second.soft;
        if (processes && d.content.open().headers.contains("task")) {
            const auto seconds = [](const std::optional<double>& s) {
                return s ? value(*s) : value();
            };
            d.content.open().headers.insert(
                "timelimit",
                value::array(seconds(r->call.hard_time_limit), seconds(r->call.soft_time_limit)));
        }
    }
    if (processes) r->content = std::make_unique<envelope>(std::move(d.content.open()));
    enqueue(std::move(r));
}

void worker_core::tell_received(const request& r)
{
    const message& m = r.call;
    events->put("task-received",
                value::object("uuid", m.id, "name", r.shown_name(), "args", shown_args(m), "kwargs",
                              shown_kwargs(m), "root_id", or_null(m.root_id), "parent_id",
                              or_null(m.parent_id), "retries", m.retries, "eta",
                              time_or_null(m.eta), "expires", time_or_null(m.expires)));
}

/// One that waits for its time takes nobody's place.
void worker_core::hold(delivery d, timestamp until)
{
    held_.emplace(until, std::move(d));
    ++extra_;
    set_prefetch();
    changed_.set();
}

roster::list worker_core::scheduled() const
{
    roster::list all;
    for (const auto& [until, what] : held_) all.push_back(request_of(what.unpack()));
    return all;
}

bool worker_core::take_token(bucket& from)
{
    const auto clock_now = steady::now();
    const std::chrono::duration<double> passed = clock_now - from.at;
    from.tokens = std::min(1.0, from.tokens + passed.count() * from.rate);
    from.at = clock_now;
    if (from.tokens < 1) return false;
    from.tokens -= 1;
    return true;
}

void worker_core::enqueue(std::shared_ptr<request> r)
{
    const auto at = buckets_.find(r->call.task);
    const bool known = at != buckets_.end();
    const double rate = known ? at->second.rate : parse_rate(rate_of(*r)).value_or(0);
    if (rate > 0) {
        people.add({r});
        bucket& b = buckets_[r->call.task];
        b.rate = rate;
        b.waiting.push_back(std::move(r));
        changed_.set();
        return;
    }
    ready_.push_back(std::move(r));
}

void worker_core::push_ready()
{
    if (ready_.empty()) return;
    people.add(ready_);
    // To wake a thread up costs more than a short task.
    const double together = usual_seconds_ * static_cast<double>(ready_.size());
    const auto hands = together < soon ? job_queue::hands::one : job_queue::hands::many;
    const bool left = running->jobs().push(std::exchange(ready_, {}), hands);
    if (left) look_.start_after(patience::until_tick(steady::now()));
}

std::string_view worker_core::rate_of(const request& r) const
{
    if (const auto at = rates_.find(r.call.task); at != rates_.end()) return at->second;
    return r.task ? std::string_view{r.task->settings.rate_limit} : std::string_view{};
}

std::string worker_core::rate_of(const std::string& task) const
{
    if (const auto at = rates_.find(task); at != rates_.end()) return at->second;
    const auto known = app->find(task);
    return known ? known->settings.rate_limit : std::string{};
}

void worker_core::set_rate(const std::string& task, std::string rate)
{
    const double times = parse_rate(rate).value_or(0);
    rates_[task] = std::move(rate);
    const auto at = buckets_.find(task);
    if (at == buckets_.end()) return;
    at->second.rate = times;
    if (times == 0) {
        running->jobs().push({at->second.waiting.begin(), at->second.waiting.end()});
        buckets_.erase(at);
    }
    changed_.set();
}

/// Hands over what is due. \return when there is more.
timestamp worker_core::release_due()
{
    const timestamp present = now();
    timestamp next = present + far_away;
    bool fewer = false;
    while (!held_.empty() && held_.begin()->first <= present) {
        delivery d = held_.begin()->second.unpack();
        held_.erase(held_.begin());
        --extra_;
        fewer = true;
        accept(std::move(d), moment::due);
    }
    push_ready();
    if (fewer) set_prefetch();
    if (!held_.empty()) next = std::min(next, held_.begin()->first);
    for (auto& [name, b] : buckets_) {
        std::vector<std::shared_ptr<request>> due;
        while (!b.waiting.empty() && take_token(b)) {
            due.push_back(std::move(b.waiting.front()));
            b.waiting.pop_front();
        }
        running->jobs().push(std::move(due));
        if (b.waiting.empty()) continue;
        const auto wait = std::chrono::duration<double>((1 - b.tokens) / b.rate);
        next = std::min(next, present + std::chrono::ceil<std::chrono::microseconds>(wait) + 1ms);
    }
    return next;
}

awaitable<void> worker_core::release(worker_core* self)
{
    while (true) {
        self->changed_.clear();
        const timestamp next = self->release_due();
        const auto wait = std::max<timestamp::duration>(next - now(), 100us);
        try {
            auto waiting = timeout(wait, self->changed_.wait(), "what is due");
            co_await std::move(waiting);
        } catch (const timeout_error&) {
            continue;
        }
    }
}

namespace {

awaitable<void> end_at_last(std::shared_ptr<app_core> app, std::shared_ptr<result_store> results,
                            std::shared_ptr<request> what, performed how, consumer* receiver,
                            const std::atomic<bool>* giving_up, std::shared_ptr<feed> events)
{
    auto telling = follow_up(app, std::move(results), what, std::move(how));
    performed told = co_await std::move(telling);
    if (app->settings().sent_events) events->put_sent(told.leaves.publish);
    told.leaves.tag = what->tag;
    auto settling = settle_at_last(receiver, std::move(told.leaves), giving_up);
    co_await std::move(settling);
}

}  // namespace

void worker_core::end_unrun(const std::shared_ptr<request>& r, const performed& how)
{
    performed told = how;
    if (told.leaves.result && app->settings().result_extended) {
        told.leaves.result->call = origin_of(*r, node);
    }
    settling.start(
        end_at_last(app, results, r, std::move(told), receiver.get(), &giving_up_, events));
    tell_end(*r, how, 0);
    people.end(r);
    ++processed;
}

std::optional<std::unique_ptr<performed>> worker_core::begins(request& what)
{
    // The broker gives it to somebody again.
    if (!receiver->holds(what.tag)) return std::nullopt;
    if (revoked_ids.contains(what.call.id) || revoked_by_stamp.contain(what.call.headers)) {
        return std::make_unique<performed>(revoked(what));
    }
    if (what.call.expires && *what.call.expires <= now()) {
        return std::make_unique<performed>(expired(what));
    }
    what.started_at = now().time_since_epoch().count();
    what.watchers = &events->tasks_wanted;
    people.start(what.shared_from_this());
    if (events->tasks_wanted) events->put("task-started", value::object("uuid", what.call.id));
    return std::unique_ptr<performed>();
}

void worker_core::tell_end(const request& what, const performed& how, double seconds)
{
    if (!events->tasks_wanted) return;
    value fields = value::object("uuid", what.call.id);
    if (how.state == state::success) {
        fields.insert("result", how.repr);
        fields.insert("runtime", seconds);
        events->put("task-succeeded", std::move(fields));
    } else if (how.state == state::revoked) {
        const int signal = what.terminated_by();
        fields.insert("terminated", signal != 0);
        fields.insert("signum", signal != 0 ? value(signal) : value());
        fields.insert("expired", what.call.expires && *what.call.expires <= now());
        events->put("task-revoked", std::move(fields));
    } else if (how.state == state::rejected && !what.acknowledged) {
        fields.insert("requeue", how.leaves.verdict == verdict::requeue);
        events->put("task-rejected", std::move(fields));
    } else if (how.state != state::ignored && how.state != state::rejected) {
        fields.insert("exception", how.repr);
        fields.insert("traceback", how.traceback);
        events->put(how.state == state::retry ? "task-retried" : "task-failed", std::move(fields));
    }
}

void worker_core::ended(const std::shared_ptr<request>& what, const performed& how, double seconds)
{
    const bool counts = seconds >= 0;
    if (counts && app->settings().sent_events) events->put_sent(how.leaves.publish);
    if (counts) tell_end(*what, how, seconds);
    people.end(what);
    if (!counts) return;
    ++processed;
    const double before = usual_seconds_.load(std::memory_order_relaxed);
    usual_seconds_.store(before + (seconds - before) / 8, std::memory_order_relaxed);
}

void worker_core::put_heartbeat(std::string_view type)
{
    std::array<double, 3> load{};
    if (::getloadavg(load.data(), 3) != 3) load.fill(0);
    const auto two_digits = [](double d) {
        return static_cast<double>(static_cast<std::int64_t>(d * 100 + 0.5)) / 100;
    };
    const std::chrono::duration<double> each = heartbeats() ? settings.heartbeat_interval : 2s;
    events->put(type, value::object("freq", each.count(), "active", people.active_count(),
                                    "processed", people.total(), "loadavg",
                                    value::array(two_digits(load[0]), two_digits(load[1]),
                                                 two_digits(load[2])),
                                    "sw_ident", "ferry", "sw_ver", "0.1.0", "sw_sys", "Linux"));
}

awaitable<void> worker_core::beat(worker_core* self)
{
    self->put_heartbeat("worker-online");
    while (true) {
        self->put_heartbeat("worker-heartbeat");
        co_await sleep(self->settings.heartbeat_interval);
    }
}

}  // namespace ferry::tasks::detail
