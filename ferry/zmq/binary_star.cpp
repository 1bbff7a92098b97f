#include "ferry/zmq/binary_star.hpp"

#include "ferry/async/gather.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/error.hpp"
#include "ferry/zmq/detail/binary_star_machine.hpp"
#include "ferry/zmq/error.hpp"
#include "ferry/zmq/socket.hpp"

#include <utility>

namespace ferry::zmq {
namespace detail {

binary_star_machine::binary_star_machine(binary_star::role as, std::chrono::milliseconds heartbeat,
                                         time_point now)
    : state_{as == binary_star::primary ? state::primary : state::backup},
      patience_{2 * heartbeat},
      peer_expires_{now + patience_}
{
}

void binary_star_machine::peer_says(state peer, time_point now)
{
    peer_expires_ = now + patience_;
    if (state_ == peer && (peer == state::active || peer == state::passive)) {
        throw protocol_error(errc::split,
                             "binary star: both servers are " + std::string(name(peer)));
    }
    switch (state_) {
        case state::primary:
            if (peer == state::backup) state_ = state::active;
            if (peer == state::active) state_ = state::passive;
            break;
        case state::backup:
            if (peer == state::active) state_ = state::passive;
            break;
        case state::passive:
            // The peer begins anew.
            if (peer != state::active) state_ = state::active;
            break;
        case state::active: break;
    }
}

bool binary_star_machine::client_asks(time_point now)
{
    // The backup that has never heard of a primary waits for it.
    const bool heir = state_ == state::primary || state_ == state::passive;
    if (heir && now >= peer_expires_) state_ = state::active;
    return state_ == state::active;
}

std::optional<binary_star::state> state_of(std::string_view text) noexcept
{
    if (text.size() != 1 || text[0] < '1' || text[0] > '4') return std::nullopt;
    return static_cast<binary_star::state>(text[0] - '0');
}

}  // namespace detail

class binary_star::impl {
public:
    impl(role as, const std::string& own, const std::string& peer,
         std::chrono::milliseconds heartbeat, const context& of)
        : every{heartbeat}, machine{as, heartbeat, clock::now()}, telling{of, pub}, hearing{of, sub}
    {
        endpoint = telling.bind(own);
        telling.set(opt::linger, std::chrono::milliseconds{0});
        hearing.subscribe("");
        hearing.connect(peer);
    }

    // Does what may change the state, and tells if it has.
    template <class F>
    bool watched(F change)
    {
        const state before = machine.now();
        const bool result = change();
        if (machine.now() != before) {
            if (machine.now() == state::active && on_active) on_active();
            if (machine.now() == state::passive && on_passive) on_passive();
        }
        return result;
    }

    static awaitable<void> tell(std::shared_ptr<impl> self)
    {
        for (;;) {
            const int number = static_cast<int>(self->machine.now());
            co_await self->telling.send(message(std::to_string(number)));
            co_await sleep(self->every);
        }
    }

    static awaitable<void> listen(std::shared_ptr<impl> self)
    {
        for (;;) {
            const multipart m = co_await self->hearing.receive_multipart();
            const auto peer = detail::state_of(m[0].text());
            if (!peer) continue;
            self->watched([&] {
                self->machine.peer_says(*peer, clock::now());
                return true;
            });
        }
    }

    static awaitable<void> run(std::shared_ptr<impl> self)
    {
        auto both = gather(tell(self), listen(self));
        co_await std::move(both);
    }

    using clock = std::chrono::steady_clock;

    std::chrono::milliseconds every;
    detail::binary_star_machine machine;
    socket telling;
    socket hearing;
    std::string endpoint;
    std::function<void()> on_active;
    std::function<void()> on_passive;
};

binary_star::binary_star(role as, const std::string& own, const std::string& peer,
                         std::chrono::milliseconds heartbeat, const context& of)
    : impl_{std::make_shared<impl>(as, own, peer, heartbeat, of)}
{
}
binary_star::binary_star(binary_star&&) noexcept = default;
binary_star::~binary_star() = default;

const std::string& binary_star::endpoint() const noexcept
{
    return impl_->endpoint;
}

binary_star::state binary_star::now() const noexcept
{
    return impl_->machine.now();
}

bool binary_star::may_serve()
{
    return impl_->watched([&] { return impl_->machine.client_asks(impl::clock::now()); });
}

void binary_star::on_active(std::function<void()> f)
{
    impl_->on_active = std::move(f);
}

void binary_star::on_passive(std::function<void()> f)
{
    impl_->on_passive = std::move(f);
}

awaitable<void> binary_star::run()
{
    return impl::run(impl_);
}

std::string_view name(binary_star::state s) noexcept
{
    switch (s) {
        case binary_star::state::primary: return "primary";
        case binary_star::state::backup: return "backup";
        case binary_star::state::active: return "active";
        case binary_star::state::passive: return "passive";
    }
    return "unknown";
}

}  // namespace ferry::zmq
