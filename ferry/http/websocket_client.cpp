#include "ferry/http/websocket_client.hpp"

#include "ferry/async/timeout.hpp"
#include "ferry/core/base64.hpp"
#include "ferry/core/random.hpp"
#include "ferry/core/url.hpp"
#include "ferry/crypto/secrets.hpp"
#include "ferry/http/detail/attempt.hpp"
#include "ferry/http/detail/codec.hpp"
#include "ferry/http/detail/message_deflate.hpp"
#include "ferry/http/detail/session_core.hpp"
#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/detail/websocket_codec.hpp"
#include "ferry/http/detail/websocket_driver.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/session.hpp"
#include "ferry/http/status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace ferry::http {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t excerpt_bytes = 2048;

url parse_websocket_url(std::string_view text)
{
    std::string plain(text);
    if (plain.starts_with("ws:") || plain.starts_with("wss:")) plain.replace(0, 2, "http");
    std::optional<url> parsed;
    try {
        parsed = url::parse(plain);
    } catch (const parse_error& e) {
        throw error(errc::bad_url, e.what());
    }
    if (parsed->scheme() != "http" && parsed->scheme() != "https") {
        throw error(errc::bad_url,
                    fmt::format("URL {}: the scheme is neither ws nor wss", parsed->redacted()));
    }
    return std::move(*parsed);
}

std::string random_key()
{
    std::array<std::byte, 16> random{};
    fill_random(random);
    return base64::encode(random);
}

// The client's half of the opening handshake (RFC 6455 section 4.1).
class opening {
public:
    opening(const url& to, const websocket_settings& with) : to_(to), with_(with) {}

    std::string request()
    {
        key_ = random_key();
        const request_options& asked = with_.session.defaults;
        headers fields("Host", to_.host(), "Upgrade", "websocket", "Connection", "Upgrade",
                       "Sec-WebSocket-Key", key_, "Sec-WebSocket-Version", "13", "User-Agent",
                       "ferry/0.1");
        const websocket_options& socket = with_.socket;
        if (socket.compression()) {
            fields.add("Sec-WebSocket-Extensions",
                       detail::offer_deflate(socket.context_takeover()));
        }
        if (!socket.subprotocols().empty()) {
            fields.add("Sec-WebSocket-Protocol",
                       fmt::format("{}", fmt::join(socket.subprotocols(), ", ")));
        }
        if (asked.auth.kind() != auth_option::scheme::none) {
            fields.set("Authorization", asked.auth.value());
        }
        if (!asked.cookies.empty()) fields.add("Cookie", asked.cookies);
        for (const header_field f : asked.headers) fields.set(f.name, f.value);
        std::string target(to_.path());
        std::string query(to_.query());
        if (!asked.query.empty()) query += (query.empty() ? "" : "&") + asked.query;
        if (!query.empty()) target += "?" + query;
        std::string text = fmt::format("GET {} HTTP/1.1\r\n", target);
        for (const header_field f : fields) {
            text.append(f.name).append(": ").append(f.value).append("\r\n");
        }
        return text + "\r\n";
    }

    /// What the server's 101 agrees to. \throws protocol_error
    std::pair<std::optional<detail::deflate_agreement>, std::string> check(
        const detail::response_head& head) const
    {
        const headers& fields = head.headers;
        if (!detail::same(fields.get("Upgrade").value_or(""), "websocket") ||
            fields.get("Sec-WebSocket-Accept").value_or("") != detail::accept_key(key_)) {
            throw protocol_error(errc::bad_message, "the server does not speak websocket");
        }
        const std::string extensions = fields.joined("Sec-WebSocket-Extensions");
        if (!extensions.empty() && !with_.socket.compression()) {
            throw protocol_error(errc::bad_message, "the server agrees to what was not offered");
        }
        std::string protocol(fields.get("Sec-WebSocket-Protocol").value_or(""));
        const auto& offered = with_.socket.subprotocols();
        if (!protocol.empty() && std::ranges::find(offered, protocol) == offered.end()) {
            throw protocol_error(errc::bad_message, "the server chose a subprotocol of its own: " +
                                                        detail::quoted(protocol));
        }
        return {detail::read_deflate_answer(extensions), std::move(protocol)};
    }

private:
    const url& to_;
    const websocket_settings& with_;
    std::string key_;
};

