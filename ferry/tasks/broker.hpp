#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/tasks/message.hpp"
#include "ferry/tasks/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::tasks {

/// The queue of calls that name no other, as Celery's.
inline constexpr std::string_view default_queue = "celery";

/// How long results are kept unless the app says otherwise, as Celery's `result_expires`.
inline constexpr std::chrono::seconds default_result_expiry = std::chrono::hours{24};

/// Where results are kept. Every operation may be called from any loop.
class result_store {
public:
    virtual ~result_store() = default;

    /// Keeps the document, and lets those who wait for it know. A stored SUCCESS stays as it is.
    virtual awaitable<void> store(result_document d) = 0;

    /// What is known of the task; PENDING if nothing is.
    virtual awaitable<result_document> find(std::string task_id) = 0;

    /// Waits, without polling, until the task is ready. Cancelling changes nothing.
    virtual awaitable<result_document> wait(std::string task_id) = 0;

    virtual awaitable<void> forget(std::string task_id) = 0;
};

/// A message that a consumer holds until it settles it.
struct delivery {
    delivery() = default;

    envelope content;
    std::string queue;
    std::uint64_t tag = 0;     ///< never 0 for a delivery
    bool redelivered = false;  ///< somebody held it before, and did not settle it
};

/// How a worker ends its dealings with a delivery.
enum class verdict {
    ack,      ///< done with
    requeue,  ///< not touched: somebody else shall have it
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
    /// crash in between lets the message come again, but loses nothing.
    virtual awaitable<void> settle(settlement s) = 0;

    /// Changes how many messages are held unsettled at most.
    virtual void prefetch(std::size_t count) = 0;

    /// Gives back what is not settled. No other call may follow.
    virtual awaitable<void> close() = 0;
};

/// Carries messages to workers. Every operation may be called from any loop.
class message_broker {
public:
    virtual ~message_broker() = default;

    /// Hands the message over; when it is done the broker answers for it. A message with an `eta`
    /// header is held back until then if the broker can; else the worker does it.
    virtual awaitable<void> publish(std::string queue, envelope e) = 0;

    /// \param results  where settle() stores results.
    virtual awaitable<std::unique_ptr<consumer>> consume(std::vector<std::string> queues,
                                                         std::size_t prefetch,
                                                         std::shared_ptr<result_store> results) = 0;

    /// How many messages wait in the queue, those with an eta included.
    virtual awaitable<std::int64_t> size(std::string queue) = 0;

    /// Drops the messages that wait in the queue; returns how many. As `celery purge`.
    virtual awaitable<std::int64_t> purge(std::string queue) = 0;
};

/// Opens the broker that a URL names. \throws error  unsupported: nobody knows the scheme.
///
///     sqlite:///var/lib/shop/tasks.db       a file, for the processes of one machine
///     sqlite:///path?durability=full        on disk before a call returns, also in a power cut
///     sqlite:///path?lease=2m               when the tasks of a worker that hangs are given away
///     (empty)                               $XDG_STATE_HOME/ferry/tasks.db
std::shared_ptr<message_broker> open_broker(const std::string& url);

/// Opens the result store that a URL names, beside the broker: a SQLite store in the broker's own
/// file shares its transactions. An empty URL is the broker's file if it has one, else the default.
std::shared_ptr<result_store> open_results(const std::string& url,
                                           const std::shared_ptr<message_broker>& beside,
                                           std::chrono::seconds expiry = default_result_expiry);

/// Where tasks are kept if nobody says: `$XDG_STATE_HOME/ferry/tasks.db`, by default
/// `~/.local/state/ferry/tasks.db`. The folder is made, for its owner alone.
std::string default_database();

}  // namespace ferry::tasks
