#include "ferry/zmq/socket.hpp"

#include "ferry/core/error.hpp"
#include "ferry/core/random.hpp"
#include "ferry/core/utf8.hpp"
#include "ferry/net/connect.hpp"
#include "ferry/zmq/detail/endpoint.hpp"
#include "ferry/zmq/detail/socket_core.hpp"

#include <zmq.h>

#include <array>
#include <limits>
#include <utility>

namespace ferry::zmq {

std::string_view name(socket_type type) noexcept
{
    constexpr std::array<std::string_view, 12> names{"PAIR", "PUB",    "SUB",    "REQ",
                                                     "REP",  "DEALER", "ROUTER", "PULL",
                                                     "PUSH", "XPUB",   "XSUB",   "STREAM"};
    const auto number = static_cast<std::size_t>(type);
    return number < names.size() ? names[number] : "";
}

socket::socket(const context& of, socket_type type)
    : core_{std::make_shared<detail::socket_core>(of.core_, type)}
{
}

socket& socket::operator=(socket&& other) noexcept
{
    if (this != &other) {
        close();
        if (core_) core_->keep(core_);
        core_ = std::move(other.core_);
    }
    return *this;
}

socket::~socket()
{
    close();
    if (core_) core_->keep(core_);
}

std::string socket::bind(const std::string& endpoint)
{
    return core_->bind(endpoint);
}

void socket::connect(const std::string& endpoint)
{
    core_->connect(endpoint);
}

namespace {

/// Any number below `end`.
std::uint32_t random_below(std::uint32_t end)
{
    std::array<std::byte, 8> from{};
    fill_random(from);
    std::uint64_t number = 0;
    for (const std::byte b : from) number = number << 8 | std::to_integer<std::uint64_t>(b);
    return static_cast<std::uint32_t>(number % end);
}

awaitable<void> connect_when_resolved(std::shared_ptr<detail::socket_core> core,
                                      std::string endpoint)
{
    const detail::tcp_endpoint at = detail::parse_tcp(endpoint);
    auto resolving = net::resolve(at.host, at.port);
    const auto addresses = co_await std::move(resolving);
    static_cast<void>(addresses);
    core->connect(endpoint);
}

awaitable<std::string> as_string(awaitable<message> operation)
{
    const message m = co_await std::move(operation);
    if (const auto at = utf8::find_invalid(m.text()); at != std::string_view::npos) {
        text_position where;
        where.offset = at;
        throw parse_error(ferry::errc::malformed, "message: not UTF-8", where);
    }
    co_return m.to_string();
}

awaitable<value> as_json(awaitable<message> operation)
{
    const message m = co_await std::move(operation);
    co_return json::parse(m.span());
}

awaitable<value> as_object(awaitable<message> operation, pickle::load_options how)
{
    const message m = co_await std::move(operation);
    co_return pickle::load(m.span(), how);
}

}  // namespace

awaitable<void> socket::connect_resolved(std::string endpoint)
{
    return connect_when_resolved(core_, std::move(endpoint));
}

void socket::unbind(const std::string& endpoint)
{
    core_->unbind(endpoint);
}

void socket::disconnect(const std::string& endpoint)
{
    core_->disconnect(endpoint);
}

attachment socket::scoped_bind(const std::string& endpoint)
{
    std::string real = core_->bind(endpoint);
    return {core_, std::move(real), true};
}

attachment socket::scoped_connect(const std::string& endpoint)
{
    core_->connect(endpoint);
    return {core_, endpoint, false};
}

std::uint16_t socket::bind_to_random_port(const std::string& address, std::uint16_t min,
                                          std::uint32_t max, int tries)
{
    if (max <= min || max > 65536 || tries < 1) {
        throw invalid_endpoint(errc::invalid_endpoint,
                               "bind_to_random_port: min < max <= 65536 and one try at least");
    }
    for (int i = 0; i < tries; ++i) {
        const auto port = static_cast<std::uint16_t>(min + random_below(max - min));
        try {
            core_->bind(address + ':' + std::to_string(port));
            return port;
        } catch (const bind_error& e) {
            if (e.code() != std::errc::address_in_use) throw;
        }
    }
    const auto code = std::make_error_code(std::errc::address_in_use);
    throw bind_error(
        code, "bind_to_random_port: no free port in " + std::to_string(tries) + " tries", address);
}

// The operations are made here alone, so that to make one is a single call.

inline send_operation::send_operation(detail::socket_core& over, message&& m, int flags) noexcept
    : over_{over}, message_{std::move(m)}, flags_{flags}
{
}

inline send_operation::send_operation(detail::socket_core& over, std::string_view text, int flags)
    : over_{over}, message_{text}, flags_{flags}
{
}

inline receive_operation::receive_operation(detail::socket_core& over) noexcept : receiving{over}
{
    message_.handle();
}

inline receive_into_operation::receive_into_operation(detail::socket_core& over,
                                                      message& into) noexcept
    : receiving{over}, into_{&into}
{
}

send_operation socket::send(message m, send_flags flags)
{
    return {*core_, std::move(m), static_cast<int>(flags)};
}

send_operation socket::send(std::string_view text, send_flags flags)
{
    return {*core_, text, static_cast<int>(flags)};
}

receive_operation socket::receive()
{
    return receive_operation(*core_);
}

receive_into_operation socket::receive_into(message& into)
{
    return {*core_, into};
}

awaitable<std::size_t> socket::receive_some(std::span<message> into)
{
    return detail::socket_core::receive_some(core_, into);
}

awaitable<void> socket::send_each(std::span<message> from)
{
    return detail::socket_core::send_each(core_, from);
}

awaitable<void> socket::send_multipart(multipart all)
{
    return detail::socket_core::send_all(core_, std::move(all));
}

awaitable<multipart> socket::receive_multipart()
{
    return detail::socket_core::receive_all(core_);
}

bool socket::try_send(message& m, send_flags flags)
{
    return core_->try_send(m, static_cast<int>(flags));
}

std::optional<message> socket::try_receive()
{
    message m;
    if (!core_->try_receive(m)) return std::nullopt;
    return m;
}

bool socket::try_send_multipart(multipart& all)
{
    return core_->try_send_all(all);
}

std::optional<multipart> socket::try_receive_multipart()
{
    multipart all;
    if (!core_->try_receive_all(all)) return std::nullopt;
    return all;
}

awaitable<poll_events> socket::wait(poll_events wanted, std::chrono::milliseconds limit)
{
    return detail::socket_core::wait(core_, wanted, limit);
}

void socket::on_receive(std::function<void(multipart)> f)
{
    core_->on_receive(std::move(f));
}

awaitable<std::string> socket::receive_string()
{
    return as_string(receive());
}

awaitable<value> socket::receive_json()
{
    return as_json(receive());
}

awaitable<value> socket::receive_pyobj(pickle::load_options how)
{
    return as_object(receive(), std::move(how));
}

void socket::set_hwm(int messages)
{
    set(opt::sndhwm, messages);
    set(opt::rcvhwm, messages);
}

void socket::subscribe(std::string_view prefix)
{
    if (type() == socket_type::xsub) {
        message m(std::string("\x01").append(prefix));
        static_cast<void>(core_->try_send(m, 0));
        return;
    }
    set(opt::subscribe, std::string(prefix));
}

void socket::unsubscribe(std::string_view prefix)
{
    if (type() == socket_type::xsub) {
        message m(std::string(1, '\0').append(prefix));
        static_cast<void>(core_->try_send(m, 0));
        return;
    }
    set(opt::unsubscribe, std::string(prefix));
}

socket_type socket::type() const noexcept
{
    return core_->type();
}

void socket::close(std::optional<std::chrono::milliseconds> linger) noexcept
{
    if (core_) core_->close(linger);
}

bool socket::closed() const noexcept
{
    return !core_ || core_->closed();
}

void* socket::handle() const
{
    return core_->handle();
}

context socket::of() const
{
    return context(core_->of());
}

// Options

void socket::write(int number, const char* called, effect when, int v)
{
    core_->set_option(number, called, when, &v, sizeof(v));
}

void socket::write(int number, const char* called, effect when, bool v)
{
    write(number, called, when, v ? 1 : 0);
}

void socket::write(int number, const char* called, effect when, std::int64_t v)
{
    core_->set_option(number, called, when, &v, sizeof(v));
}

void socket::write(int number, const char* called, effect when, std::uint64_t v)
{
    core_->set_option(number, called, when, &v, sizeof(v));
}

void socket::write(int number, const char* called, effect when, std::chrono::milliseconds v)
{
    if (v.count() < -1 || v.count() > std::numeric_limits<int>::max()) {
        throw error(errc::bad_option, std::string(called) + ": out of range");
    }
    write(number, called, when, static_cast<int>(v.count()));
    if (number == opt::sndtimeo.number) core_->send_limit = v;
    if (number == opt::rcvtimeo.number) core_->receive_limit = v;
}

void socket::write(int number, const char* called, effect when, std::chrono::seconds v)
{
    if (v.count() < -1 || v.count() > std::numeric_limits<int>::max()) {
        throw error(errc::bad_option, std::string(called) + ": out of range");
    }
    write(number, called, when, static_cast<int>(v.count()));
}

void socket::write(int number, const char* called, effect when, const std::string& v)
{
    core_->set_option(number, called, when, v.data(), v.size());
}

void socket::read(int number, const char* called, int& v) const
{
    std::size_t size = sizeof(v);
    core_->get_option(number, called, &v, &size);
}

void socket::read(int number, const char* called, bool& v) const
{
    int n = 0;
    read(number, called, n);
    v = n != 0;
}

void socket::read(int number, const char* called, std::int64_t& v) const
{
    std::size_t size = sizeof(v);
    core_->get_option(number, called, &v, &size);
}

void socket::read(int number, const char* called, std::uint64_t& v) const
{
    std::size_t size = sizeof(v);
    core_->get_option(number, called, &v, &size);
}

void socket::read(int number, const char* called, std::chrono::milliseconds& v) const
{
    int n = 0;
    read(number, called, n);
    v = std::chrono::milliseconds(n);
}

void socket::read(int number, const char* called, std::chrono::seconds& v) const
{
    int n = 0;
    read(number, called, n);
    v = std::chrono::seconds(n);
}

void socket::read(int number, const char* called, std::string& v) const
{
    constexpr std::size_t most = 4096;
    constexpr std::size_t key = 41;  // as Z85, with its end
    const bool is_key = number >= ZMQ_CURVE_PUBLICKEY && number <= ZMQ_CURVE_SERVERKEY;
    v.assign(is_key ? key : most, '\0');
    std::size_t size = v.size();
    core_->get_option(number, called, v.data(), &size);
    v.resize(size);
    if (number != ZMQ_ROUTING_ID && v.ends_with('\0')) v.pop_back();
}

// Attachments

attachment::attachment(std::weak_ptr<detail::socket_core> of, std::string endpoint, bool bound)
    : of_{std::move(of)}, endpoint_{std::move(endpoint)}, bound_{bound}
{
}

attachment::~attachment()
{
    const auto core = of_.lock();
    if (!core || core->closed()) return;
    try {
        bound_ ? core->unbind(endpoint_) : core->disconnect(endpoint_);
    } catch (const error&) {
        // It was given up by hand, or the context has ended.
        return;
    }
}

}  // namespace ferry::zmq
