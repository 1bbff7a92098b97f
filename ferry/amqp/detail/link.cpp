#include "ferry/amqp/detail/link.hpp"

#include "ferry/amqp/detail/trace.hpp"
#include "ferry/amqp/error.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/net/connect.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace ferry::amqp::detail {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

// So many bytes are worth a read at once.
constexpr std::size_t good_read_bytes = 32 * 1024;
constexpr int muffled_bytes = 256 * 1024;  ///< more than comes between two ticks
// Parts of shared bodies of up to so many bytes are copied into the text that is written.
constexpr std::size_t copied_body_bytes = 2 * 1024;

// 0 means no limit.
template <class T>
T smaller(T mine, T theirs)
{
    if (mine == 0 || theirs == 0) return std::max(mine, theirs);
    return std::min(mine, theirs);
}

value client_properties(const options& with)
{
    value all = value::object("product", "ferry", "version", "0.1", "platform", "C++");
    if (!with.connection_name().empty()) all.insert("connection_name", with.connection_name());
    value can = value::object();
    for (const char* name :
         {"publisher_confirms", "exchange_exchange_bindings", "basic.nack",
          "consumer_cancel_notify", "connection.blocked", "authentication_failure_close",
          "consumer_priorities", "per_consumer_qos"}) {
        can.insert(name, true);
    }
    all.insert("capabilities", std::move(can));
    for (const auto& [name, v] : with.client_properties().items()) all.insert(name, v);
    return all;
}

bool offers(std::string_view mechanisms, std::string_view wanted)
{
    while (!mechanisms.empty()) {
        const auto end = std::min(mechanisms.find(' '), mechanisms.size());
        if (mechanisms.substr(0, end) == wanted) return true;
        mechanisms.remove_prefix(std::min(end + 1, mechanisms.size()));
    }
    return false;
}

// The first mechanism of ours that the broker offers.
std::string chosen(const options& with, std::string_view offered, const std::string& remote)
{
    for (const std::string& name : with.mechanisms()) {
        if (offers(offered, name)) return name;
    }
    throw authentication_error(
        fmt::format("the broker offers {}, not {}", offered, fmt::join(with.mechanisms(), " or ")),
        remote);
}

std::string first_response(const options& with, std::string_view mechanism)
{
    if (mechanism == "PLAIN") return '\0' + with.user() + '\0' + with.password();
    if (mechanism == "EXTERNAL") return {};
    if (mechanism != "AMQPLAIN") return with.user();
    std::string table;
    wire_writer(table).table(value::object("LOGIN", with.user(), "PASSWORD", with.password()));
    return table.substr(4);  // without its length
}

// Ends a frame of the login. The broker resets the connection after a longer one, without a word.
void finish_in_login(frame_writer& f)
{
    if (f.size() > frame_min_size) {
        throw error(errc::frame_error,
                    fmt::format("amqp: a frame of {} bytes in the login, {} at most: shorten the "
                                "client properties or the password",
                                f.size(), frame_min_size));
    }
    f.finish(frame_min_size);
}

// What the broker is told when it broke a rule.
std::uint16_t reply_code_of(const error& e)
{
    if (e.code() == errc::frame_error) return 501;
    if (e.code() == errc::syntax_error) return 502;
    if (e.code() == errc::command_invalid) return 503;
    if (e.code() == errc::unexpected_frame) return 505;
    return 501;  // a limit
}

void set_tcp_options(int fd, const std::vector<std::pair<int, int>>& all) noexcept
{
    for (const auto& [number, v] : all) {
        ::setsockopt(fd, IPPROTO_TCP, number, &v, sizeof v);
        if (number == TCP_KEEPIDLE || number == TCP_KEEPINTVL || number == TCP_KEEPCNT) {
            const int on = 1;  // without which they mean nothing
            ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
        }
    }
}

[[noreturn]] void throw_close(wire_reader& r, const std::string& remote)
{
    const std::uint16_t code = r.u16();
    const std::string text(r.short_text());
    if (code == 403) throw authentication_error(text, remote);
    throw connection_closed(code, text, remote);
}

}  // namespace

