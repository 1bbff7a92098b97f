#pragma once

#include "ferry/zmq/binary_star.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace ferry::zmq::detail {

/// The decisions of one of the two servers, without a socket or a clock.
class binary_star_machine {
public:
    using state = binary_star::state;
    using time_point = std::chrono::steady_clock::time_point;

    binary_star_machine(binary_star::role as, std::chrono::milliseconds heartbeat, time_point now);

    state now() const noexcept { return state_; }

    /// The peer has told its state. \throws protocol_error with errc::split
    void peer_says(state peer, time_point now);

    /// A client asks. \return whether it may be answered.
    bool client_asks(time_point now);

private:
    state state_;
    std::chrono::milliseconds patience_;
    time_point peer_expires_;
};

/// A state as it is sent: its number as text; none for anything else.
std::optional<binary_star::state> state_of(std::string_view text) noexcept;

}  // namespace ferry::zmq::detail
