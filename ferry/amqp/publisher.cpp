#include "ferry/amqp/publisher.hpp"

#include "ferry/amqp/detail/admission.hpp"
#include "ferry/amqp/detail/channel_core.hpp"
#include "ferry/amqp/error.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/core/uuid.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace ferry::amqp {
namespace {

using namespace std::chrono_literals;
using detail::channel_core;

/// After a refusal the message is sent again so much later, and later each time until the broker
/// takes one.
constexpr auto first_refusal_pause = 100ms;
constexpr auto longest_refusal_pause = 3'200ms;

}  // namespace

class publisher::impl : public std::enable_shared_from_this<impl> {
public:
    impl(std::shared_ptr<channel_core> core, std::size_t window, std::size_t window_bytes)
        : lives_at_{core->lives_at()},
          core_{std::move(core)},
          window_{window},
          window_bytes_{window_bytes}
    {
        if (!core_->confirms()) {
            throw error(errc::bad_argument, "amqp: a publisher needs a channel with confirms");
        }
    }
    impl(const impl&) = delete;
    impl& operator=(const impl&) = delete;
    ~impl()
    {
        for (const auto& e : entries_) {
            if (e->over != nullptr) e->over->forget(*e);
        }
    }

    static awaitable<void> publish(std::shared_ptr<impl> self, std::string exchange,
                                   std::string routing_key, publish_body body, properties with,
                                   bool is_mandatory)
    {
        const std::size_t size = body.size();
        for (;;) {
            if (self->failure_) std::rethrow_exception(self->failure_);
            if (!self->is_full(size) && self->again_.empty() && detail::admitted(*self->core_)) {
                break;
            }
            if (self->is_full(size) || !self->again_.empty()) {
                self->changed_.clear();
                co_await self->changed_.wait();
            } else {
                auto waiting = detail::admission(self->core_);
                co_await std::move(waiting);
            }
        }
        entry& e = self->free_entry();
        e.exchange = std::move(exchange);
        e.routing_key = std::move(routing_key);
        e.body.emplace(std::move(body));
        e.with = std::move(with);
        if (e.with.message_id().empty()) e.with.message_id(uuid4());
        e.is_mandatory = is_mandatory;
        e.size = size;
        try {
            self->send(e);
        } catch (...) {
            self->give_back(e);
            throw;
        }
        ++self->in_flight_;
        self->bytes_ += size;
    }

    static awaitable<void> flush(std::shared_ptr<impl> self)
    {
        while (self->in_flight_ > 0 && !self->failure_) {
            self->changed_.clear();
            co_await self->changed_.wait();
        }
        self->leave_answered();
        if (self->failure_) std::rethrow_exception(self->failure_);
        const auto first = std::exchange(self->unroutable_, nullptr);
        if (first) std::rethrow_exception(first);
    }

    const detail::home lives_at_;
    std::size_t in_flight_ = 0;
    std::uint64_t confirmed_ = 0;
    std::uint64_t republished_ = 0;

private:
    // A message that is not confirmed yet.
    class entry final : public detail::confirmation {
    public:
        explicit entry(impl& of) : of_{of} {}

        void settled(bool taken, std::optional<returned_message> returned) noexcept override
        {
            of_.settled(*this, taken, std::move(returned));
        }
        void lost(const std::exception_ptr& /*why*/) noexcept override
        {
            of_.send_again(*this, 0ms);
        }

        std::string exchange;
        std::string routing_key;
        std::optional<publish_body> body;
        properties with;
        bool is_mandatory = false;
        std::size_t size = 0;
        channel_core* over = nullptr;  ///< which it was sent over, until that has an answer

    private:
        impl& of_;
    };

    bool is_full(std::size_t more) const noexcept
    {
        return in_flight_ >= window_ || (in_flight_ > 0 && bytes_ + more > window_bytes_);
    }

    entry& free_entry()
    {
        if (free_.empty()) {
            entries_.push_back(std::make_unique<entry>(*this));
            free_.push_back(entries_.back().get());
        }
        entry& e = *free_.back();
        free_.pop_back();
        return e;
    }

    void give_back(entry& e) noexcept
    {
        e.body.reset();
        free_.push_back(&e);
    }

    void send(entry& e)
    {
        leave_answered();
        core_->publish(e.exchange, e.routing_key, e.with, e.body->data(), e.body->text(),
                       e.is_mandatory, &e);
        e.over = core_.get();
    }

    void done(entry& e) noexcept
    {
        --in_flight_;
        bytes_ -= e.size;
        give_back(e);
        changed_.set();
    }

