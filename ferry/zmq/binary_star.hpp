#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/zmq/context.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace ferry::zmq {

/// Two servers of which one serves and the other waits until that falls silent: the guide's binary
/// star. The two tell each other their state; which of them serves, the clients decide too, by whom
/// they can reach: the waiting one takes over when its peer is silent *and* a client asks it.
///
///     zmq::binary_star pair(zmq::binary_star::primary, "tcp://*:5003", "tcp://backup:5004");
///     co_await gather(pair.run(), serve(&pair));      // serve(): if (pair.may_serve()) answer...
///
/// Belongs to its thread's loop.
class binary_star {
public:
    enum class role : unsigned char { primary = 1, backup = 2 };
    using enum role;

    /// As they are sent to the peer.
    enum class state : unsigned char { primary = 1, backup = 2, active = 3, passive = 4 };

    /// Binds for the peer, and connects to it. \param heartbeat  how often the state is told; a
    /// peer that is silent for two is dead.
    binary_star(role as, const std::string& own, const std::string& peer,
                std::chrono::milliseconds heartbeat = std::chrono::milliseconds{1000},
                const context& of = context::instance());
    binary_star(binary_star&&) noexcept;
    ~binary_star();

    /// \return the real endpoint that the peer connects to.
    const std::string& endpoint() const noexcept;
    state now() const noexcept;

    /// To be asked for each client's request, which counts: whether this server may answer it.
    /// A request that it may not answer is best dropped; the client asks the other one then.
    /// \throws as run()
    bool may_serve();

    /// Called when this server begins, or ceases, to be the active one. Must not throw.
    void on_active(std::function<void()> f);
    void on_passive(std::function<void()> f);

    /// Talks with the peer until it is cancelled.
    /// \throws protocol_error with errc::split  both are active, or both passive: somebody has to
    /// decide, and it is not this program.
    awaitable<void> run();

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

/// `active`...
std::string_view name(binary_star::state s) noexcept;

}  // namespace ferry::zmq
