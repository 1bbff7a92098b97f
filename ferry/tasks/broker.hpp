#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/tasks/lease.hpp"
#include "ferry/tasks/message.hpp"
#include "ferry/tasks/result.hpp"
#include "ferry/tasks/sealed_envelope.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::tasks {

namespace detail {
class arrival;
class home;
}  // namespace detail

/// The queue of calls that name no other, as Celery's.
inline constexpr std::string_view default_queue = "celery";

/// How long results are kept unless the app says otherwise, as Celery's `result_expires`.
inline constexpr std::chrono::seconds default_result_expiry = std::chrono::hours{24};

/// How a part of a chord has ended.
struct chord_part {
    chord_part() = default;

    std::string task_id;  ///< empty: what was noted cannot be read; it counts as a FAILURE
    std::optional<std::int64_t> index;  ///< its place in the header
    std::string status;
    value result;
};
static_assert(awaitable_argument<chord_part>);

/// Where results are kept. Every operation may be called from any loop.
class result_store {
public:
    virtual ~result_store() = default;

    /// Keeps the document, and lets those who wait for it know. A stored SUCCESS stays as it is.
    virtual awaitable<void> store(result_document d) = 0;

    /// What is known of the task; PENDING if nothing is.
    virtual awaitable<result_document> find(std::string task_id) = 0;

    /// Waits until the task is ready, without polling if the store tells what is new. Cancelling
    /// changes nothing.
    virtual awaitable<result_document> wait(std::string task_id) = 0;

    virtual awaitable<void> forget(std::string task_id) = 0;

    /// A call of this id goes out, and its result will be asked for, probably: what can be prepared
    /// for wait() may be. Waits for nobody.
    /// \return what will tell that the result is here; null if the store hears of results only when
    /// somebody waits for them.
    virtual std::shared_ptr<detail::arrival> expect(const std::string&) { return nullptr; }

    /// What a call from here says about where its result goes; made ready when first asked for. Of
    /// interest to stores that send results to who waits for them; any text for all others.
    virtual awaitable<std::string> reply_to();

    /// Whether it matters what reply_to() says; if not, calls say any_reply_to() without asking.
    virtual bool wants_reply_to() const noexcept { return false; }
    static const std::string& any_reply_to();

    /// Begins to count the parts of a chord, before they are sent.
    /// \param header  its result, `[[id, parent], members]`, if groups are among the members, whose
    /// results stay lists of their own; else null.
    /// \throws error  unsupported: the store cannot count.
    virtual awaitable<void> begin_chord(std::string group, std::int64_t size, value header);

    /// Counts one more part of a chord that is not over yet.
    /// \throws error  unsupported: the store cannot count.
    virtual awaitable<void> add_part(std::string group);

    /// Notes that a part has ended. Noting one twice changes nothing.
    /// \returns all parts in order to whoever notes the last one, and to nobody else. What the
    /// header calls a group is one part, if none has failed.
    virtual awaitable<std::vector<chord_part>> end_part(std::string group, chord_part part);

    /// Whether begin_chord() and end_part() count; if not, a chord's body is called by the task
    /// `celery.chord_unlock`, which looks every second whether all parts are ready.
    virtual bool counts_chords() const { return true; }

    /// Whether results become JSON, which has no bytes; if not, they are pickled.
    virtual bool keeps_json() const { return true; }

    /// Whether old results go away; if not, the task `celery.backend_cleanup` calls clean_up(), and
    /// a beat sends it once a day.
    virtual bool expires_by_itself() const { return true; }

    /// Drops the results that are older than they are kept.
    virtual awaitable<void> clean_up();
};

/// A message that a consumer holds until it settles it.
struct delivery {
    delivery() = default;

    sealed_envelope content;
    std::string queue;
    std::string exchange;      ///< through which it came; empty: straight to the queue
    std::string routing_key;   ///< at that exchange
    std::uint64_t tag = 0;     ///< never 0 for a delivery
    bool redelivered = false;  ///< somebody held it before, and did not settle it
};

/// How a worker ends its dealings with a delivery.
enum class verdict {
    ack,      ///< done with
    requeue,  ///< somebody else shall have it; some brokers mark it as delivered before
    reject,   ///< not fit to be handled by anybody
};