link::link(net::stream over, std::shared_ptr<statistics> counts)
    : stream_{std::move(over)},
      counts_{std::move(counts)},
      remote_{stream_.remote_endpoint()},
      received_{clock::now()},
      sent_{clock::now()}
{
}

awaitable<std::shared_ptr<link>> link::open(options with, net::endpoint at,
                                            std::shared_ptr<statistics> counts)
{
    if (with.tls()) at = net::tls(std::move(at), *with.tls(), with.server_name());
    auto connecting = net::connect(std::move(at), net::connect_options().timeout(with.timeout()));
    net::stream over;
    try {
        over = co_await std::move(connecting);
    } catch (tls_error& e) {
        // What OpenSSL calls an answer that is no TLS.
        if (std::string_view(e.what()).find("wrong version number") != std::string_view::npos) {
            e.add_context("amqps: the broker speaks no TLS on this port");
        }
        throw;
    }
    set_tcp_options(over.native_handle(), with.tcp_options());
    auto opening = open(std::move(with), std::move(over), std::move(counts));
    co_return co_await std::move(opening);
}

awaitable<std::shared_ptr<link>> link::open(options with, net::stream over,
                                            std::shared_ptr<statistics> counts)
{
    auto made = std::make_shared<link>(std::move(over), std::move(counts));
    const std::string doing = "log in at " + made->remote_;
    auto login = timeout(with.timeout(), log_in(made, with), doing);
    co_await std::move(login);
    co_return made;
}

// The next frame of the login. It lives until the next call.
awaitable<frame> link::read_frame()
{
    stream_.consume(std::exchange(consumed_, 0));
    for (;;) {
        const auto next = next_frame(stream_.buffered_text(), frame_max_size);
        if (next) {
            consumed_ = next->size();
            co_return *next;
        }
        const std::size_t count = co_await stream_.fill();
        if (count == 0) {
            throw connection_error(ferry::errc::disconnected,
                                   fmt::format("amqp {}: the broker closed during the login: wrong "
                                               "password, virtual host or TLS port?",
                                               remote_),
                                   remote_);
        }
    }
}

awaitable<void> link::write_now()
{
    co_await stream_.write(as_bytes(out_.text()));
    out_.clear();
}

awaitable<void> link::log_in(std::shared_ptr<link> self, options with)
{
    auto logging = self->log_in(std::move(with));
    co_await std::move(logging);
}

void link::queue_start_ok(const options& with, const std::string& mechanism)
{
    frame_writer f(out_.text(), 0, method::connection_start_ok);
    f.wire().table(client_properties(with));
    f.wire().short_text(mechanism);
    f.wire().long_text(first_response(with, mechanism));
    f.wire().short_text("en_US");
    finish_in_login(f);
}

// The limits as they are now, and what is opened with them.
void link::queue_tune_ok_and_open(const options& with)
{
    if (frame_max_ == 0) frame_max_ = frame_max_size;
    if (frame_max_ < frame_min_size) {
        throw protocol_error(errc::syntax_error,
                             fmt::format("amqp: frames of {} bytes at most, {} are the least that "
                                         "there may be",
                                         frame_max_, frame_min_size));
    }
    frame_writer answer(out_.text(), 0, method::connection_tune_ok);
    answer.wire().u16(channel_max_);
    answer.wire().u32(frame_max_);
    answer.wire().u16(static_cast<std::uint16_t>(heartbeat_.count()));
    answer.finish(frame_min_size);
    frame_writer open(out_.text(), 0, method::connection_open);
    open.wire().short_text(with.vhost());
    open.wire().short_text("");
    open.wire().octet(0);
    open.finish(frame_min_size);
}

