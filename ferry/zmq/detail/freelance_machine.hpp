#pragma once

#include "ferry/zmq/freelance.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ferry::zmq::freelance::detail {

inline constexpr std::string_view ping = "PING";
inline constexpr std::string_view pong = "PONG";

/// The client's decisions, without a socket or a clock.
class client_machine {
public:
    using time_point = std::chrono::steady_clock::time_point;

    explicit client_machine(options with) : with_{std::move(with)} {}

    /// A server to ask; no effect if it is known.
    void add(std::string server, time_point now);

    /// A request begins; an earlier one is forgotten.
    void begin(multipart body, time_point now);

    /// What is to be sent now, the server's name first.
    std::vector<multipart> due(time_point now);

    /// When due() may have more, at the latest.
    time_point next() const noexcept;

    /// What came, the server's name first. \return the answer, if it is that.
    std::optional<multipart> receive(multipart m, time_point now);

    std::vector<std::pair<std::string, bool>> servers() const;

private:
    struct server_state {
        std::string name;
        bool alive = false;
        time_point ping_at;
        time_point expires;
    };

    void put_living_first();

    options with_;
    bool ended_ = false;                 ///< a server has ended: the order is to be made anew
    std::vector<server_state> servers_;  ///< the longest alive first, then the others
    std::uint32_t sequence_ = 0;
    std::optional<multipart> request_;
    std::string asked_;  ///< who has the request; empty for nobody
};

}  // namespace ferry::zmq::freelance::detail