    void settled(entry& e, bool taken, std::optional<returned_message> returned) noexcept
    {
        e.over = nullptr;
        if (!taken) {
            send_again(e, refusal_pause_);
            return refused();
        }
        refused_since_.reset();
        refusal_pause_ = first_refusal_pause;
        if (returned && !unroutable_) {
            unroutable_ = std::make_exception_ptr(
                error(errc::no_route, "amqp: no queue takes the message to '" + e.exchange +
                                          "' with the key '" + e.routing_key + "'"));
        }
        ++confirmed_;
        done(e);
    }

    // A full queue refuses until somebody takes from it. A channel that was opened while a quorum
    // queue had no leader refuses for ever, though others do not: so another one is tried.
    void refused() noexcept
    {
        const auto now = std::chrono::steady_clock::now();
        if (!refused_since_) refused_since_ = now;
        const auto limit = core_->owner().settings().confirm_timeout();
        if (limit == 0ms || is_moving_ || now - *refused_since_ <= limit) return;
        refused_since_.reset();
        is_moving_ = true;
        spawn(go_on_elsewhere(shared_from_this()), "amqp publisher");
    }

    // What was sent over the channel so far may be answered there.
    static awaitable<void> go_on_elsewhere(std::shared_ptr<impl> self)
    {
        try {
            auto opening =
                detail::connection_core::open_channel(self->core_->owner().shared_from_this());
            auto made = co_await std::move(opening);
            auto selecting = channel_core::select_confirms(made);
            co_await std::move(selecting);
            self->earlier_.push_back(std::exchange(self->core_, std::move(made)));
        } catch (const error& e) {
            log::warning("amqp: no other channel to publish on", "failure", e.what());
        }
        self->is_moving_ = false;
    }

    void leave_answered() noexcept
    {
        if (earlier_.empty()) return;
        std::erase_if(earlier_, [](const auto& c) { return c->unconfirmed() == 0; });
    }

    void send_again(entry& e, std::chrono::milliseconds pause) noexcept
    {
        e.over = nullptr;
        again_.push_back(&e);
        if (again_.size() == 1) spawn(resend(shared_from_this(), pause), "amqp publisher");
    }

    // In the order in which they were published first.
    static awaitable<void> resend(std::shared_ptr<impl> self, std::chrono::milliseconds pause)
    {
        if (pause > 0ms) {
            self->refusal_pause_ = std::min(2 * pause, longest_refusal_pause);
            auto waiting = sleep(pause);
            co_await std::move(waiting);
        }
        while (!self->again_.empty() && !self->failure_) {
            try {
                auto waiting = detail::admission(self->core_);
                co_await std::move(waiting);
                entry& e = *self->again_.front();
                self->send(e);
                ++self->republished_;
                self->again_.pop_front();
            } catch (const error&) {
                if (self->core_->ended()) self->failure_ = std::current_exception();
            }
        }
        self->changed_.set();
    }

    std::shared_ptr<channel_core> core_;
    std::vector<std::shared_ptr<channel_core>> earlier_;  ///< which still owe answers
    std::size_t window_;
    std::size_t window_bytes_;
    std::size_t bytes_ = 0;
    std::vector<std::unique_ptr<entry>> entries_;
    std::vector<entry*> free_;
    std::deque<entry*> again_;
    std::optional<std::chrono::steady_clock::time_point> refused_since_;
    bool is_moving_ = false;  ///< to another channel
    std::chrono::milliseconds refusal_pause_ = first_refusal_pause;
    event changed_;
    std::exception_ptr unroutable_;
    std::exception_ptr failure_;
};

publisher::publisher(channel over, std::size_t window, std::size_t window_bytes)
    : impl_{detail::make_at_home<impl>(over.core_, window, window_bytes)}
{
}
publisher::publisher(publisher&&) noexcept = default;
publisher& publisher::operator=(publisher&&) noexcept = default;
publisher::~publisher() = default;

awaitable<void> publisher::publish(std::string exchange, std::string routing_key, publish_body body,
                                   properties with, mandatory flag)
{
    return at(impl_->lives_at_,
              impl::publish(impl_, std::move(exchange), std::move(routing_key), std::move(body),
                            std::move(with), static_cast<bool>(flag)));
}

awaitable<void> publisher::flush()
{
    return at(impl_->lives_at_, impl::flush(impl_));
}

std::size_t publisher::unconfirmed() const noexcept
{
    return impl_->in_flight_;
}

std::uint64_t publisher::confirmed() const noexcept
{
    return impl_->confirmed_;
}

std::uint64_t publisher::republished() const noexcept
{
    return impl_->republished_;
}

}  // namespace ferry::amqp
