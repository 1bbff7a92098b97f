#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/zmq/message.hpp"
#include "ferry/zmq/socket.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>

namespace ferry::zmq {

/// How often, and how long, reliable_request() tries.
class reliable_options {
public:
    reliable_options() = default;
    reliable_options& timeout(std::chrono::milliseconds each) { return timeout_ = each, *this; }
    reliable_options& retries(int more) { return retries_ = more, *this; }

    std::chrono::milliseconds timeout() const noexcept { return timeout_; }
    int retries() const noexcept { return retries_; }

private:
    std::chrono::milliseconds timeout_{2500};
    int retries_ = 3;
};

/// Asks a REP or ROUTER, on a new REQ for each attempt, so that a server that died in the middle
/// does no harm. The request may be carried out more than once. The guide's lazy pirate.
/// \throws error(errc::no_answer)  none came in 1 + retries attempts.
awaitable<multipart> reliable_request(std::string endpoint, multipart request,
                                      reliable_options with = reliable_options());

/// Lets a REQ ask again before the answer has come, and take the last question's only.
void forgive(socket& req);

/// Between publishers and subscribers, keeps the last message of each topic and gives it to who
/// subscribes to that topic. The guide's last value cache.
///
///     zmq::last_value_cache cache("tcp://*:5557", "tcp://*:5558");
///     co_await cache.run();
class last_value_cache {
public:
    /// Past it, a new topic takes the place of any old one.
    static constexpr std::size_t max_topics = 1'000'000;

    /// Binds for publishers and for subscribers.
    last_value_cache(const std::string& publishers, const std::string& subscribers,
                     const context& of = context::instance());

    const std::string& publishers() const noexcept { return publishers_; }
    const std::string& subscribers() const noexcept { return subscribers_; }

    /// Passes messages on until it is cancelled. The first frame is the topic.
    awaitable<void> run();

private:
    awaitable<void> take();
    awaitable<void> greet();

    socket in_;
    socket out_;
    std::string publishers_;
    std::string subscribers_;
    std::unordered_map<std::string, multipart> last_;
};

/// A publisher that knows when subscribers begin to lose messages. A PUB alone drops them without a
/// word.
///
///     zmq::counting_publisher out(std::move(pub));
///     out.send(zmq::parts("prices", text));
///     if (out.overflows() > before) warn();
class counting_publisher {
public:
    /// \param to  a PUB or XPUB, bound or connected; its opt::xpub_nodrop is the counter's from
    /// now.
    explicit counting_publisher(socket to);

    /// Sends at once, to all subscribers but those whose queue of opt::sndhwm is full.
    void send(multipart all);

    std::uint64_t sent() const noexcept { return sent_; }

    /// How many messages found the queue of a subscriber full that had taken the one before. libzmq
    /// leaves it out from then on until it has read some, and does not tell what that costs it.
    std::uint64_t overflows() const noexcept { return overflows_; }

private:
    socket to_;
    std::uint64_t sent_ = 0;
    std::uint64_t overflows_ = 0;
};

/// Puts the time behind a message: milliseconds since 1970 as text. For subscribers that want to
/// know how late they are.
multipart stamped(multipart m);

/// A SUB that would rather end than work on old news: the guide's suicidal snail. Who publishes
/// puts the time behind each message, by stamped(), and both clocks must agree.
///
///     zmq::punctual_subscriber prices(std::move(sub), 500ms);
///     zmq::multipart news = co_await prices.next();
class punctual_subscriber {
public:
    punctual_subscriber(socket from, std::chrono::milliseconds max_lag)
        : from_{std::move(from)}, max_lag_{max_lag}
    {
    }

    /// The next message without its time.
    /// \throws error(errc::too_slow)  it was published more than `max_lag` ago. The reader cannot
    /// keep up: it should end, or begin anew with a new socket.
    /// \throws protocol_error with errc::bad_message  the last frame is no time.
    awaitable<multipart> next() { return next(this); }

private:
    static awaitable<multipart> next(punctual_subscriber* self);

    socket from_;
    std::chrono::milliseconds max_lag_;
};

}  // namespace ferry::zmq
