#include "ferry/http/auth.hpp"

#include "ferry/core/base64.hpp"
#include "ferry/core/charset.hpp"
#include "ferry/http/detail/client_exchange.hpp"
#include "ferry/http/detail/digest.hpp"
#include "ferry/http/detail/fetch.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/options.hpp"

#include <algorithm>
#include <utility>

namespace ferry::http {
namespace {

constexpr int max_digest_rounds = 3;

// Sends with the nonce that is known, if one is; then with the one that the server gives.
awaitable<void> answer_challenges(std::shared_ptr<detail::digest_credentials> credentials,
                                  auth_context* c)
{
    for (int round = 0; round < max_digest_rounds; ++round) {
        const auto answer = credentials->authorize(*c);
        if (answer) c->set("Authorization", answer->header);
        const int status = co_await c->send();
        if (status != 401) {
            credentials->take_info(*c);
            co_return;
        }
        const bool another = credentials->take_challenge(*c, answer, round == 0);
        if (!another) co_return;
    }
}

}  // namespace

void auth_option::apply_to(request_options& to) const
{
    to.auth = *this;
}

auth_option& auth_option::latin1()
{
    constexpr std::string_view prefix = "Basic ";
    if (kind_ != scheme::basic) return *this;
    const bytes utf8 = base64::decode(std::string_view(value_).substr(prefix.size()));
    std::string narrow;
    const std::string_view text = as_text(utf8);
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto first = static_cast<unsigned char>(text[i]);
        if (first < 0x80) {
            narrow += text[i];
            continue;
        }
        // U+0080 to U+00FF are two bytes in UTF-8, beginning with C2 or C3.
        if ((first != 0xC2 && first != 0xC3) || i + 1 == text.size()) {
            throw error(errc::bad_header, "user name or password does not fit Latin-1");
        }
        const auto second = static_cast<unsigned char>(text[++i]);
        narrow += static_cast<char>(((first & 0x03U) << 6U) | (second & 0x3FU));
    }
    value_ = std::string(prefix) + base64::encode(narrow);
    return *this;
}

auth_option basic_auth(std::string_view user, std::string_view password)
{
    if (user.find(':') != std::string_view::npos) {
        throw error(errc::bad_header, "a user name for basic authentication holds a colon");
    }
    const std::string both = std::string(user) + ':' + std::string(password);
    return {auth_option::scheme::basic, "Basic " + base64::encode(both)};
}

auth_option bearer(std::string_view token)
{
    const auto is_visible = [](char c) { return c > 0x20 && c < 0x7f; };
    if (token.empty() || !std::ranges::all_of(token, is_visible)) {
        throw error(errc::bad_header, "a bearer token is made of visible ASCII characters");
    }
    return {auth_option::scheme::bearer, "Bearer " + std::string(token)};
}

auth_option digest_auth(std::string user, std::string password)
{
    auto credentials =
        std::make_shared<detail::digest_credentials>(std::move(user), std::move(password));
    return auth_option(
        [credentials](auth_context& c) { return answer_challenges(credentials, &c); });
}

auth_option custom_auth(auth_flow flow)
{
    return auth_option(std::move(flow));
}

auth_option no_auth()
{
    return {auth_option::scheme::off, {}};
}

awaitable<int> auth_context::send()
{
    return exchange().send_for_flow();
}

const response& auth_context::answer() const
{
    return exchange().answer();
}

awaitable<response> auth_context::request(std::string method, std::string url, request_options with)
{
    if (with.auth.kind() == auth_option::scheme::none) with.auth = no_auth();
    // It is a part of the request that it is made for.
    const auto& until = exchange().until();
    if (until.exists() && !with.timeouts.total()) with.timeouts.total(until.left());
    return detail::send_whole(exchange().session(),
                              detail::make_call(std::move(method), std::move(url), with));
}

}  // namespace ferry::http
