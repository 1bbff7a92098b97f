#include "ferry/amqp/detail/connection_core.hpp"

#include "ferry/amqp/detail/channel_core.hpp"
#include "ferry/amqp/error.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/core/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace ferry::amqp::detail {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds first_pause = 200ms;
constexpr std::chrono::milliseconds longest_pause = 30'000ms;

std::chrono::milliseconds with_jitter(std::chrono::milliseconds pause)
{
    std::array<std::byte, 1> dice;
    fill_random(dice);
    return pause / 2 + pause * std::to_integer<int>(dice[0]) / 512;
}

// Trying again cannot help.
bool is_final(const error& e)
{
    return e.code() == errc::authentication_failed || e.code() == errc::not_allowed ||
           e.code() == errc::protocol_mismatch || e.code() == errc::access_refused;
}

}  // namespace

connection_core::~connection_core()
{
    if (link_) link_->fail(nullptr);
}

// One round over all hosts.
awaitable<void> connection_core::connect(std::shared_ptr<connection_core> self)
{
    std::exception_ptr failure;
    for (const net::endpoint& host : self->options_.hosts()) {
        try {
            auto opening = link::open(self->options_, host);
            self->link_ = co_await std::move(opening);
            ++self->generation_;
            self->link_->start(self->weak_from_this());
            co_return;
        } catch (const error& e) {
            failure = std::current_exception();
            if (is_final(e)) break;
        }
    }
    if (!failure) throw error(errc::bad_argument, "amqp: no host is given");
    std::rethrow_exception(failure);
}

awaitable<void> connection_core::open(std::shared_ptr<connection_core> self)
{
    for (int left = self->options_.attempts();; --left) {
        try {
            auto connecting = connect(self);
            co_await std::move(connecting);
            break;
        } catch (const error& e) {
            if (left <= 1 || is_final(e)) throw;
        }
        auto pause = sleep(self->options_.retry_delay());
        co_await std::move(pause);
    }
    self->open_ = true;
    self->was_open_ = true;
    self->changed_.set();
}

awaitable<std::shared_ptr<link>> connection_core::ready(std::shared_ptr<connection_core> self)
{
    while (!self->open_) {
        if (self->failure_) std::rethrow_exception(self->failure_);
        self->changed_.clear();
        co_await self->changed_.wait();
    }
    co_return self->link_;
}

awaitable<std::shared_ptr<channel_core>> connection_core::open_channel(
    std::shared_ptr<connection_core> self)
{
    auto waiting = ready(self);
    const auto over = co_await std::move(waiting);
    std::uint16_t number = 1;
    while (self->channels_.contains(number)) ++number;
    if (over->channel_max() != 0 && self->channels_.size() >= over->channel_max()) {
        throw error(errc::no_free_channels,
                    fmt::format("amqp: the broker allows {} channels", over->channel_max()));
    }
    auto made = std::make_shared<channel_core>(self, number);
    self->channels_[number] = made;
    auto opening = channel_core::reopen(made);
    co_await std::move(opening);
    co_return made;
}

void connection_core::on_frame(const frame& f)
{
    if (f.channel == 0) {
        wire_reader r(f.payload);
        switch (static_cast<method>(r.u32())) {
            case method::connection_blocked:
                blocked_ = true;
                blocked_reason_ = r.short_text();
                log::warning("amqp: the broker blocks publishing", "reason", blocked_reason_);
                return;
            case method::connection_unblocked:
                blocked_ = false;
                unblocked_.set();
                return;
            case method::connection_update_secret_ok: return;
            default:
                throw protocol_error(errc::command_invalid, "amqp: an unknown method on channel 0");
        }
    }
    const auto at = channels_.find(f.channel);
    if (at == channels_.end()) return;
    if (const auto channel = at->second.lock()) {
        channel->take(f);
    } else if (f.type == frame_method && wire_reader(f.payload).u32() ==
                                             static_cast<std::uint32_t>(method::channel_close_ok)) {
        channels_.erase(at);  // what came before was for a channel that was let go
    }
}

awaitable<void> connection_core::unblocked(std::shared_ptr<connection_core> self)
{
    const auto limit = self->options_.blocked_timeout();
    while (self->blocked_ && !self->failure_) {
        self->unblocked_.clear();
        if (limit == std::chrono::milliseconds::zero()) {
            co_await self->unblocked_.wait();
            continue;
        }
        try {
            auto waiting = timeout(limit, self->unblocked_.wait(), "amqp");
            co_await std::move(waiting);
        } catch (const timeout_error&) {
            throw error(errc::blocked,
                        "amqp: the broker blocks publishing: " + self->blocked_reason_);
        }
    }
}

