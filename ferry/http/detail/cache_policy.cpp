#include "ferry/http/detail/cache_policy.hpp"

#include "ferry/crypto/hash.hpp"
#include "ferry/http/detail/syntax.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace ferry::http::detail {
namespace {

using std::chrono::seconds;

constexpr std::int64_t max_age_header = std::int64_t{1} << 31;

std::string lowered(std::string_view text)
{
    std::string low(text);
    std::ranges::transform(low, low.begin(), lower);
    return low;
}

seconds between(timestamp from, timestamp to)
{
    return std::max(seconds(0), std::chrono::floor<seconds>(to - from));
}

// RFC 9110 section 15.1, without 206.
bool is_heuristically_cacheable(int status) noexcept
{
    constexpr std::array statuses = {200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501};
    return std::ranges::find(statuses, status) != statuses.end();
}

bool is_understood(int status) noexcept
{
    return status >= 200 && status != 206 && status != 304;
}

// RFC 9111 section 5.4: HTTP/1.0's word counts only without the new one.
cache_control directives_of(const headers& request)
{
    if (request.contains("Cache-Control")) return request.cache_control();
    const bool old = request.joined("Pragma").find("no-cache") != std::string::npos;
    return old ? cache_control("no-cache") : cache_control();
}

bool has_validator(const headers& response)
{
    return response.contains("ETag") || response.last_modified();
}

bool must_be_right(const cache_control& c) noexcept
{
    return c.has("must-revalidate") || c.no_cache();
}

std::int64_t age_header(const headers& response) noexcept
{
    const std::string_view text = response.get("Age").value_or("");
    if (text.empty() || !std::ranges::all_of(text, is_digit)) return 0;
    std::int64_t n = 0;
    for (const char d : text) n = std::min(n * 10 + (d - '0'), max_age_header);
    return n;
}

bool is_of_connection(std::string_view name) noexcept
{
    constexpr std::array names = std::to_array<std::string_view>(
        {"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authentication-Info",
         "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Set-Cookie"});
    return std::ranges::any_of(names, [&](std::string_view n) { return same(n, name); });
}

}  // namespace

bool may_store(const headers& request, int status, const headers& response)
{
    const cache_control c = response.cache_control();
    if (!is_understood(status) || c.no_store() || directives_of(request).no_store()) return false;
    if (!vary_of(response)) return false;
    const bool is_explicit = c.max_age() || response.contains("Expires");
    const bool is_heuristic = is_heuristically_cacheable(status) || c.has("public");
    // Without a lifetime and a validator it would never be used.
    return is_explicit || (is_heuristic && has_validator(response));
}

std::chrono::seconds freshness_lifetime(const cache::entry& e)
{
    const cache_control c = e.headers.cache_control();
    if (c.no_cache()) return seconds(0);
    if (c.has("max-age")) return c.max_age().value_or(seconds(0));
    const timestamp sent = e.headers.date().value_or(e.received);
    if (const auto text = e.headers.get("Expires")) {
        const auto expires = http_date::try_parse(*text);
        return expires ? between(sent, *expires) : seconds(0);
    }
    const auto modified = e.headers.last_modified();
    const bool guesses = is_heuristically_cacheable(e.status) || c.has("public");
    return guesses && modified ? between(*modified, sent) / 10 : seconds(0);
}

std::chrono::seconds current_age(const cache::entry& e, timestamp now)
{
    const timestamp sent = e.headers.date().value_or(e.received);
    const seconds apparent = between(sent, e.received);
    const seconds corrected = seconds(age_header(e.headers)) + between(e.requested, e.received);
    return std::max(apparent, corrected) + between(e.received, now);
}

