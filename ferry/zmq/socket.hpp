#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/async/task.hpp"
#include "ferry/core/value.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/formats/pickle.hpp"
#include "ferry/zmq/context.hpp"
#include "ferry/zmq/error.hpp"
#include "ferry/zmq/message.hpp"
#include "ferry/zmq/monitor_event.hpp"
#include "ferry/zmq/operation.hpp"
#include "ferry/zmq/option.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace ferry::zmq {

namespace detail {
class socket_core;
}

/// libzmq's own numbers. Its draft types (SERVER, CLIENT, RADIO, DISH, GATHER, SCATTER, DGRAM,
/// PEER, CHANNEL) are refused: Debian's library makes them, but cannot use them.
enum class socket_type : int {
    pair = 0,
    pub = 1,
    sub = 2,
    req = 3,
    rep = 4,
    dealer = 5,
    router = 6,
    pull = 7,
    push = 8,
    xpub = 9,
    xsub = 10,
    stream = 11,
};
using enum socket_type;

/// `PUSH`, `REQ`...
std::string_view name(socket_type type) noexcept;

enum class send_flags : int {
    none = 0,
    sndmore = 2,  ///< further frames of the same message follow
};
using enum send_flags;

class attachment;
class monitor;
class poller;
class poll_result;

/// A socket of ZeroMQ: a queue of messages towards any number of peers, which come and go by
/// themselves. As zmq.asyncio.Socket, by PyZMQ's names (recv is receive).
///
///     zmq::socket server(zmq::rep);
///     server.bind("tcp://127.0.0.1:5000");
///     std::string question = co_await server.receive_string();
///     co_await server.send("I don't know.");
///
/// Belongs to the thread that makes it, and to its loop. Any number of coroutines may wait on one
/// socket; they are served in order. Movable; the destructor closes. An operation that waits when
/// the socket is closed throws error(errc::closed).
///
/// Every operation throws context_terminated once the context is, and wrong_state if REQ or REP are
/// out of turn. Cancelled: nothing was sent or received, and nothing is lost.
class socket {
public:
    /// \throws error(errc::draft)  a draft type.
    /// \throws error  EMFILE: too many sockets or open files.
    explicit socket(socket_type type) : socket(context::instance(), type) {}
    socket(const context& of, socket_type type);
    socket(socket&&) noexcept = default;
    socket& operator=(socket&& other) noexcept;
    ~socket();

    /// \name Endpoints
    /// `tcp://host:port`, `ipc://path`, `ipc://@abstract`, `inproc://name`, `tipc://...`,
    /// `pgm://...`, `epgm://...`. A socket may have any number.
    /// @{

    /// `tcp://127.0.0.1:*` takes any free port, `tcp://*:5000` all interfaces.
    /// \return the real endpoint.
    /// \throws bind_error  the address is in use, or not of this machine.
    /// \throws invalid_endpoint
    std::string bind(const std::string& endpoint);

    /// Returns at once: the connection is made, and made again, in the background; a name that has
    /// no address is looked up again and again. A monitor tells what happens.
    /// \throws invalid_endpoint
    void connect(const std::string& endpoint);

    /// The same for tcp, after a look-up of the name. \throws resolve_error  it has no address.
    awaitable<void> connect_resolved(std::string endpoint);

    /// \throws error  ENOENT: it is not bound, or connected, there.
    void unbind(const std::string& endpoint);
    void disconnect(const std::string& endpoint);

    /// The same until the end of what is returned. As `with s.bind(endpoint):`.
    [[nodiscard]] attachment scoped_bind(const std::string& endpoint);
    [[nodiscard]] attachment scoped_connect(const std::string& endpoint);

    /// Binds to `address:port` for a random port from `min` to `max` - 1. \return the port.
    /// \throws bind_error  none of `tries` was free.
    std::uint16_t bind_to_random_port(const std::string& address, std::uint16_t min = 49152,
                                      std::uint32_t max = 65536, int tries = 100);

    std::string last_endpoint() const { return get(opt::last_endpoint); }
    /// @}

    /// \name Sending and receiving
    /// @{

    /// Sends a frame, and waits while no peer can take it (PUSH, DEALER, REQ, PAIR: none is there,
    /// or all have sndhwm messages waiting; PUB and ROUTER drop instead).
    /// \throws timeout_error  opt::sndtimeo is over.
    send_operation send(message m, send_flags flags = send_flags::none);
    send_operation send(std::string_view text, send_flags flags = send_flags::none);
    send_operation send(const std::string& text, send_flags flags = send_flags::none)
    {
        return send(std::string_view{text}, flags);
    }
    send_operation send(const char* text, send_flags flags = send_flags::none)
    {
        return send(std::string_view{text}, flags);
    }
    send_operation send(std::string&& text, send_flags flags = send_flags::none)
    {
        return send(message(std::move(text)), flags);
    }

    /// Receives a frame; message::more() says whether its message has more.
    /// \throws timeout_error  opt::rcvtimeo is over.
    receive_operation receive();

    /// All frames of a message: all are sent, or none.
    awaitable<void> send_multipart(multipart all);
    awaitable<multipart> receive_multipart();

    /// The same without waiting: whether the message was taken; else it is unchanged.
    bool try_send(message& m, send_flags flags = send_flags::none);
    bool try_send(message&& m, send_flags flags = send_flags::none) { return try_send(m, flags); }
    std::optional<message> try_receive();
    bool try_send_multipart(multipart& all);
    std::optional<multipart> try_receive_multipart();

    /// Receives into `into`, whose memory is used again. `into` must stay valid.
    receive_into_operation receive_into(message& into);

