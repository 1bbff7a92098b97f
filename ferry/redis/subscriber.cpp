#include "ferry/redis/subscriber.hpp"

#include "ferry/async/sync.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/async/waiter.hpp"
#include "ferry/core/log.hpp"
#include "ferry/redis/detail/client_core.hpp"
#include "ferry/redis/error.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <optional>
#include <set>
#include <utility>

namespace ferry::redis {
namespace {

using namespace std::chrono_literals;
using detail::client_core;
using detail::connection;

enum class kind : std::size_t { channel, pattern, shard };
constexpr std::array<std::string_view, 3> subscribe_names{"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"};
constexpr std::array<std::string_view, 3> unsubscribe_names{"UNSUBSCRIBE", "PUNSUBSCRIBE",
                                                            "SUNSUBSCRIBE"};
constexpr auto longest_pause = 5000ms;
/// For an answer that came too late, or is not read yet.
constexpr auto last_chance = 20ms;

bool same_word(std::string_view upper, std::string_view lower)
{
    return std::ranges::equal(upper, lower, [](char a, char b) { return a == b || a + 32 == b; });
}

}  // namespace

class subscriber::impl : public std::enable_shared_from_this<impl> {
public:
    explicit impl(std::shared_ptr<client_core> core) : core_{std::move(core)} {}

    static awaitable<void> change(std::shared_ptr<impl> self, kind what, bool add,
                                  std::vector<std::string> names)
    {
        if (names.empty() || self->closed_) co_return;
        auto opening = self->open(self);
        co_await std::move(opening);
        const auto over = self->connection_;
        const auto names_of = add ? subscribe_names : unsubscribe_names;
        self->due_ += names.size();
        over->tell(command(names_of.at(static_cast<std::size_t>(what)), names));
        auto& subscribed = self->subscribed_.at(static_cast<std::size_t>(what));
        for (const auto& name : names) {
            if (add) {
                subscribed.insert(name);
            } else {
                subscribed.erase(name);
            }
        }
        auto confirming = timeout(self->core_->settings().timeout(), confirmed(self), "subscribe");
        co_await std::move(confirming);
    }

    static awaitable<std::optional<message>> next(std::shared_ptr<impl> self)
    {
        while (self->messages_.empty()) {
            if (self->closed_) co_return std::nullopt;
            self->arrived_.clear();
            co_await self->arrived_.wait();
        }
        message first = std::move(self->messages_.front());
        self->messages_.pop_front();
        if (self->messages_.size() == capacity / 2 && self->connection_)
            self->connection_->resume();
        co_return first;
    }

    void close() noexcept
    {
        closed_ = true;
        health_check_.stop();
        if (connection_) connection_->close();
        arrived_.set();
        confirmed_.set();
    }

private:
    // Asks from time to time whether the server is still there: one that is cut off says nothing,
    // and neither does one whose channels are silent.
    class health_check final : public timer {
    public:
        explicit health_check(impl& of) noexcept : of_{of} {}

    private:
        void expired() noexcept override { of_.check_health(); }

        impl& of_;
    };

    void check_health() noexcept
    {
        connection& over = *connection_;
        if (closed_ || over.closed()) return;
        const auto interval = core_->settings().health_check_interval();
        const auto now = std::chrono::steady_clock::now();
        const bool reads = !over.paused();
        if (reads && asked_ && over.last_received() < *asked_) {
            // What came while the program itself stood still is not read yet.
            if (std::exchange(doubted_, true)) return over.close("nothing came after PING");
            return health_check_.start_after(last_chance);
        }
        asked_.reset();
        doubted_ = false;
        try {
            if (reads && now - over.last_received() >= interval) {
                over.tell(command("PING"));
                asked_ = now;
            }
        } catch (const error&) {
            return;  // it has ended
        }
        health_check_.start_after(interval);
    }

    static awaitable<void> confirmed(std::shared_ptr<impl> self)
    {
        while (self->due_ > 0 && !self->closed_) {
            self->confirmed_.clear();
            co_await self->confirmed_.wait();
            if (self->refusal_.empty()) continue;
            throw response_error(std::exchange(self->refusal_, {}));
        }
    }