reuse plan_reuse(const cache::entry& e, const headers& request, timestamp now)
{
    const cache_control asked = directives_of(request);
    const cache_control c = e.headers.cache_control();
    if (asked.no_store()) return reuse::never;
    if (asked.no_cache() || c.no_cache()) return reuse::validate;
    const seconds age = current_age(e, now);
    const seconds lifetime = freshness_lifetime(e);
    if (asked.has("max-age") && age > asked.max_age().value_or(seconds(0))) return reuse::validate;
    const seconds wanted = asked.seconds("min-fresh").value_or(seconds(0));
    if (lifetime >= age + wanted && lifetime > age) return reuse::fresh;
    if (must_be_right(c) || wanted > seconds(0)) return reuse::validate;
    const seconds staleness = age - lifetime;
    if (asked.has("max-stale")) {
        const auto limit = asked.seconds("max-stale");
        const bool any = asked.directives().find("max-stale") == "";
        if (any || (limit && staleness <= *limit)) return reuse::fresh;
    }
    const auto window = c.seconds("stale-while-revalidate");
    return window && staleness <= *window ? reuse::while_validating : reuse::validate;
}

bool may_stand_in(const cache::entry& e, const headers& request, timestamp now)
{
    const cache_control c = e.headers.cache_control();
    const cache_control asked = directives_of(request);
    if (must_be_right(c) || asked.no_cache()) return false;
    const seconds staleness = current_age(e, now) - freshness_lifetime(e);
    const auto by_server = c.seconds("stale-if-error");
    const auto by_client = asked.seconds("stale-if-error");
    return staleness <= std::max(by_server.value_or(seconds(-1)), by_client.value_or(seconds(-1)));
}

std::string variant_of(const std::vector<std::string>& vary, const headers& request)
{
    hash::hasher all(hash::algorithm::sha256);
    const auto take = [&](std::string_view name) {
        all.update(name).update(std::string_view("\0", 1));
        for (const std::string_view value : request.get_all(name)) {
            all.update(value).update(std::string_view("\0", 1));
        }
        all.update(std::string_view("\n"));
    };
    take("authorization");
    for (const std::string& name : vary) take(name);
    return all.digest().hex();
}

std::optional<std::vector<std::string>> vary_of(const headers& response)
{
    const std::string list = response.joined("Vary");
    std::string_view rest = list;
    std::vector<std::string> names;
    while (!rest.empty()) {
        const std::string_view name = take_element(rest);
        if (name == "*") return std::nullopt;
        if (!name.empty()) names.push_back(lowered(name));
    }
    std::ranges::sort(names);
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

bool add_conditions(const cache::entry& e, headers& to)
{
    const auto tag = e.headers.get("ETag");
    if (tag) to.set("If-None-Match", *tag);
    const bool dated = e.headers.last_modified().has_value();
    if (dated) to.set("If-Modified-Since", *e.headers.get("Last-Modified"));
    return tag || dated;
}

bool refresh(cache::entry& e, const headers& not_modified, timestamp requested, timestamp received)
{
    const auto had = e.headers.etag();
    const auto has = not_modified.etag();
    if (had && has && had->value != has->value) return false;
    headers fields = e.headers;
    headers news = storable_fields(not_modified);
    for (const char* kept :
         {"Content-Length", "Content-Encoding", "Content-Type", "Content-Range"}) {
        news.erase(kept);
    }
    fields.erase("Age");
    for (const auto [name, value] : news) fields.erase(name);
    for (const auto [name, value] : news) fields.add(name, value);
    e.headers = std::move(fields);
    e.requested = requested;
    e.received = received;
    return true;
}

headers storable_fields(const headers& response)
{
    const std::string list = response.joined("Connection");
    std::vector<std::string_view> named;
    for (std::string_view rest = list; !rest.empty();) named.push_back(take_element(rest));
    headers kept;
    for (const auto [name, value] : response) {
        const bool is_named = std::ranges::any_of(
            named, [n = name](std::string_view other) { return same(other, n); });
        if (!is_named && !is_of_connection(name)) kept.add(name, value);
    }
    return kept;
}

bool goes_past(const headers& request)
{
    for (const char* name : {"Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since",
                             "If-Unmodified-Since"}) {
        if (request.contains(name)) return true;
    }
    return false;
}

}  // namespace ferry::http::detail