struct outgoing {
    outgoing() = default;
    outgoing(std::string to, envelope e) : queue{std::move(to)}, content{std::move(e)} {}

    std::string queue;
    envelope content;
};

/// What a worker leaves behind when it ends a task: messages for what follows, the result, and the
/// fate of the delivery, in this order.
struct settlement {
    settlement() = default;

    std::uint64_t tag = 0;  ///< 0: the delivery is settled already
    tasks::verdict verdict = verdict::ack;
    std::vector<outgoing> publish;
    std::optional<result_document> result;
};
static_assert(awaitable_argument<settlement>);

/// Where a queue gets its messages from, if not only from those who name it: an exchange, as
/// RabbitMQ and kombu have them. Nothing is said by an empty name.
struct queue_binding {
    queue_binding() = default;
    queue_binding(std::string from, std::string kind, std::string key)
        : exchange{std::move(from)}, type{std::move(kind)}, routing_key{std::move(key)}
    {
    }

    std::string exchange;
    std::string type;  ///< `direct`, `topic`, `fanout`
    std::string routing_key;
    bool temporary = false;  ///< the queue goes when its consumer goes
};
static_assert(awaitable_argument<queue_binding>);

/// The receiving end of some queues, for one worker. receive() belongs to one coroutine; settle()
/// may be called from any loop.
class consumer {
public:
    virtual ~consumer() = default;

    /// Waits for messages, in the order in which they are to be handled. Never more are held
    /// unsettled than the consumer was opened for. A cancelled wait loses nothing.
    /// \throws error  the broker failed; whether another call may help is in its condition.
    virtual awaitable<std::vector<delivery>> receive() = 0;

    /// Publishes, stores and settles. A broker that can do so does it all at once; with others a
    /// crash in between lets the message come again, but loses nothing. Where only the delivery is
    /// to be settled it may return before the broker knows.
    virtual awaitable<void> settle(settlement s) = 0;

    /// The same without waiting for anybody: tried again until it is done, or hopeless, or given
    /// up. Any thread.
    /// \return false: this consumer cannot, and settle() is to be called; `s` is as it was.
    virtual bool settle_later(settlement& /*s*/) { return false; }

    /// Waits until all of that is done.
    virtual awaitable<void> settled();

    /// From now on a settlement fails if its result store is down, instead of waiting for that. Any
    /// thread.
    virtual void give_up() noexcept {}

    /// Changes how many messages are held unsettled at most: `usual`, and `waiting` beside those,
    /// which are held for long. For a moment the limits before and after may add up.
    virtual void prefetch(std::size_t usual, std::size_t waiting) = 0;

    /// Whether a delivery that is not settled is still this consumer's: after a lost connection the
    /// broker may give it to somebody again, and who has not begun with it should leave it alone.
    virtual bool holds(std::uint64_t) const noexcept { return true; }

    /// Begins to take messages from one more queue, or stops to take them from one. What is held
    /// already stays.
    /// \param from  where the new queue gets its messages; it is declared, as the queue is.
    /// \throws error  unsupported: the queues are fixed, or there are no such exchanges; else the
    ///                broker refused, and all is as before.
    virtual awaitable<void> set_queue(std::string name, bool consume,
                                      queue_binding from = queue_binding());

    /// Gives back what is not settled. No other call may follow.
    virtual awaitable<void> close() = 0;
};

/// The two ways beside the queues, from one to all: Celery's remote control with its replies, and
/// its events.
enum class bus {
    control,  ///< exchange `celery.pidbox`: every worker hears it
    replies,  ///< exchange `reply.celery.pidbox`: the one whose key it is
    events,   ///< exchange `celeryev`: whoever watches; the key is the event's type
};

/// Hears what is said on a bus. For one coroutine.
class listener {
public:
    virtual ~listener() = default;

    /// Waits for a message; what is said while the connection is lost is missed. A cancelled wait
    /// loses nothing.
    virtual awaitable<envelope> next() = 0;

    virtual awaitable<void> close() = 0;
};

