#include "ferry/http/middleware.hpp"

#include "ferry/core/base64.hpp"
#include "ferry/core/log.hpp"
#include "ferry/crypto/hash.hpp"
#include "ferry/crypto/secrets.hpp"
#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace ferry::http {
namespace {

using std::chrono::steady_clock;

// Texts of any length are compared by their digests, so that not even the length shows in the time.
bool same_secret(std::string_view a, std::string_view b)
{
    return secrets::compare_digest(hash::sha256(a).span(), hash::sha256(b).span());
}

response unauthorized(std::string_view challenge)
{
    return response(status::unauthorized, text("401 Unauthorized\n"))
        .with("WWW-Authenticate", challenge);
}

// What follows the scheme in an Authorization header.
std::optional<std::string_view> credentials(const request& q, std::string_view scheme)
{
    const auto field = q.headers.get("Authorization");
    if (!field || field->size() <= scheme.size() || (*field)[scheme.size()] != ' ' ||
        !detail::same(field->substr(0, scheme.size()), scheme)) {
        return std::nullopt;
    }
    return detail::trim(field->substr(scheme.size() + 1));
}

using access_sink = std::function<void(const access_entry&)>;

void log_access(const access_entry& e)
{
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(e.took);
    log::info("request", "method", e.asked->method, "path", e.asked->path(), "status", e.status,
              "bytes", e.bytes.value_or(0), "ms", ms.count(), "peer", e.asked->peer, "user",
              e.asked->user, "id", e.asked->id);
}

awaitable<response> logged(std::shared_ptr<const access_sink> sink, request* q, next_handler next)
{
    const auto began = steady_clock::now();
    response r = co_await next(*q);
    const auto& source = r.content.source();
    const auto size =
        source ? source->length() : std::optional<std::uint64_t>(r.content.data().size());
    (*sink)(access_entry{q, r.status, size, steady_clock::now() - began});
    co_return r;
}

awaitable<response> with_id(request* q, next_handler next)
{
    const auto given = q->headers.get("X-Request-Id");
    const bool is_fit = given && !given->empty() && given->size() <= 128 &&
                        std::ranges::all_of(*given, [](char c) { return c > 0x20 && c < 0x7f; });
    q->id = is_fit ? std::string(*given) : secrets::token_hex(16);
    response r = co_await next(*q);
    r.headers.set("X-Request-Id", q->id);
    co_return r;
}

struct password_door {
    password_check check;
    std::string challenge;
};

awaitable<response> behind_password(std::shared_ptr<const password_door> door, request* q,
                                    next_handler next)
{
    const auto given = credentials(*q, "Basic");
    const auto decoded = given ? base64::try_decode(*given) : std::nullopt;
    const std::string pair = decoded ? to_string(*decoded) : std::string();
    const std::size_t colon = pair.find(':');
    if (colon == std::string::npos) co_return unauthorized(door->challenge);
    std::string user = pair.substr(0, colon);
    auto checking = door->check(user, pair.substr(colon + 1));
    const bool right = co_await std::move(checking);
    if (!right) co_return unauthorized(door->challenge);
    q->user = std::move(user);
    co_return co_await next(*q);
}

awaitable<bool> is_pair(std::shared_ptr<const std::pair<std::string, std::string>> pair,
                        std::string user, std::string password)
{
    const bool right_user = same_secret(user, pair->first);
    const bool right_password = same_secret(password, pair->second);
    co_return right_user&& right_password;
}

awaitable<response> behind_token(std::shared_ptr<const std::vector<std::string>> tokens, request* q,
                                 next_handler next)
{
    const auto given = credentials(*q, "Bearer");
    if (!given) co_return unauthorized("Bearer");
    bool known = false;
    for (const std::string& token : *tokens) known = same_secret(*given, token) || known;
    if (!known) co_return unauthorized("Bearer error=\"invalid_token\"");
    co_return co_await next(*q);
}

// One bucket a client: `burst` deep, filled with `per_second`. Any thread.
class rate_table {
public:
    rate_table(double per_second, double burst) : per_second_(per_second), burst_(burst) {}

