#include "ferry/http/detail/connect_tunnel.hpp"

#include "ferry/core/base64.hpp"
#include "ferry/http/detail/codec.hpp"
#include "ferry/http/status.hpp"

#include <fmt/format.h>

#include <utility>

namespace ferry::http::detail {

std::string proxy_authorization(const proxy_server& proxy)
{
    if (proxy.user().empty() && proxy.password().empty()) return {};
    return "Basic " + base64::encode(proxy.user() + ':' + proxy.password());
}

void throw_no_tunnel(const proxy_server& proxy, const std::string& authority,
                     const response_head& answer)
{
    throw proxy_error(
        std::error_code(answer.status, status_category()), proxy.text(),
        fmt::format("no tunnel to {}: {} {}", authority, answer.status,
                    answer.reason.empty() ? reason_of(answer.status) : answer.reason));
}

awaitable<net::stream> connect_tunnel(net::stream over, std::string authority,
                                      proxy_rules::server proxy, std::string proof,
                                      response_head* answer)
{
    std::string request = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", authority);
    if (!proof.empty()) request += "Proxy-Authorization: " + proof + "\r\n";
    request += "\r\n";
    co_await over.write(std::move(request));

    head_reader reader;
    for (;;) {
        const std::size_t used = reader.response(over.buffered_text(), *answer);
        over.consume(used);
        if (used > 0 && !is_informational(answer->status)) break;
        if (used > 0) {
            reader = head_reader();
            *answer = response_head();
            continue;
        }
        const std::size_t n = co_await over.fill();
        if (n == 0) {
            throw proxy_error(
                errc::closed_early, proxy->text(),
                "it closed the connection instead of opening a tunnel to " + authority);
        }
    }
    // What follows the head is the tunnel's already.
    if (is_success(answer->status)) co_return over;
    if (answer->status != status::proxy_authentication_required) {
        throw_no_tunnel(*proxy, authority, *answer);
    }
    co_return net::stream();
}

}  // namespace ferry::http::detail
