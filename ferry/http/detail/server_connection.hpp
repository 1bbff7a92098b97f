#pragma once

#include "ferry/http/detail/codec.hpp"
#include "ferry/http/detail/server_core.hpp"
#include "ferry/http/request.hpp"
#include "ferry/http/response.hpp"
#include "ferry/net/stream.hpp"

#include <string>

namespace ferry::http::detail {

/// One client's connection: reads requests, has them answered, writes responses, in order.
class server_connection {
public:
    server_connection(server_core& server, net::stream on);

    /// Until the client, a limit or the server's stop ends it. Never throws but `cancelled`.
    awaitable<void> run();

    /// The server stops: ends the connection if no request is under way.
    void stop() noexcept;

private:
    awaitable<bool> serve_next();
    awaitable<bool> read_head();
    awaitable<void> read_body(const body_plan& plan);
    awaitable<void> answer(response r);
    awaitable<void> write_body(response& r, bool chunked);
    awaitable<void> write_source(body_source& source, bool chunked);
    awaitable<void> refuse(int status, std::string detail);
    awaitable<void> linger();
    void write_head(const response& r, bool chunked, std::optional<std::uint64_t> length);

    server_core& server_;
    net::stream stream_;
    codec_limits limits_;
    std::string peer_;
    std::string out_;
    request_head head_;
    request request_;
    bool idle_ = true;        ///< between two requests
    bool keep_alive_ = true;  ///< after this response
};

}  // namespace ferry::http::detail
