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
/// So many connections in a row may end by the broker's refusal of what was sent to it.
constexpr int refusals_in_a_row = 3;
/// A connection that has lived so long counts as a good one.
constexpr auto refusals_apart = 60s;

std::chrono::milliseconds with_jitter(std::chrono::milliseconds pause)
{
    std::array<std::byte, 1> dice;
    fill_random(dice);
    return pause / 2 + pause * std::to_integer<int>(dice[0]) / 512;
}

// A first login for which trying again cannot help.
bool is_final(const error& e)
{
    return e.code() == errc::authentication_failed || e.code() == errc::not_allowed ||
           e.code() == errc::protocol_mismatch || e.code() == errc::access_refused;
}

void shuffle(std::vector<net::endpoint>& hosts)
{
    for (std::size_t i = hosts.size(); i > 1; --i) {
        std::array<std::byte, 1> dice;
        fill_random(dice);
        std::swap(hosts[i - 1], hosts[std::to_integer<std::size_t>(dice[0]) % i]);
    }
}

}  // namespace

connection_core::~connection_core()
{
    if (link_) link_->fail(nullptr);
}

// One round over all hosts, in another order each time after the first.
awaitable<void> connection_core::connect(std::shared_ptr<connection_core> self)
{
    std::exception_ptr failure;
    std::vector<net::endpoint> hosts = self->options_.hosts();
    if (self->was_open_) shuffle(hosts);
    for (const net::endpoint& host : hosts) {
        try {
            auto opening = link::open(self->options_, host, self->counts_);
            auto made = co_await std::move(opening);
            self->begin(std::move(made));
            co_return;
        } catch (const error& e) {
            failure = std::current_exception();
            if (is_final(e)) break;
        }
    }
    if (!failure) throw error(errc::bad_argument, "amqp: no host is given");
    std::rethrow_exception(failure);
}

void connection_core::begin(std::shared_ptr<link> over)
{
    link_ = std::move(over);
    ++generation_;
    ++counts_->connects;
    connected_ = std::chrono::steady_clock::now();
    link_->start(weak_from_this());
    check_confirms();
}

void connection_core::opened() noexcept
{
    open_ = true;
    was_open_ = true;
    changed_.set();
}

awaitable<void> connection_core::open(std::shared_ptr<connection_core> self, net::stream over)
{
    auto opening = link::open(self->options_, std::move(over), self->counts_);
    auto made = co_await std::move(opening);
    self->begin(std::move(made));
    self->opened();
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
    self->opened();
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
    std::size_t number = 1;
    while (number < self->slots_.size() && self->slots_[number].taken) ++number;
    const std::size_t most = over->channel_max() == 0 ? 65535 : over->channel_max();
    if (number > most) {
        throw error(errc::no_free_channels,
                    fmt::format("amqp: the broker allows {} channels", most));
    }
    auto made = make_at_home<channel_core>(self, static_cast<std::uint16_t>(number));
    if (number == self->slots_.size()) self->slots_.emplace_back();
    self->slots_[number] = {true, made.get()};
    auto opening = channel_core::reopen(made);
    co_await std::move(opening);
    co_return made;
}

std::vector<std::shared_ptr<channel_core>> connection_core::living() const
{
    std::vector<std::shared_ptr<channel_core>> all;
    for (const slot& s : slots_) {
        if (s.used_by == nullptr) continue;
        if (auto channel = s.used_by->weak_from_this().lock()) all.push_back(std::move(channel));
    }
    return all;
}