    /// 0: go on; else the seconds after which to come again.
    double take(const std::string& who)
    {
        const std::lock_guard lock(mutex_);
        const auto now = steady_clock::now();
        if (buckets_.size() >= most_buckets && !buckets_.contains(who)) forget(now);
        auto [at, is_new] = buckets_.try_emplace(who, bucket{burst_, now});
        bucket& b = at->second;
        const double passed = std::chrono::duration<double>(now - b.seen).count();
        b.tokens = std::min(burst_, b.tokens + passed * per_second_);
        b.seen = now;
        if (b.tokens >= 1) {
            b.tokens -= 1;
            return 0;
        }
        return (1 - b.tokens) / per_second_;
    }

private:
    struct bucket {
        double tokens;
        steady_clock::time_point seen;
    };

    // Full buckets say nothing; if all are in use, nobody's is kept.
    void forget(steady_clock::time_point now)
    {
        std::erase_if(buckets_, [&](const auto& one) {
            const double passed = std::chrono::duration<double>(now - one.second.seen).count();
            return one.second.tokens + passed * per_second_ >= burst_;
        });
        if (buckets_.size() >= most_buckets) buckets_.clear();
    }

    static constexpr std::size_t most_buckets = 10'000;

    double per_second_;
    double burst_;
    std::mutex mutex_;
    std::map<std::string, bucket, std::less<>> buckets_;
};

std::string address_of(const request& q)
{
    return q.peer.substr(0, q.peer.rfind(':'));
}

awaitable<response> too_many(double wait)
{
    const auto seconds = static_cast<long>(std::max(1.0, std::ceil(wait)));
    co_return response(status::too_many_requests, text("429 Too Many Requests\n"))
        .with("Retry-After", std::to_string(seconds));
}

awaitable<response> made_safe(std::shared_ptr<const std::string> policy, request* q,
                              next_handler next)
{
    response r = co_await next(*q);
    const auto add = [&](std::string_view name, std::string_view value) {
        if (!r.headers.contains(name)) r.headers.add(name, value);
    };
    add("X-Content-Type-Options", "nosniff");
    add("Referrer-Policy", "same-origin");
    add("X-Frame-Options", "DENY");
    if (!policy->empty()) add("Content-Security-Policy", *policy);
    if (q->tls() != nullptr) add("Strict-Transport-Security", "max-age=31536000");
    co_return r;
}

}  // namespace

middleware access_log(access_sink sink)
{
    const auto kept = std::make_shared<const access_sink>(sink ? std::move(sink) : log_access);
    return [kept](request& q, next_handler next) { return logged(kept, &q, next); };
}

middleware request_ids()
{
    return [](request& q, next_handler next) { return with_id(&q, next); };
}

middleware require_password(password_check check, std::string realm)
{
    std::erase_if(realm, [](char c) { return c == '"' || c == '\\' || !detail::is_value_char(c); });
    password_door made{std::move(check), "Basic realm=\"" + realm + "\", charset=\"UTF-8\""};
    const auto door = std::make_shared<const password_door>(std::move(made));
    return [door](request& q, next_handler next) { return behind_password(door, &q, next); };
}

middleware require_password(std::string user, std::string password, std::string realm)
{
    const auto pair = std::make_shared<const std::pair<std::string, std::string>>(
        std::move(user), std::move(password));
    return require_password(
        [pair](std::string u, std::string p) { return is_pair(pair, std::move(u), std::move(p)); },
        std::move(realm));
}

middleware require_tokens(std::vector<std::string> tokens)
{
    const auto kept = std::make_shared<const std::vector<std::string>>(std::move(tokens));
    return [kept](request& q, next_handler next) { return behind_token(kept, &q, next); };
}

middleware limit_rate(double per_second, double burst,
                      std::function<std::string(const request&)> who)
{
    if (!(per_second > 0)) {
        throw error(ferry::errc::out_of_range, "limit_rate: the rate is not above 0");
    }
    if (burst <= 0) burst = 2 * per_second;
    const auto table = std::make_shared<rate_table>(per_second, std::max(burst, 1.0));
    if (!who) who = address_of;
    return [table, who](request& q, next_handler next) {
        const double wait = table->take(who(q));
        return wait > 0 ? too_many(wait) : next(q);
    };
}

middleware security_headers(std::string content_security_policy)
{
    const auto policy = std::make_shared<const std::string>(std::move(content_security_policy));
    return [policy](request& q, next_handler next) { return made_safe(policy, &q, next); };
}

}  // namespace ferry::http