    awaitable<void> open(std::shared_ptr<impl> self)
    {
        auto entering = self->opening_.acquire();
        const auto held = co_await std::move(entering);
        if (self->connection_ && !self->connection_->closed()) co_return;
        auto connecting = client_core::connect(self->core_);
        const auto made = co_await std::move(connecting);
        if (self->closed_) {
            made->close();
            co_return;
        }
        self->due_ = 0;
        // The connection must not keep the subscriber alive.
        made->listen([weak = std::weak_ptr<impl>(self)](const reply* r) {
            if (const auto strong = weak.lock()) strong->receive(r);
        });
        self->connection_ = made;
        for (std::size_t i = 0; i < self->subscribed_.size(); ++i) {
            const auto& names = self->subscribed_.at(i);
            if (names.empty()) continue;
            self->due_ += names.size();
            made->tell(command(subscribe_names.at(i), names));
        }
        const auto interval = self->core_->settings().health_check_interval();
        self->asked_.reset();
        self->doubted_ = false;
        if (interval > 0ms) self->health_check_.start_after(interval);
    }

    // A push message, or, with version 2, an array of the same content. Null: the end.
    void receive(const reply* r)
    {
        if (r == nullptr) {
            if (!closed_ && !reconnecting_)
                spawn(reconnect(shared_from_this()), "redis subscriber");
            return;
        }
        if (r->is_error()) {
            refusal_ = r->text();
            confirmed_.set();
            return;
        }
        const auto& part = r->items();
        if (part.size() < 3) return;
        const std::string& what = part[0].text();
        if (what == "message" || what == "smessage") {
            put(message({}, part[1].text(), part[2].text()));
        } else if (what == "pmessage" && part.size() == 4) {
            put(message(part[1].text(), part[2].text(), part[3].text()));
        } else if (is_confirmation(what) && due_ > 0 && --due_ == 0) {
            confirmed_.set();
        }
    }

    static bool is_confirmation(std::string_view what)
    {
        const auto is = [&](std::string_view name) { return same_word(name, what); };
        return std::ranges::any_of(subscribe_names, is) ||
               std::ranges::any_of(unsubscribe_names, is);
    }

    void put(message m)
    {
        messages_.push_back(std::move(m));
        if (messages_.size() >= capacity) connection_->pause();
        arrived_.set();
    }

    static awaitable<void> reconnect(std::shared_ptr<impl> self)
    {
        self->reconnecting_ = true;
        for (std::chrono::milliseconds pause = 50ms; !self->closed_;
             pause = std::min<std::chrono::milliseconds>(pause * 2, longest_pause)) {
            auto waiting = sleep(pause);
            co_await std::move(waiting);
            try {
                auto opening = self->open(self);
                co_await std::move(opening);
                break;
            } catch (const error& e) {
                log::warning("redis: a subscriber cannot connect", "failure", e.what());
            }
        }
        self->reconnecting_ = false;
    }

    std::shared_ptr<client_core> core_;
    std::shared_ptr<connection> connection_;
    std::array<std::set<std::string>, 3> subscribed_;
    lock opening_;
    std::size_t due_ = 0;  ///< confirmations
    event confirmed_;
    std::string refusal_;
    std::deque<message> messages_;
    event arrived_;
    bool closed_ = false;
    bool reconnecting_ = false;
    std::optional<std::chrono::steady_clock::time_point> asked_;  ///< with nothing come since
    bool doubted_ = false;                                        ///< for long enough
    health_check health_check_{*this};
};

subscriber::subscriber(const client& over) : impl_{std::make_shared<impl>(over.core_)} {}
subscriber::subscriber(subscriber&&) noexcept = default;

subscriber& subscriber::operator=(subscriber&& other) noexcept
{
    if (this != &other) {
        if (impl_) impl_->close();
        impl_ = std::move(other.impl_);
    }
    return *this;
}

subscriber::~subscriber()
{
    if (impl_) impl_->close();
}

awaitable<void> subscriber::subscribe(std::vector<std::string> channels)
{
    return impl::change(impl_, kind::channel, true, std::move(channels));
}

awaitable<void> subscriber::psubscribe(std::vector<std::string> patterns)
{
    return impl::change(impl_, kind::pattern, true, std::move(patterns));
}

awaitable<void> subscriber::ssubscribe(std::vector<std::string> channels)
{
    return impl::change(impl_, kind::shard, true, std::move(channels));
}

awaitable<void> subscriber::unsubscribe(std::vector<std::string> channels)
{
    return impl::change(impl_, kind::channel, false, std::move(channels));
}

awaitable<void> subscriber::punsubscribe(std::vector<std::string> patterns)
{
    return impl::change(impl_, kind::pattern, false, std::move(patterns));
}

awaitable<void> subscriber::sunsubscribe(std::vector<std::string> channels)
{
    return impl::change(impl_, kind::shard, false, std::move(channels));
}

awaitable<std::optional<message>> subscriber::next()
{
    return impl::next(impl_);
}

void subscriber::close() noexcept
{
    impl_->close();
}

}  // namespace ferry::redis