awaitable<void> link::log_in(options with)
{
    out_.text() = protocol_header;
    const bool at_once = with.logs_in_fast() && !with.mechanisms().empty();
    if (at_once) {
        queue_start_ok(with, with.mechanisms().front());
        channel_max_ = with.channel_max();
        frame_max_ = with.frame_max();
        heartbeat_ = with.heartbeat();
        queue_tune_ok_and_open(with);
    }
    co_await write_now();
    bool tuned = at_once;
    for (;;) {
        const frame f = co_await read_frame();
        if (f.type == frame_heartbeat) continue;
        wire_reader r(f.payload);
        const auto m = static_cast<method>(r.u32());
        switch (m) {
            case method::connection_start: {
                r.u16();
                server_properties_ = r.table();
                const std::string mechanisms(r.long_text());
                if (!at_once) queue_start_ok(with, chosen(with, mechanisms, remote_));
                break;
            }
            case method::connection_secure: {
                frame_writer answer(out_.text(), 0, method::connection_secure_ok);
                const std::string question(r.long_text());
                answer.wire().long_text(with.challenge() ? with.challenge()(question)
                                                         : with.password());
                finish_in_login(answer);
                break;
            }
            case method::connection_tune:
                if (at_once) break;
                channel_max_ = smaller(with.channel_max(), r.u16());
                frame_max_ = smaller(with.frame_max(), r.u32());
                heartbeat_ = std::min(with.heartbeat(), std::chrono::seconds(r.u16()));
                queue_tune_ok_and_open(with);
                tuned = true;
                break;
            case method::connection_open_ok:
                if (!tuned) break;
                stream_.consume(std::exchange(consumed_, 0));
                co_return;
            case method::connection_close: throw_close(r, remote_);
            default:
                throw protocol_error(errc::command_invalid,
                                     "amqp: an unexpected method during the login");
        }
        if (!out_.empty()) co_await write_now();
    }
}

void link::start(std::weak_ptr<link_listener> listener)
{
    listener_ = std::move(listener);
    spawn(write_all(shared_from_this()), "amqp writer");
    spawn(read_all(shared_from_this()), "amqp reader");
    if (heartbeat_ > 0s) spawn(beat(shared_from_this()), "amqp heartbeat");
}

awaitable<void> link::write_all(std::shared_ptr<link> self)
{
    try {
        for (;;) {
            while (self->out_.empty() && self->bodies_.empty()) {
                if (self->failure_) {
                    self->stream_.abort();
                    co_return;
                }
                self->has_output_.clear();
                co_await self->has_output_.wait();
            }
            self->leaving_.clear();
            std::swap(self->leaving_, self->out_);
            self->take_next_part();
            if (log::enabled(log::level::trace)) trace_frames("sent", self->leaving_.text());
            self->drained_.set();
            self->writing_ = true;
            if (self->leaving_.is_text()) {
                // Mostly the system takes it at once, and a coroutine less is a coroutine less.
                const auto text = as_bytes(self->leaving_.text());
                const std::size_t sent = self->stream_.try_write(text);
                if (sent < text.size()) co_await self->stream_.write(text.subspan(sent));
            } else {
                const auto parts = self->leaving_.parts();
                co_await self->stream_.write(parts);
            }
            self->writing_ = false;
            self->sent_ = clock::now();
            self->counts_->bytes_out += self->leaving_.size();
        }
    } catch (const cancelled&) {
        self->listener_.reset();  // the loop ends
        self->fail(nullptr);
    } catch (...) {
        self->fail(std::current_exception());
    }
}

void link::add_body(std::uint16_t channel, std::string_view body)
{
    std::string& to = out(channel).text();
    const std::size_t room = frame_max_ - frame_overhead;
    for (std::size_t at = 0; at < body.size(); at += room) {
        const std::string_view part = body.substr(at, room);
        append_frame_head(to, frame_body, channel, part.size());
        to += part;
        to += frame_end;
    }
}

void link::add_body(std::uint16_t channel, const buffer& body)
{
    output& to = out(channel);
    if (body.size() > part_bytes && &to == &out_) {
        bodies_.push_back({channel, body, {}});
    } else {
        append_body(to, channel, body);
    }
}

