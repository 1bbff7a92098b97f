#include "ferry/http/detail/digest.hpp"

#include "ferry/crypto/secrets.hpp"
#include "ferry/http/auth.hpp"
#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/response.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace ferry::http::detail {
namespace {

constexpr std::size_t max_origins = 32;
constexpr std::size_t client_nonce_bytes = 16;

struct known_algorithm {
    std::string_view name;
    hash::algorithm hash;
};
constexpr std::array algorithms = std::to_array<known_algorithm>({
    {"MD5", hash::algorithm::md5},
    {"SHA-256", hash::algorithm::sha256},
    {"SHA-512-256", hash::algorithm::sha512_256},
    {"SHA-512", hash::algorithm::sha512},
});

bool choose_algorithm(digest_challenge& c)
{
    std::string_view name = c.algorithm.empty() ? std::string_view("MD5") : c.algorithm;
    constexpr std::string_view suffix = "-sess";
    if (name.size() > suffix.size() && same(name.substr(name.size() - suffix.size()), suffix)) {
        c.session = true;
        name.remove_suffix(suffix.size());
    }
    const auto at =
        std::ranges::find_if(algorithms, [&](const auto& a) { return same(a.name, name); });
    if (at == algorithms.end()) return false;
    c.hash = at->hash;
    return true;
}

// False if only what is not known is offered.
bool choose_quality(digest_challenge& c, std::string_view offered)
{
    bool auth = false;
    bool integrity = false;
    c.has_qop = !trim(offered).empty();
    while (!offered.empty()) {
        const std::string_view quality = take_element(offered);
        auth = auth || same(quality, "auth");
        integrity = integrity || same(quality, "auth-int");
    }
    c.integrity = integrity && !auth;
    return !c.has_qop || auth || integrity;
}

std::string quoted_string(std::string_view text)
{
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out += '"';
}

std::string origin_of(const auth_context& c)
{
    return c.url().origin();
}

}  // namespace

std::optional<digest_challenge> digest_challenge::from(const challenge& c)
{
    if (c.scheme != "digest" || c.find("nonce").empty()) return std::nullopt;
    digest_challenge d;
    d.realm = c.find("realm");
    d.nonce = c.find("nonce");
    d.algorithm = c.find("algorithm");
    d.hides_user = same(c.find("userhash"), "true");
    d.stale = same(c.find("stale"), "true");
    for (const auto& [name, value] : c.parameters) {
        if (name == "opaque") d.opaque = value;
    }
    if (!choose_algorithm(d) || !choose_quality(d, c.find("qop"))) return std::nullopt;
    return d;
}

std::string answer_digest(const digest_challenge& c, std::string_view user,
                          std::string_view password, const digest_request& what,
                          std::uint32_t count, std::string_view client_nonce)
{
    const auto hex = [&](std::string_view text) { return hash::of(c.hash, as_bytes(text)).hex(); };
    const std::string times = fmt::format("{:08x}", count);
    const std::string_view quality = c.integrity ? "auth-int" : "auth";

    std::string secret = hex(fmt::format("{}:{}:{}", user, c.realm, password));
    if (c.session) secret = hex(fmt::format("{}:{}:{}", secret, c.nonce, client_nonce));
    std::string subject = fmt::format("{}:{}", what.method, what.target);
    if (c.integrity) subject += ":" + hash::of(c.hash, what.body).hex();
    subject = hex(subject);
    const std::string response = c.has_qop ? hex(fmt::format("{}:{}:{}:{}:{}:{}", secret, c.nonce,
                                                             times, client_nonce, quality, subject))
                                           : hex(fmt::format("{}:{}:{}", secret, c.nonce, subject));

    const std::string shown =
        c.hides_user ? hex(fmt::format("{}:{}", user, c.realm)) : std::string(user);
    std::string value = fmt::format(
        "Digest username={}, realm={}, nonce={}, uri={}, response=\"{}\"", quoted_string(shown),
        quoted_string(c.realm), quoted_string(c.nonce), quoted_string(what.target), response);
    if (!c.algorithm.empty()) value += ", algorithm=" + c.algorithm;
    if (c.opaque) value += ", opaque=" + quoted_string(*c.opaque);
    if (c.has_qop) value += fmt::format(", qop={}, nc={}", quality, times);
    if (c.has_qop || c.session) value += ", cnonce=" + quoted_string(client_nonce);
    if (c.hides_user) value += ", userhash=true";
    return value;
}

digest_credentials::known* digest_credentials::find(std::string_view origin) noexcept
{
    const auto at = std::ranges::find(known_, origin, &known::origin);
    return at == known_.end() ? nullptr : &*at;
}

void digest_credentials::remember(std::string origin, digest_challenge c)
{
    known* place = find(origin);
    if (place == nullptr) {
        if (known_.size() == max_origins) known_.erase(known_.begin());
        place = &known_.emplace_back();
        place->origin = std::move(origin);
    }
    place->challenge = std::move(c);
    place->client_nonce = secrets::token_hex(client_nonce_bytes);
    place->count = 0;
}

std::optional<digest_credentials::answer> digest_credentials::authorize(const auth_context& c)
{
    const std::lock_guard guard(mutex_);
    known* const at = find(origin_of(c));
    if (at == nullptr) return std::nullopt;
    if (at->challenge.integrity && c.body().source()) {
        throw error(errc::bad_challenge, "digest with auth-int needs a body in memory");
    }
    const digest_request what{c.method(), c.url().path_and_query(), c.body().data().span()};
    answer made;
    made.header =
        answer_digest(at->challenge, user_, password_, what, ++at->count, at->client_nonce);
    made.nonce = at->challenge.nonce;
    return made;
}

bool digest_credentials::take_challenge(const auth_context& c, const std::optional<answer>& sent,
                                        bool remembered)
{
    for (const std::string_view field : c.answer().headers.get_all("WWW-Authenticate")) {
        for (const challenge& offered : parse_challenges(field)) {
            auto found = digest_challenge::from(offered);
            if (!found) continue;
            if (sent && !remembered && !found->stale) return false;
            const std::lock_guard guard(mutex_);
            // Another request may have got this nonce already, and be counting.
            const known* const at = find(origin_of(c));
            if (at == nullptr || at->challenge.nonce != found->nonce) {
                remember(origin_of(c), std::move(*found));
            } else if (sent && sent->nonce == found->nonce) {
                return false;
            }
            return true;
        }
    }
    return false;
}

void digest_credentials::take_info(const auth_context& c)
{
    const auto info = c.answer().headers.get("Authentication-Info");
    if (!info) return;
    for (const auto& [name, value] : parse_auth_parameters(*info)) {
        if (name != "nextnonce" || value.empty()) continue;
        const std::lock_guard guard(mutex_);
        known* const at = find(origin_of(c));
        if (at == nullptr || at->challenge.nonce == value) return;
        at->challenge.nonce = value;
        at->count = 0;
        return;
    }
}

}  // namespace ferry::http::detail