    /// Receives as many frames as are there, one at least, into the elements of `into` from the
    /// first on. The fastest way for many small messages, as one operation is for all of them:
    ///
    ///     std::vector<zmq::message> some(64);
    ///     const std::size_t count = co_await s.receive_some(some);
    ///
    /// `into` must stay valid, and have one element at least. \return how many.
    awaitable<std::size_t> receive_some(std::span<message> into);

    /// Sends each of them as a message of one frame, and waits where send() would. `from` must stay
    /// valid. Cancelled, or after a time limit: those that were sent are empty.
    awaitable<void> send_each(std::span<message> from);

    /// Waits until one of `wanted` is so. As Socket.poll. Cost: a system call or two.
    /// \return what is so of it; 0 if the time is over.
    awaitable<poll_events> wait(poll_events wanted = pollin,
                                std::chrono::milliseconds limit = forever);

    /// Calls `f` with every message that comes, on the loop, until it is given an empty function or
    /// the socket is closed; nobody else should receive meanwhile. As ZMQStream.on_recv.
    void on_receive(std::function<void(multipart)> f);
    /// @}

    /// \name Texts, JSON, anything
    /// @{
    send_operation send_string(std::string text) { return send(message(std::move(text))); }

    /// \throws parse_error  it is not UTF-8; the message is gone.
    awaitable<std::string> receive_string();

    /// Compact; as PyZMQ writes it: `send_json(v, json::dump_options().python())`.
    send_operation send_json(const value& v, json::dump_options how = json::dump_options())
    {
        return send(message(json::dump(v, std::move(how))));
    }

    /// \throws parse_error  it is not JSON; the message is gone.
    awaitable<value> receive_json();

    /// A value as a pickle of protocol 4; how Python reads it is told by pickle::dump().
    send_operation send_pyobj(const value& v, pickle::dump_options how = pickle::dump_options())
    {
        return send(message(pickle::dump(v, std::move(how))));
    }

    /// Plain data out of a pickle, of which nothing is run.
    /// \throws error  as pickle::load(); the message is gone.
    awaitable<value> receive_pyobj(pickle::load_options how = pickle::load_options());

    /// What `serialise` makes of an object is sent as one message. As send_serialized.
    template <class T, class F>
    awaitable<void> send_serialized(const T& object, F serialise)
    {
        return send_multipart(serialise(object));
    }
    template <class F>
    auto receive_serialized(F deserialise)
    {
        return deserialised(receive_multipart(), std::move(deserialise));
    }
    /// @}

    /// \name Options
    /// `s.set(opt::sndhwm, 10)`, `s.get(opt::linger)`.
    /// @{
    template <class T, access Access>
    void set(const option<T, Access>& o, const std::type_identity_t<T>& v)
    {
        static_assert(option<T, Access>::writable, "this option can only be read");
        write(o.number, o.name, o.when, v);
    }
    template <class T, access Access>
    T get(const option<T, Access>& o) const
    {
        static_assert(option<T, Access>::readable, "this option can only be set");
        T v{};
        read(o.number, o.name, v);
        return v;
    }

    /// Both sndhwm and rcvhwm.
    void set_hwm(int messages);

    /// SUB, XSUB: takes messages that begin with `prefix`; empty for all. Counts: as many
    /// unsubscribe() take it back. XPUB with xpub_manual: confirms a subscription.
    void subscribe(std::string_view prefix);
    void unsubscribe(std::string_view prefix);

    socket_type type() const noexcept;
    poll_events events() const { return get(opt::events); }
    /// @}

    /// Tells what becomes of the connections from now on; ends an earlier monitor. As
    /// get_monitor_socket.
    [[nodiscard]] monitor watch(unsigned events = all_events);

    /// Closes at once; what is not sent yet is kept for opt::linger, or for `linger`. Whoever waits
    /// gets error(errc::closed).
    void close(std::optional<std::chrono::milliseconds> linger = std::nullopt) noexcept;
    bool closed() const noexcept;

    /// libzmq's own, for its functions. Call events() after each of them, so that whoever waits is
    /// woken if it has swallowed the news.
    void* handle() const;

    /// What belongs to the same context.
    context of() const;

private:
    friend class poller;
    friend class poll_result;

    template <class F>
    static awaitable<std::invoke_result_t<F&, multipart>> deserialised(
        awaitable<multipart> operation, F deserialise)
    {
        multipart all = co_await std::move(operation);
        co_return deserialise(std::move(all));
    }

    void write(int number, const char* called, effect when, int v);
    void write(int number, const char* called, effect when, bool v);
    void write(int number, const char* called, effect when, std::int64_t v);
    void write(int number, const char* called, effect when, std::uint64_t v);
    void write(int number, const char* called, effect when, std::chrono::milliseconds v);
    void write(int number, const char* called, effect when, std::chrono::seconds v);
    void write(int number, const char* called, effect when, const std::string& v);
    void read(int number, const char* called, int& v) const;
    void read(int number, const char* called, bool& v) const;
    void read(int number, const char* called, std::int64_t& v) const;
    void read(int number, const char* called, std::uint64_t& v) const;
    void read(int number, const char* called, std::chrono::milliseconds& v) const;
    void read(int number, const char* called, std::chrono::seconds& v) const;
    void read(int number, const char* called, std::string& v) const;

    std::shared_ptr<detail::socket_core> core_;
};

/// A bound or connected endpoint, given up at the end of its scope unless the socket was closed
/// before.
class attachment {
public:
    attachment(std::weak_ptr<detail::socket_core> of, std::string endpoint, bool bound);
    attachment(attachment&&) noexcept = default;
    attachment& operator=(attachment&&) = delete;
    ~attachment();

    /// The real one, with the port.
    const std::string& endpoint() const noexcept { return endpoint_; }

private:
    std::weak_ptr<detail::socket_core> of_;
    std::string endpoint_;
    bool bound_;
};

}  // namespace ferry::zmq
