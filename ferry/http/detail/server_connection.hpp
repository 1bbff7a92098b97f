#pragma once

#include "ferry/http/detail/codec.hpp"
#include "ferry/http/detail/server_body.hpp"
#include "ferry/http/detail/server_core.hpp"
#include "ferry/http/detail/upgrade.hpp"
#include "ferry/http/request.hpp"
#include "ferry/http/response.hpp"
#include "ferry/net/stream.hpp"

#include <memory>
#include <string>

namespace ferry::http::detail {

/// One client's connection: reads requests, has them answered, writes responses, in order. While it
/// waits for a request it holds as little as possible.
class server_connection {
public:
    server_connection(server_core& server, net::stream on);

    /// Until the client, a limit or the server's stop ends it. Never throws but `cancelled`.
    awaitable<void> run();

    /// The server stops: ends the connection if no request is under way.
    void stop() noexcept;

private:
    // What is needed from a request's first byte to its response's last.
    struct exchange {
        request_head head;
        http::request request;
        std::shared_ptr<request_body> body;
    };

    awaitable<void> serve_all();
    awaitable<bool> wait_for_request();
    awaitable<bool> serve_next();
    awaitable<bool> read_head();
    awaitable<void> answer(response r);
    awaitable<void> write_body(response& r, bool chunked);
    awaitable<void> write_source(body_source& source, bool chunked);
    awaitable<void> hand_over(std::shared_ptr<body_source> to);
    awaitable<void> refuse(int status, std::string detail);
    awaitable<void> read_rest_of_body();
    void begin_exchange();
    bool has_pipelined_too_much() noexcept;
    bool is_upgrade(const response& r) const noexcept;
    void write_head(const response& r, bool chunked, std::optional<std::uint64_t> length);

    server_core& server_;
    net::stream stream_;
    codec_limits limits_;
    std::string peer_;
    std::string out_;
    std::unique_ptr<exchange> now_;
    std::shared_ptr<upgrade> upgraded_;  ///< what has taken over
    std::size_t pipelined_ = 0;          ///< requests since the client was waited for
    bool idle_ = true;                   ///< between two requests
    bool keep_alive_ = true;             ///< after this response
    bool close_politely_ = false;        ///< the client may still be sending
};

}  // namespace ferry::http::detail