/// What remote control shows of a broker: its place, and never a password.
struct broker_info {
    broker_info() = default;

    std::string transport;  ///< `amqp`, `redis`, `sqlite`
    std::string hostname;
    int port = 0;
    std::string user;
    std::string virtual_host;
};

/// Carries messages to workers. Every operation may be called from any loop.
class message_broker {
public:
    virtual ~message_broker() = default;

    /// Hands the message over; when it is done the broker answers for it. One that goes through an
    /// exchange is in its queues then, or lost if there are none. A message with an `eta`
    /// header is held back until then if the broker can; else the worker does it.
    virtual awaitable<void> publish(std::string queue, envelope e) = 0;

    /// The same with encode(m), which brokers do straight into their own form. `m` is read before
    /// this returns. \throws as encode(), at once
    /// \param result  ends the wait for the broker's word, too: who has run it, has it. May be
    /// null.
    virtual awaitable<void> publish(std::string queue, const message& m,
                                    const std::shared_ptr<detail::arrival>& /*result*/)
    {
        return publish(std::move(queue), encode(m));
    }

    /// \param results  where settle() stores results.
    virtual awaitable<std::unique_ptr<consumer>> consume(std::vector<std::string> queues,
                                                         std::size_t prefetch,
                                                         std::shared_ptr<result_store> results) = 0;

    /// How many messages wait in the queue, those with an eta included.
    virtual awaitable<std::int64_t> size(std::string queue) = 0;

    /// Drops the messages that wait in the queue; returns how many. As `celery purge`.
    virtual awaitable<std::int64_t> purge(std::string queue) = 0;

    /// Whether there are buses; the embedded broker has none.
    virtual bool has_buses() const noexcept { return false; }

    /// Begins to listen.
    /// \param name  names the listener: a worker's node, the id of who awaits replies.
    /// \param key   replies: the same id; events: `#` for all, or a pattern such as `worker.#`.
    /// \throws error  unsupported: there are no buses.
    virtual awaitable<std::unique_ptr<listener>> listen(bus on, std::string name, std::string key);

    /// Says something to whoever listens; nobody may.
    virtual awaitable<void> announce(bus on, std::string key, envelope e);

    /// What only one of those who ask by this name holds at a time; null if the broker has no such
    /// thing.
    /// \param length  who is not heard of for so long has lost it.
    virtual std::unique_ptr<lease> open_lease(std::string name, std::chrono::milliseconds length);

    virtual broker_info info() const = 0;

    /// The thread on which its connections live; null if it has none.
    virtual std::shared_ptr<detail::home> home() const noexcept { return nullptr; }
};

/// Opens the broker that a URL names. \throws error  unsupported: nobody knows the scheme.
///
///     sqlite:///var/lib/shop/tasks.db       a file, for the processes of one machine
///     sqlite:///path?durability=full        on disk before a call returns, also in a power cut
///     sqlite:///path?lease=2m               when the tasks of a worker that hangs are given away
///     redis://127.0.0.1/0?visibility_timeout=1h      Redis, and as all URLs of redis::options
///     amqp://guest:guest@127.0.0.1//?max_priority=9  RabbitMQ, and as all URLs of amqp::options
///     (empty)                               $XDG_STATE_HOME/ferry/tasks.db
std::shared_ptr<message_broker> open_broker(const std::string& url);

/// Opens the result store that a URL names, beside the broker: a SQLite store in the broker's own
/// file shares its transactions. `rpc://` sends results through the RabbitMQ of the broker to who
/// called. `db+sqlite:///PATH` and `db+postgresql://HOST/NAME` are the tables of Celery's database
/// backend. An empty URL means the broker's own: its file, its Redis, or `rpc://`.
std::shared_ptr<result_store> open_results(const std::string& url,
                                           const std::shared_ptr<message_broker>& beside,
                                           std::chrono::seconds expiry = default_result_expiry);

/// Where tasks are kept if nobody says: `$XDG_STATE_HOME/ferry/tasks.db`, by default
/// `~/.local/state/ferry/tasks.db`. The folder is made, for its owner alone.
std::string default_database();

}  // namespace ferry::tasks