statistics connection_core::snapshot() const
{
    statistics now = *counts_;
    now.blocked = blocked_;
    for (const auto& channel : living()) {
        ++now.channels;
        now.unconfirmed += channel->unconfirmed();
        now.unacked += channel->waits_for_settlement().size();
    }
    return now;
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
                if (on_blocked) on_blocked(blocked_reason_);
                return;
            case method::connection_unblocked:
                blocked_ = false;
                unblocked_.set();
                if (on_blocked) on_blocked({});
                return;
            case method::connection_update_secret_ok:
                updating_secret_ = false;
                secret_updated_.set();
                return;
            default:
                throw protocol_error(errc::command_invalid, "amqp: an unknown method on channel 0");
        }
    }
    if (f.channel >= slots_.size() || !slots_[f.channel].taken) return;
    if (channel_core* const channel = slots_[f.channel].used_by) {
        channel->take(f);
    } else if (f.type == frame_method && wire_reader(f.payload).u32() ==
                                             static_cast<std::uint32_t>(method::channel_close_ok)) {
        release(f.channel, nullptr);  // what came before was for a channel that was let go
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

void confirm_watch::expired() noexcept
{
    of_.check_confirms();
}

void connection_core::check_confirms() noexcept
{
    const auto limit = options_.confirm_timeout();
    if (limit == 0ms || link_->lost()) return;
    const auto now = std::chrono::steady_clock::now();
    // What came while the program itself stood still was not read yet.
    const bool stood_still = now - looked_ > limit / 2;
    looked_ = now;
    if (stood_still || blocked_ || link_->is_writing()) unblocked_since_ = now;
    for (const auto& channel : living()) {
        const auto since = channel->waits_for_confirms_since();
        if (!since || now - std::max(*since, unblocked_since_) <= limit) continue;
        return give_up(channel->number(), "confirms nothing");
    }
    confirm_watch_.start_after(limit / 4);
}

void connection_core::give_up(std::uint16_t channel, const char* does) noexcept
{
    const auto limit = options_.confirm_timeout();
    link_->fail(std::make_exception_ptr(
        connection_error(errc::confirm_timeout,
                         fmt::format("amqp {}: for {} ms the broker {} on channel {}",
                                     link_->remote(), limit.count(), does, channel),
                         link_->remote())));
}

void connection_core::on_lost(const std::exception_ptr& why) noexcept
{
    open_ = false;
    blocked_ = false;
    confirm_watch_.stop();
    unblocked_.set();
    updating_secret_ = false;
    secret_updated_.set();
    for (slot& s : slots_) {
        if (s.used_by == nullptr) s.taken = false;
    }
    for (const auto& channel : living()) channel->lost(why);
    if (recovering_) return;  // who makes the next link sees it
    if (closing_ || !was_open_ || !options_.recovers()) return end(why);
    try {
        std::rethrow_exception(why);
    } catch (const error& e) {
        log::warning("amqp: the connection was lost", "failure", e.what());
        ++counts_->disconnects[e.code().message()];
        if (on_disconnected) on_disconnected(e);
        if (closing_ || keeps_refusing(e)) return end(why);
    } catch (...) {
        return end(why);
    }
    recovering_ = true;
    spawn(recover(shared_from_this()), "amqp recovery");
}

// What the program does may make the broker end each new connection as it ended the last one.
bool connection_core::keeps_refusing(const error& e) noexcept
{
    const auto* closed = dynamic_cast<const connection_closed*>(&e);
    const bool ours = closed != nullptr && closed->code() != errc::connection_forced;
    const auto now = std::chrono::steady_clock::now();
    if (!ours || now - connected_ > refusals_apart) refusals_ = 0;
    if (ours) ++refusals_;
    return refusals_ >= refusals_in_a_row;
}

void connection_core::end(std::exception_ptr why) noexcept
{
    if (failure_) return;
    failure_ = std::move(why);
    open_ = false;
    for (const auto& channel : living()) channel->fail(failure_);
    changed_.set();
    unblocked_.set();
}

awaitable<void> connection_core::recover(std::shared_ptr<connection_core> self)
{
    const auto began = std::chrono::steady_clock::now();
    std::chrono::milliseconds pause = first_pause;
    for (int attempt = 1; !self->closing_; ++attempt) {
        auto waiting = sleep(with_jitter(pause));
        co_await std::move(waiting);
        pause = std::min(pause * 2, longest_pause);
        if (self->closing_) co_return;
        if (self->on_recovering) self->on_recovering(attempt);
        try {
            auto connecting = connect(self);
            co_await std::move(connecting);
            auto restoring = restore(self);
            co_await std::move(restoring);
            if (self->link_->lost()) continue;
        } catch (const error& e) {
            log::warning("amqp: connecting again failed", "failure", e.what());
            self->open_ = false;
            if (self->link_) self->link_->fail(nullptr);
            if (e.code() != errc::protocol_mismatch) continue;
            self->end(std::current_exception());
            co_return;
        }
        self->recovering_ = false;
        ++self->counts_->recoveries;
        log::info("amqp: connected again", "broker", self->link_->remote());
        const auto took = std::chrono::steady_clock::now() - began;
        if (self->on_recovered) {
            self->on_recovered(std::chrono::duration_cast<std::chrono::milliseconds>(took));
        }
        co_return;
    }
}

void connection_core::rename(const std::string& from, const std::string& to)
{
    topology_.rename_queue(from, to);
    for (const auto& channel : living()) channel->renamed(from, to);
    if (on_renamed) on_renamed(from, to);
}

// Declares again what was declared. What is refused is reported, and the rest goes on; after three
// refusals it is not tried again.
awaitable<void> connection_core::declare_again(std::shared_ptr<connection_core> self)
{
    std::map<std::string, std::string> renamed;
    std::shared_ptr<channel_core> channel;
    for (declaration d : self->topology_.in_order()) {
        const std::string known_as = d.name;
        if (const auto at = renamed.find(d.name); at != renamed.end()) d.name = at->second;
        try {
            if (!channel || channel->ended()) {
                auto opening = open_channel(self);
                channel = co_await std::move(opening);
            }
            auto declaring = channel_core::call(channel, d.declare_method(), d.encoded(),
                                                d.declared_method(), channel_core::repeat::no);
            const std::string answer = co_await std::move(declaring);
            self->topology_.succeeded(d);
            if (d.named_by_broker) {
                const std::string name(wire_reader(answer).short_text());
                self->rename(known_as, name);
                renamed[known_as] = name;
            }
        } catch (const channel_closed& e) {
            log::warning("amqp: not declared again", "name", d.name, "failure", e.what());
            self->topology_.failed(d);
        }
    }
}

// Makes the new link what the last one was: declarations, channels, their consumers.
awaitable<void> connection_core::restore(std::shared_ptr<connection_core> self)
{
    self->open_ = true;
    auto declaring = declare_again(self);
    co_await std::move(declaring);
    for (const auto& channel : self->living()) {
        if (channel->generation() == self->generation_) continue;
        auto reopening = channel_core::reopen(channel);
        co_await std::move(reopening);
    }
    self->changed_.set();
}

awaitable<void> connection_core::update_secret(std::shared_ptr<connection_core> self,
                                               std::string secret, std::string reason)
{
    auto waiting = ready(self);
    const auto over = co_await std::move(waiting);
    self->options_.login(self->options_.user(), secret);  // for later links
    frame_writer f(over->out(0).text(), 0, method::connection_update_secret);
    f.wire().long_text(secret);
    f.wire().short_text(reason);
    f.finish(over->frame_max());
    over->flush();
    self->updating_secret_ = true;
    while (self->updating_secret_) {
        self->secret_updated_.clear();
        auto answering = timeout(self->options_.call_timeout(), self->secret_updated_.wait(),
                                 "amqp: the broker's answer");
        co_await std::move(answering);
    }
    if (over->lost()) std::rethrow_exception(over->failure());
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