void link::append_body(output& to, std::uint16_t channel, const buffer& body) const
{
    const std::size_t room = frame_max_ - frame_overhead;
    for (std::size_t at = 0; at < body.size(); at += room) {
        buffer part = body.slice(at, room);
        append_frame_head(to.text(), frame_body, channel, part.size());
        if (part.size() <= copied_body_bytes) {
            to.text() += part.text();
        } else {
            to.add(std::move(part));
        }
        to.text() += frame_end;
    }
}

void link::abandon_body(std::uint16_t channel) noexcept
{
    std::erase_if(bodies_, [&](const long_body& b) { return b.channel == channel; });
}

bool link::has_body(std::uint16_t channel) const noexcept
{
    return std::ranges::find(bodies_, channel, &long_body::channel) != bodies_.end();
}

output& link::behind(std::uint16_t channel) noexcept
{
    const auto found = std::ranges::find(bodies_, channel, &long_body::channel);
    return found == bodies_.end() ? out_ : found->behind;
}

// The long bodies take turns.
void link::take_next_part()
{
    if (bodies_.empty()) return;
    long_body next = std::move(bodies_.front());
    bodies_.pop_front();
    const std::size_t room = frame_max_ - frame_overhead;
    const std::size_t size = std::max<std::size_t>(part_bytes / room, 1) * room;
    append_body(leaving_, next.channel, next.rest.slice(0, size));
    next.rest = next.rest.slice(size);
    if (next.rest.empty()) {
        out_.append(std::move(next.behind));
    } else {
        bodies_.push_back(std::move(next));
    }
}

awaitable<void> link::room(std::shared_ptr<link> self, std::uint16_t channel)
{
    while (self->is_full(channel) && !self->failure_) {
        self->drained_.clear();
        co_await self->drained_.wait();
    }
}

awaitable<void> link::read_all(std::shared_ptr<link> self)
{
    try {
        for (std::size_t count = 0;;) {
            self->deliver();
            const bool late = count < good_read_bytes && self->patience_.at(clock::now()) != 0s;
            count = 0;
            if (late) {
                auto reading = read_at_tick(self);
                count = co_await std::move(reading);
            }
            if (count == 0) {
                self->muffle(false);
                count = co_await self->stream_.fill();
            }
            self->received_ = clock::now();
            self->counts_->bytes_in += count;
            if (count == 0) {
                throw connection_error(ferry::errc::disconnected,
                                       "amqp " + self->remote_ + ": the broker closed",
                                       self->remote_);
            }
        }
    } catch (const cancelled&) {
        self->listener_.reset();
        self->fail(nullptr);
    } catch (const connection_error&) {
        self->fail(std::current_exception());
    } catch (const error& e) {
        if (!self->failure_) self->queue_close(reply_code_of(e), e.what());
        self->fail(std::current_exception(), rest::written);
    } catch (...) {
        self->fail(std::current_exception());
    }
}

// Nothing at the first tick is not the end of a stream: its peers have ticks of their own.
awaitable<std::size_t> link::read_at_tick(std::shared_ptr<link> self)
{
    self->muffle(true);
    for (int tick = 0; tick < 2; ++tick) {
        const auto now = clock::now();
        const auto pause = self->patience_.at(now);
        if (pause == 0s) break;
        auto sleeping = sleep(now + pause - clock::now());
        co_await std::move(sleeping);
        const std::size_t count = self->stream_.try_fill();
        if (count != 0) co_return count;
    }
    co_return 0;
}

