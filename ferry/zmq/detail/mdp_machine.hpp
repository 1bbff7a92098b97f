#pragma once

#include "ferry/zmq/mdp.hpp"
#include "ferry/zmq/message.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::zmq::mdp::detail {

inline constexpr std::string_view client_protocol = "MDPC01";
inline constexpr std::string_view worker_protocol = "MDPW01";
inline constexpr std::string_view ready = "\x01";
inline constexpr std::string_view request = "\x02";
inline constexpr std::string_view reply = "\x03";
inline constexpr std::string_view heartbeat = "\x04";
inline constexpr std::string_view disconnect = "\x05";

/// The broker's decisions, without a socket or a clock.
class broker_machine {
public:
    using time_point = std::chrono::steady_clock::time_point;

    explicit broker_machine(options with) : with_{std::move(with)} {}

    /// What came in at the ROUTER, the sender's name first. \return what is to be sent.
    std::vector<multipart> receive(multipart m, time_point now);

    /// To be called every heartbeat.
    std::vector<multipart> tick(time_point now);

    std::size_t workers() const noexcept { return workers_.size(); }
    std::size_t waiting() const noexcept { return waiting_; }

private:
    struct worker_state {
        std::string service;
        time_point expires;
        bool idle = false;
    };
    struct service_state {
        std::deque<multipart> requests;  ///< client, "", body...
        std::deque<std::string> idle;    ///< workers, who waits longest first
        std::size_t workers = 0;
    };

    void from_client(multipart m, std::vector<multipart>& out);
    void from_worker(multipart m, time_point now, std::vector<multipart>& out);
    void rest(const std::string& name, time_point now);
    void forget(const std::string& name);
    void hand_out(const std::string& service, std::vector<multipart>& out);

    options with_;
    std::map<std::string, worker_state> workers_;
    std::map<std::string, service_state> services_;
    std::size_t waiting_ = 0;
};

}  // namespace ferry::zmq::mdp::detail
