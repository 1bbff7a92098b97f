#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/middleware.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace ferry::http {
namespace {

bool is_welcome(const cors_options& with, std::string_view origin)
{
    return with.origins().empty() ||
           std::ranges::find(with.origins(), origin) != with.origins().end();
}

void add_common(const cors_options& with, std::string_view origin, response& r)
{
    // An answer that names one origin must not be taken from a cache for another.
    if (!with.origins().empty()) r.headers.add("Vary", "Origin");
    if (!is_welcome(with, origin)) return;
    r.headers.set("Access-Control-Allow-Origin", with.origins().empty() ? "*" : origin);
    if (with.credentials()) r.headers.set("Access-Control-Allow-Credentials", "true");
}

response preflight(const cors_options& with, const request& q, std::string_view origin)
{
    response r(status::no_content);
    add_common(with, origin, r);
    if (!is_welcome(with, origin)) return r;
    r.headers.set("Access-Control-Allow-Methods", with.methods());
    const std::string asked = q.headers.joined("Access-Control-Request-Headers");
    const std::string& allowed = with.headers().empty() ? asked : with.headers();
    if (!allowed.empty()) r.headers.set("Access-Control-Allow-Headers", allowed);
    r.headers.set("Access-Control-Max-Age", std::to_string(with.max_age().count()));
    return r;
}

awaitable<response> shared(std::shared_ptr<const cors_options> with, request* q, next_handler next)
{
    const std::string origin(q->headers.get("Origin").value_or(""));
    if (origin.empty()) {
        response r = co_await next(*q);
        if (!with->origins().empty()) r.headers.add("Vary", "Origin");
        co_return r;
    }
    if (q->method == "OPTIONS" && q->headers.contains("Access-Control-Request-Method")) {
        co_return preflight(*with, *q, origin);
    }
    response r = co_await next(*q);
    add_common(*with, origin, r);
    if (!with->expose().empty()) r.headers.set("Access-Control-Expose-Headers", with->expose());
    co_return r;
}

}  // namespace

middleware cors(cors_options with)
{
    const auto kept = std::make_shared<const cors_options>(std::move(with));
    if (kept->credentials() && kept->origins().empty()) {
        throw error(ferry::errc::invalid_state, "cors: credentials need origins that are named");
    }
    return [kept](request& q, next_handler next) { return shared(kept, &q, next); };
}

}  // namespace ferry::http
