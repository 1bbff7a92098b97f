#pragma once

#include "ferry/core/error.hpp"
#include "ferry/core/time.hpp"
#include "ferry/core/value.hpp"
#include "ferry/tasks/message.hpp"

#include <chrono>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// \file
/// What may be said about a task where it is registered, and about a call where it is sent. Each
/// option is a small type; where both places take it, it means the same in both, and the call wins.
namespace ferry::tasks {

/// Which failures are worth another try.
struct retry_rule {
    retry_rule() = default;

    bool (*matches)(const std::exception_ptr&) = nullptr;
    std::int64_t max_retries = 0;
};

/// How a task is treated by its workers, as its registration says.
struct task_settings {
    task_settings() = default;

    std::vector<retry_rule> retries;
    std::chrono::milliseconds backoff_first = std::chrono::seconds{1};
    std::chrono::milliseconds backoff_max = std::chrono::minutes{10};
    bool jitter = true;
    bool acks_late = false;
    bool acks_on_failure = true;
    bool reject_on_worker_lost = false;
    bool ignore_result = false;
    bool track_started = false;
    std::optional<double> hard_time_limit;  ///< seconds
    std::optional<double> soft_time_limit;  ///< seconds
    std::string rate_limit;                 ///< `10/s`, `100/m`, `2/h`; empty: none
    std::string queue;                      ///< empty: the app's
    std::string exchange;                   ///< as in envelope
    std::string exchange_type;
    int priority = 0;
    std::vector<std::string> parameters;
};

/// How often a call is sent again if the broker cannot be reached, and when.
struct publish_policy {
    publish_policy() = default;

    int max_retries = 3;
    std::chrono::milliseconds interval_start{0};
    std::chrono::milliseconds interval_step{200};
    std::chrono::milliseconds interval_max{1000};

    /// The wait before the next try.
    /// \param retries  how many there were; the first try is none.
    std::chrono::milliseconds wait_after(int retries) const noexcept
    {
        const double grown = static_cast<double>(interval_start.count()) +
                             static_cast<double>(interval_step.count()) * retries;
        return grown < static_cast<double>(interval_max.count())
                   ? std::chrono::milliseconds{static_cast<std::int64_t>(grown)}
                   : interval_max;
    }
};

/// How one call is sent.
struct call_settings {
    call_settings() = default;

