#pragma once

#include "ferry/testing/fault_server.hpp"

#include <string>
#include <string_view>
#include <vector>

// Scripts of servers of HTTP.
namespace ferry::testing {

inline const std::string ok_response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// `http://127.0.0.1:PORT/`
inline std::string url_of(const fault_server& server, std::string_view path = "/")
{
    return "http://127.0.0.1:" + std::to_string(server.port()) + std::string(path);
}

/// Answers one request.
inline script answer(const std::string& bytes)
{
    return script().receive_until("\r\n\r\n").send(bytes);
}

/// Answers as many requests as there are texts, one after another on one connection, and then says
/// nothing more.
inline script answers(const std::vector<std::string>& all)
{
    script made;
    for (const std::string& bytes : all) made.receive_until("\r\n\r\n").send(bytes);
    return made.stay_silent();
}

}  // namespace ferry::testing