void connection_core::on_lost(const std::exception_ptr& why) noexcept
{
    open_ = false;
    blocked_ = false;
    unblocked_.set();
    std::erase_if(channels_, [](const auto& c) { return c.second.expired(); });
    const auto channels = channels_;
    for (const auto& [number, weak] : channels) {
        if (const auto channel = weak.lock()) channel->lost(why);
    }
    if (recovering_) return;  // who makes the next link sees it
    if (closing_ || !was_open_ || !options_.recovers()) return end(why);
    try {
        std::rethrow_exception(why);
    } catch (const error& e) {
        log::warning("amqp: the connection was lost", "failure", e.what());
        if (on_disconnected) on_disconnected(e);
        if (is_final(e)) return end(why);
    } catch (...) {
        return end(why);
    }
    recovering_ = true;
    spawn(recover(shared_from_this()), "amqp recovery");
}

void connection_core::end(std::exception_ptr why) noexcept
{
    if (failure_) return;
    failure_ = std::move(why);
    open_ = false;
    const auto channels = std::exchange(channels_, {});
    for (const auto& [number, weak] : channels) {
        if (const auto channel = weak.lock()) channel->fail(failure_);
    }
    changed_.set();
    unblocked_.set();
}

awaitable<void> connection_core::recover(std::shared_ptr<connection_core> self)
{
    for (std::chrono::milliseconds pause = first_pause; !self->closing_;
         pause = std::min(pause * 2, longest_pause)) {
        auto waiting = sleep(with_jitter(pause));
        co_await std::move(waiting);
        if (self->closing_) co_return;
        try {
            auto connecting = connect(self);
            co_await std::move(connecting);
            auto restoring = restore(self);
            co_await std::move(restoring);
            if (self->link_->lost()) continue;
            self->recovering_ = false;
            log::info("amqp: connected again", "broker", self->link_->remote());
            if (self->on_recovered) self->on_recovered();
            co_return;
        } catch (const error& e) {
            log::warning("amqp: connecting again failed", "failure", e.what());
            if (!is_final(e)) continue;
        }
        self->end(std::make_exception_ptr(
            connection_error(errc::closed, "amqp: the broker does not let us in any more")));
        co_return;
    }
}

// Declares again what was declared, and opens the channels, with their consumers.
awaitable<void> connection_core::restore(std::shared_ptr<connection_core> self)
{
    self->open_ = true;
    std::map<std::string, std::string> renamed;
    for (declaration d : self->topology_.in_order()) {
        if (const auto at = renamed.find(d.name); at != renamed.end()) d.name = at->second;
        // A channel each, as one that is refused takes its channel with it.
        try {
            auto opening = open_channel(self);
            const auto channel = co_await std::move(opening);
            auto declaring = channel_core::call(channel, d.declare_method(), d.encoded(),
                                                d.declared_method(), channel_core::repeat::no);
            const std::string answer = co_await std::move(declaring);
            if (d.named_by_broker) {
                const std::string name(wire_reader(answer).short_text());
                self->topology_.rename_queue(d.name, name);
                renamed[d.name] = name;
                for (const auto& [number, weak] : self->channels_) {
                    if (const auto c = weak.lock()) c->renamed(d.name, name);
                }
            }
        } catch (const channel_closed& e) {
            log::warning("amqp: not declared again", "name", d.name, "failure", e.what());
        }
    }
    const auto channels = self->channels_;
    for (const auto& [number, weak] : channels) {
        const auto channel = weak.lock();
        if (!channel || channel->generation() == self->generation_) continue;
        auto reopening = channel_core::reopen(channel);
        co_await std::move(reopening);
    }
    self->changed_.set();
}

awaitable<void> connection_core::close(std::shared_ptr<connection_core> self)
{
    self->closing_ = true;
    if (self->open_) {
        auto closing = link::close(self->link_, 200, "done");
        co_await std::move(closing);
    }
    self->abort();
}

void connection_core::abort() noexcept
{
    closing_ = true;
    if (link_) link_->fail(nullptr);
    end(std::make_exception_ptr(connection_error(errc::closed, "amqp: the connection was closed")));
}

}  // namespace ferry::amqp::detail