    std::string queue;       ///< empty: the task's
    bool immutable = false;  ///< takes no result of the task before it
    std::optional<std::chrono::milliseconds> countdown;
    std::optional<std::chrono::milliseconds> expires_in;
    std::optional<publish_policy> publishing;  ///< none: the app's
    tasks::message message;  ///< what the options fill in: eta, expires, priority, id, headers
};

/// Tries again, up to so many times, if the task throws an E: `retry_for<connection_error>(5)`.
/// The wait before each try is that of backoff(). As Celery's `autoretry_for`.
template <class E>
class retry_for {
public:
    explicit retry_for(std::int64_t max_retries = 3) : max_retries_{max_retries} {}
    void operator()(task_settings& s) const
    {
        retry_rule rule;
        rule.max_retries = max_retries_;
        rule.matches = [](const std::exception_ptr& failure) {
            try {
                std::rethrow_exception(failure);
            } catch (const E&) {
                return true;
            } catch (...) {
                return false;
            }
        };
        s.retries.push_back(rule);
    }

private:
    std::int64_t max_retries_;
};

/// How long to wait before the tries: `first`, then twice as long each time, up to `longest`; a
/// random part of that, so that many failed tasks do not come back at once, unless `jitter` is
/// false. 1 s, 10 min and true by default. As Celery's `retry_backoff`, `retry_backoff_max`,
/// `retry_jitter`.
class backoff {
public:
    explicit backoff(std::chrono::milliseconds first,
                     std::chrono::milliseconds longest = std::chrono::minutes{10},
                     bool jitter = true)
        : first_{first}, longest_{longest}, jitter_{jitter}
    {
    }
    void operator()(task_settings& s) const
    {
        s.backoff_first = first_;
        s.backoff_max = longest_;
        s.jitter = jitter_;
    }

private:
    std::chrono::milliseconds first_;
    std::chrono::milliseconds longest_;
    bool jitter_;
};

/// The message is settled when the task has ended, not when it begins: the task of a worker that is
/// killed comes again. It must bear to run twice. Off by default, as Celery's `acks_late`.
class acks_late {
public:
    explicit acks_late(bool on = true) : on_{on} {}
    void operator()(task_settings& s) const { s.acks_late = on_; }

private:
    bool on_;
};

/// Whether the message of a task that acks late is acked, too, when the task has failed; it is by
/// default. If not, it is rejected, and goes to its queue's dead-letter exchange if there is one.
/// As Celery's `acks_on_failure_or_timeout`.
class acks_on_failure {
public:
    explicit acks_on_failure(bool on) : on_{on} {}
    void operator()(task_settings& s) const { s.acks_on_failure = on_; }

private:
    bool on_;
};

/// A task that acks late goes back to its queue if its process dies, instead of failing with
/// WorkerLostError. One that always kills its process then comes again for ever. As Celery's
/// `reject_on_worker_lost`.
class reject_on_worker_lost {
public:
    explicit reject_on_worker_lost(bool on = true) : on_{on} {}
    void operator()(task_settings& s) const { s.reject_on_worker_lost = on_; }

private:
    bool on_;
};

/// How long the task may run: `soft`, when it is asked to end (a coroutine is cancelled, a function
/// may ask context::stop_requested()), and `hard`, when it is ended. A function can only be ended
/// in a worker with processes. Zero: no limit. As Celery's `soft_time_limit`, `time_limit`.
class time_limit {
public:
    explicit time_limit(std::chrono::milliseconds hard,
                        std::chrono::milliseconds soft = std::chrono::milliseconds{0})
        : hard_{hard}, soft_{soft}
    {
    }
    void operator()(task_settings& s) const
    {
        s.hard_time_limit = seconds(hard_);
        s.soft_time_limit = seconds(soft_);
    }
    void operator()(call_settings& s) const
    {
        s.message.hard_time_limit = seconds(hard_);
        s.message.soft_time_limit = seconds(soft_);
    }

private:
    static std::optional<double> seconds(std::chrono::milliseconds d)
    {
        if (d <= std::chrono::milliseconds{0}) return std::nullopt;
        return std::chrono::duration<double>(d).count();
    }
    std::chrono::milliseconds hard_;
    std::chrono::milliseconds soft_;
};

/// How often each worker begins the task at most: `10/s`, `100/m`, `2/h`. As Celery's `rate_limit`.
class rate_limit {
public:
    explicit rate_limit(std::string rate) : rate_{std::move(rate)} {}
    void operator()(task_settings& s) const { s.rate_limit = rate_; }

private:
    std::string rate_;
};

/// A worker that takes the task says so in its result: STARTED. As Celery's `track_started`.
class track_started {
public:
    explicit track_started(bool on = true) : on_{on} {}
    void operator()(task_settings& s) const { s.track_started = on_; }

private:
    bool on_;
};

/// The names of the task's parameters, by which callers may give them: `parameters("x", "y")`.
/// C++ does not keep them.
class parameters {
public:
    template <class... Names>
    explicit parameters(const Names&... names) : names_{std::string{names}...}
    {
    }
    void operator()(task_settings& s) const { s.parameters = names_; }

private:
    std::vector<std::string> names_;
};

/// No result is stored, and none is waited for: async_result::get gives null at once.
class ignore_result {
public:
    explicit ignore_result(bool on = true) : on_{on} {}
    void operator()(task_settings& s) const { s.ignore_result = on_; }
    void operator()(call_settings& s) const { s.message.ignore_result = on_; }

private:
    bool on_;
};

/// The queue that the calls go to, of an app, a task or one call; `celery` by default.
class queue {
public:
    explicit queue(std::string name) : name_{std::move(name)} {}
    template <class Settings>
    void operator()(Settings& s) const
        requires requires { s.queue = std::string(); }
    {
        s.queue = name_;
    }

private:
    std::string name_;
};

/// The exchange that the calls go through, of a task or one call, and the key that decides to which
/// of its queues: `exchange("images", "large.png")`. It has to be there already, unless `type` says
/// what it is: `direct`, `topic` or `fanout`. In Redis the type of those that are not direct has to
/// be known: it is told here, or the program's own worker has a queue there. As Celery's
/// `exchange`, `routing_key`. \throws error  when the call is sent: unsupported, the embedded
/// broker has none; not_found, RabbitMQ knows of none that is called so.
class exchange {
public:
    explicit exchange(std::string name, std::string routing_key, std::string type = {})
        : name_{std::move(name)}, routing_key_{std::move(routing_key)}, type_{std::move(type)}
    {
    }
    void operator()(task_settings& s) const
    {
        s.queue = routing_key_;
        s.exchange = name_;
        s.exchange_type = type_;
    }
    void operator()(call_settings& s) const
    {
        s.queue = routing_key_;
        s.message.exchange = name_;
        s.message.exchange_type = type_;
    }

private:
    std::string name_;
    std::string routing_key_;
    std::string type_;
};

/// All workers that listen run each call: of a task or a call, where it goes; of a worker, that it
/// listens, beside what it takes from its queues. A call that nobody listens to is lost. What it
/// returns is the result of whoever ends last. As kombu's `Broadcast(name)` in `task_queues`.
/// \throws error  as exchange
class broadcast_queue {
public:
    /// \param routing_key  as Celery's `task_default_routing_key`; it matters with Redis only.
    explicit broadcast_queue(std::string name, std::string routing_key = "celery")
        : name_{std::move(name)}, routing_key_{std::move(routing_key)}
    {
    }
    void operator()(task_settings& s) const { through()(s); }
    void operator()(call_settings& s) const { through()(s); }
    template <class Settings>
    void operator()(Settings& s) const
        requires requires { s.broadcasts.push_back(*this); }
    {
        s.broadcasts.push_back(*this);
    }