awaitable<detail::response_head> read_answer(net::stream* from)
{
    detail::head_reader reader;
    detail::response_head head;
    std::size_t informational = 0;
    for (;;) {
        const std::string_view buffered = from->buffered_text();
        const std::size_t used = buffered.empty() ? 0 : reader.response(buffered, head);
        if (used > 0) {
            from->consume(used);
            if (!is_informational(head.status) || head.status == status::switching_protocols) {
                co_return std::move(head);
            }
            detail::check_informational(head.status, informational++);
            reader = detail::head_reader();
            continue;
        }
        const std::size_t count = co_await from->fill();
        if (count == 0) {
            throw connection_error(errc::closed_early, "the server closed before it had answered",
                                   from->remote_endpoint());
        }
    }
}

// The beginning of the body of a refusal, as far as it comes without a wait worth the name.
awaitable<std::string> read_excerpt(net::stream* from, std::uint64_t length)
{
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(length, excerpt_bytes));
    try {
        from->expires_after(500ms);
        while (from->buffered().size() < wanted) {
            const std::size_t count = co_await from->fill();
            if (count == 0) break;
        }
    } catch (const error&) {
        // What there is has to do.
    }
    co_return std::string(from->buffered_text().substr(0, wanted));
}

awaitable<websocket> open_at(const url* to, std::shared_ptr<const websocket_settings> with)
{
    const auto core = std::make_shared<detail::session_core>(with->session);
    const detail::time_limits limits(timeout_option(), with->session.defaults.timeouts);
    const detail::deadline until(limits.total);
    detail::progress reached;
    const detail::attempt_context context = {&limits, &until, &reached, false, nullptr};
    auto connecting = core->connect(std::make_shared<const url>(*to), context);
    net::stream stream = co_await std::move(connecting);
    stream.set_timeout(detail::in_ms(limits.read), detail::in_ms(limits.write));
    if (limits.total) stream.expires_after(detail::in_ms(until.left()));
    opening handshake(*to, *with);
    co_await stream.write(handshake.request());
    stream.expires_after(detail::in_ms(until.cut(limits.read)));
    const detail::response_head head = co_await read_answer(&stream);
    if (head.status != status::switching_protocols) {
        const std::uint64_t length = head.facts.content_length.value_or(excerpt_bytes);
        std::string excerpt = co_await read_excerpt(&stream, length);
        throw status_error(head.status, head.reason, to->redacted(), std::move(excerpt));
    }
    auto [deflate, protocol] = handshake.check(head);
    stream.expires_after(0ms);
    co_return websocket(std::make_shared<websocket::impl>(
        std::move(stream), detail::role::client, with->socket, deflate, std::move(protocol)));
}

bool may_heal(const error& e) noexcept
{
    const auto* const refused = dynamic_cast<const status_error*>(&e);
    if (refused == nullptr) {
        return dynamic_cast<const connection_error*>(&e) != nullptr ||
               dynamic_cast<const timeout_error*>(&e) != nullptr;
    }
    constexpr std::array healing = {429, 500, 502, 503, 504};
    return std::ranges::find(healing, refused->status()) != healing.end();
}

}  // namespace

awaitable<websocket> detail::open_websocket(std::string to,
                                            std::shared_ptr<const websocket_settings> with)
{
    const url parsed = parse_websocket_url(to);
    try {
        auto opened = open_at(&parsed, with);
        co_return co_await std::move(opened);
    } catch (error& e) {
        e.add_context("websocket " + parsed.redacted());
        throw;
    }
}

// Exponential with full jitter over its upper half.
websocket_reconnector::duration websocket_reconnector::pause() const
{
    auto limit = first_;
    for (int i = 1; i < failures_ && limit < longest_; ++i) limit *= 2;
    limit = std::min(limit, longest_);
    const auto half = static_cast<std::uint64_t>(limit.count()) / 2;
    return duration(static_cast<duration::rep>(half + secrets::below(half + 1)));
}

awaitable<websocket> websocket_reconnector::next()
{
    if (opened_ != std::chrono::steady_clock::time_point()) {
        const bool lasted = std::chrono::steady_clock::now() - opened_ > longest_;
        failures_ = lasted ? 0 : failures_ + 1;
        opened_ = {};
    }
    for (;;) {
        if (failures_ > 0) co_await sleep(pause());
        try {
            websocket ws = co_await detail::open_websocket(url_, with_);
            opened_ = std::chrono::steady_clock::now();
            co_return ws;
        } catch (const error& e) {
            if (!may_heal(e)) throw;
        }
        ++failures_;
    }
}

}  // namespace ferry::http
