#pragma once

#include "ferry/async/run.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/zmq/zmq.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace ferry::zmq {

inline const std::string any_port = "tcp://127.0.0.1:*";

inline std::vector<std::string> texts(const multipart& all)
{
    std::vector<std::string> out;
    for (const message& m : all) out.push_back(m.to_string());
    return out;
}

inline std::vector<std::string> receive_texts(socket& s)
{
    return texts(run(timeout(std::chrono::seconds(20), s.receive_multipart(), "receive")));
}

/// The next events up to one of that type.
inline std::vector<event_type> events_until(monitor& news, event_type last)
{
    std::vector<event_type> seen;
    do {
        const auto e = run(timeout(std::chrono::seconds(20), news.next(), "event"));
        if (!e) break;
        seen.push_back(e->type);
    } while (seen.back() != last);
    return seen;
}

}  // namespace ferry::zmq