    const std::string& name() const noexcept { return name_; }
    const std::string& routing_key() const noexcept { return routing_key_; }

private:
    exchange through() const { return exchange(name_, routing_key_, "fanout"); }

    std::string name_;
    std::string routing_key_;
};

/// 0 (the default) to 9: a waiting message of a higher priority goes first.
class priority {
public:
    explicit priority(int level) : level_{level} {}
    void operator()(task_settings& s) const { s.priority = level_; }
    void operator()(call_settings& s) const { s.message.priority = level_; }

private:
    int level_;
};

/// An argument by its name, for a task that takes it so: `kwarg("y", 3)`. As Celery's `kwargs`.
class kwarg {
public:
    kwarg(std::string name, value content) : name_{std::move(name)}, content_{std::move(content)} {}
    void operator()(call_settings& s) const { s.message.kwargs.insert(name_, content_); }

private:
    std::string name_;
    value content_;
};

/// Not before so much time has passed.
class countdown {
public:
    explicit countdown(std::chrono::milliseconds wait) : wait_{wait} {}
    void operator()(call_settings& s) const { s.countdown = wait_; }

private:
    std::chrono::milliseconds wait_;
};

/// Not before that time.
class eta {
public:
    explicit eta(timestamp when) : when_{when} {}
    void operator()(call_settings& s) const { s.message.eta = when_; }

private:
    timestamp when_;
};

/// If no worker has taken the task by then, it is revoked.
class expires {
public:
    explicit expires(timestamp when) : when_{when} {}
    explicit expires(std::chrono::milliseconds wait) : wait_{wait} {}
    void operator()(call_settings& s) const
    {
        s.expires_in = wait_;
        s.message.expires = when_;
    }

private:
    std::optional<timestamp> when_;
    std::optional<std::chrono::milliseconds> wait_;
};

/// The id of the call, a UUID; a fresh one by default.
class task_id {
public:
    explicit task_id(std::string id) : id_{std::move(id)} {}
    void operator()(call_settings& s) const { s.message.id = id_; }

private:
    std::string id_;
};

/// Where the result goes if results are messages (`rpc://`), instead of to this program: what
/// result_store::reply_to() of that program says. Nobody else gets it. As Celery's `reply_to`.
class reply_to {
public:
    explicit reply_to(std::string where) : where_{std::move(where)} {}
    void operator()(call_settings& s) const { s.message.reply_to = where_; }

private:
    std::string where_;
};

/// A call, or every call of an app, is sent again if the broker cannot be reached or the connection
/// breaks before it has answered: up to so many times, the first after `interval_start`, each
/// further one `interval_step` later than the one before, at most `interval_max`. 3 times, after 0,
/// 0.2 and 0.4 s, if nothing else is said; never: `publish_retry(0)`. How long one try takes is
/// the broker's matter: one that refuses connections fails at once, and a connection that is lost
/// is waited for, 5 s with Redis, 10 s with RabbitMQ (amqp::options::timeout). A message that is
/// refused is not sent again; cancelling, or a timeout() around the call, ends the waits too.
///
/// If the connection broke when the broker had the message already, it has it twice then, with one
/// id: the task runs twice. As Celery's `retry`, `retry_policy`, `task_publish_retry` and
/// `task_publish_retry_policy`.
class publish_retry {
public:
    explicit publish_retry(
        int max_retries, std::chrono::milliseconds interval_start = publish_policy().interval_start,
        std::chrono::milliseconds interval_step = publish_policy().interval_step,
        std::chrono::milliseconds interval_max = publish_policy().interval_max)
    {
        policy_.max_retries = max_retries;
        policy_.interval_start = interval_start;
        policy_.interval_step = interval_step;
        policy_.interval_max = interval_max;
    }
    template <class Settings>
    void operator()(Settings& s) const
        requires requires { s.publishing = publish_policy(); }
    {
        s.publishing = policy_;
    }

private:
    publish_policy policy_;
};

/// A header of one's own, which the task may read: context::header().
class header {
public:
    header(std::string name, value content) : name_{std::move(name)}, content_{std::move(content)}
    {
    }
    void operator()(call_settings& s) const { s.message.headers.insert(name_, content_); }

private:
    std::string name_;
    value content_;
};

/// Marks the call, and all that follows it in a workflow: `stamp("customer", "17")`. What has a
/// stamp can be revoked by it. As Celery's `sig.stamp(customer="17")`.
class stamp {
public:
    stamp(std::string name, value content) : name_{std::move(name)}, content_{std::move(content)} {}
    void operator()(call_settings& s) const
    {
        value& headers = s.message.headers;
        for (const char* const each : {"stamped_headers", "stamps"}) {
            const bool is_list = std::string_view{each} == "stamped_headers";
            if (!headers.contains(each)) {
                headers.insert(each, is_list ? value::array() : value::object());
            }
        }
        value& stamps = headers["stamps"];
        if (!stamps.contains(name_)) {
            headers["stamped_headers"].push_back(name_);
            stamps.insert(name_, value::array());
        }
        stamps[name_].push_back(content_);
    }

private:
    std::string name_;
    value content_;
};

/// What logs, events and monitors show instead of the arguments, which may be secrets:
/// `argsrepr("(<card number>,)")`. As Celery's option of that name.
class argsrepr {
public:
    explicit argsrepr(std::string text) : text_{std::move(text)} {}
    void operator()(call_settings& s) const { s.message.args_repr = text_; }

private:
    std::string text_;
};

/// The same instead of the arguments that are given by their names.
class kwargsrepr {
public:
    explicit kwargsrepr(std::string text) : text_{std::move(text)} {}
    void operator()(call_settings& s) const { s.message.kwargs_repr = text_; }

private:
    std::string text_;
};

/// The name that logs, events and monitors show instead of the task's. As Celery's `shadow`.
class shadow {
public:
    explicit shadow(std::string name) : name_{std::move(name)} {}
    void operator()(call_settings& s) const { s.message.shadow = name_; }

private:
    std::string name_;
};

/// How the call's arguments are written: `json` (the default), `pickle`, `yaml`, `msgpack`. The
/// workers must accept it. \throws error  unsupported.
class serializer {
public:
    explicit serializer(std::string_view name) : name_{find_codec(name).name} {}
    void operator()(call_settings& s) const { s.message.serializer = name_; }

private:
    std::string name_;
};

/// The call's body is compressed: `zlib`, `bzip2`, `lzma`, `brotli`, `zstd`.
/// \throws error  unsupported.
class compression {
public:
    explicit compression(std::string_view name) : type_{find_compression(name)} {}
    void operator()(call_settings& s) const { s.message.compression = type_; }

private:
    std::string type_;
};

template <class T>
concept task_option = requires(const T& option, task_settings& s) { option(s); };
template <class T>
concept call_option = requires(const T& option, call_settings& s) { option(s); };

}  // namespace ferry::tasks