// While reads are put off, segments should not wake the loop one by one: the socket tells of very
// many bytes only. When that is over, the kernel tells of those that have come meanwhile.
void link::muffle(bool on) noexcept
{
    if (std::exchange(muffled_, on) == on) return;
    const int bytes = on ? muffled_bytes : 1;
    const int socket = stream_.native_handle();
    if (socket >= 0) ::setsockopt(socket, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
}

void link::deliver()
{
    const auto listener = listener_.lock();
    const std::string_view text = stream_.buffered_text();
    const std::size_t limit = std::max(frame_max_, frame_max_size);
    std::size_t at = 0;
    while (const auto f = next_frame(text.substr(at), limit)) {
        at += f->size();
        if (log::enabled(log::level::trace)) trace_frame("received", *f);
        if (f->type == frame_heartbeat) {
            if (f->channel != 0) {
                throw protocol_error(errc::unexpected_frame, "amqp: a heartbeat on a channel");
            }
        } else if (f->channel != 0 || !take_connection_method(*f)) {
            if (!closing_ && listener) listener->on_frame(*f);
        }
        if (failure_) return;
    }
    stream_.consume(at);
}

// What ends the connection. \return false: it is for the listener.
bool link::take_connection_method(const frame& f)
{
    if (f.type != frame_method) {
        throw protocol_error(errc::unexpected_frame, "amqp: a body on channel 0");
    }
    wire_reader r(f.payload);
    switch (static_cast<method>(r.u32())) {
        case method::connection_close: {
            frame_writer answer(out_.text(), 0, method::connection_close_ok);
            answer.finish(frame_min_size);
            flush();
            closed_.set();
            try {
                throw_close(r, remote_);
            } catch (...) {
                fail(std::current_exception(), rest::written);
            }
            return true;
        }
        case method::connection_close_ok: closed_.set(); return true;
        default: return false;
    }
}

awaitable<void> link::beat(std::shared_ptr<link> self)
{
    const auto half = std::chrono::milliseconds(self->heartbeat_) / 2;
    auto looked = clock::now();
    while (!self->failure_) {
        auto pause = sleep(half);
        co_await std::move(pause);
        if (self->failure_) co_return;
        const auto now = clock::now();
        // What came while the program itself stood still was not read yet.
        const bool stood_still = now - std::exchange(looked, now) > self->heartbeat_;
        if (!stood_still && now - self->received_ > 2 * self->heartbeat_) {
            self->fail(std::make_exception_ptr(
                connection_error(errc::heartbeat_timeout,
                                 fmt::format("amqp {}: nothing came from the broker for {} s",
                                             self->remote_, 2 * self->heartbeat_.count()),
                                 self->remote_)));
            co_return;
        }
        if (now - self->sent_ >= half - 10ms) {
            frame_writer f(self->out_.text(), frame_heartbeat, 0);
            f.finish(frame_min_size);
            self->flush();
        }
    }
}

void link::fail(std::exception_ptr why, rest then) noexcept
{
    if (failure_) return;
    if (!why) {
        why = std::make_exception_ptr(connection_error(
            errc::closed, "amqp " + remote_ + ": the connection was closed", remote_));
    }
    failure_ = std::move(why);
    bodies_.clear();
    if (then == rest::dropped) stream_.abort();
    has_output_.set();
    drained_.set();
    closed_.set();
    if (const auto listener = listener_.lock()) listener->on_lost(failure_);
}

void link::queue_close(std::uint16_t code, std::string_view text)
{
    frame_writer f(out_.text(), 0, method::connection_close);
    f.wire().u16(code);
    f.wire().short_text(text.substr(0, 200));
    f.wire().u32(0);
    f.finish(frame_min_size);
    flush();
}

awaitable<void> link::close_now(std::shared_ptr<link> self, std::uint16_t code, std::string text)
{
    while (!self->bodies_.empty()) {
        self->drained_.clear();
        co_await self->drained_.wait();
    }
    if (self->failure_) co_return;
    self->queue_close(code, text);
    co_await self->closed_.wait();
}

awaitable<void> link::close(std::shared_ptr<link> self, std::uint16_t code, std::string text)
{
    if (self->failure_ || self->closing_) co_return;
    self->closing_ = true;
    try {
        auto waiting = timeout(5s, close_now(self, code, std::move(text)), "close");
        co_await std::move(waiting);
    } catch (const timeout_error&) {
    }
    self->fail(nullptr);
}

}  // namespace ferry::amqp::detail
