#include "ferry/harvest/detail/fetcher.hpp"

#include "ferry/core/time.hpp"
#include "ferry/harvest/detail/address_guard.hpp"
#include "ferry/harvest/detail/toml_reader.hpp"
#include "ferry/http/error.hpp"

#include <algorithm>
#include <charconv>

namespace ferry::harvest::detail {
namespace {

using kind = page_outcome::kind;

/// A body of another type than the page's is read to its end only if it is this small; else giving
/// up the connection is cheaper.
constexpr std::uint64_t small_body_bytes = 64 * 1024;

page_outcome failure(std::string cause, const error& e, bool transient)
{
    page_outcome made;
    made.cause = std::move(cause);
    made.detail = e.what();
    made.transient = transient;
    return made;
}

/// Failures that are equal in kind get equal causes, whatever their hosts and numbers.
page_outcome classify(const error& e)
{
    if (dynamic_cast<const timeout_error*>(&e)) return failure("timeout", e, true);
    if (dynamic_cast<const resolve_error*>(&e)) return failure("host not found", e, true);
    if (dynamic_cast<const tls_error*>(&e)) return failure("TLS failure", e, false);
    if (dynamic_cast<const http::incomplete_body*>(&e)) return failure("truncated", e, true);
    if (dynamic_cast<const connection_error*>(&e)) return failure("no connection", e, true);
    if (const auto* limit = dynamic_cast<const limit_error*>(&e)) {
        const bool body = limit->name() == "max_body_bytes" ||
                          limit->name() == "max_output_bytes" || limit->name() == "max_ratio";
        return failure(body ? "too large" : "limit " + limit->name(), e, false);
    }
    if (e.code() == http::errc::undecodable_body) return failure("undecodable body", e, false);
    if (e.code() == condition::denied) return failure("private address", e, false);
    if (e.code() == condition::disconnected) return failure("no connection", e, true);
    return failure("protocol error", e, false);
}

std::string lower(std::string_view text)
{
    std::string made{text};
    for (char& c : made) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    return made;
}

std::chrono::milliseconds retry_after(const http::response& r)
{
    using std::chrono::milliseconds;
    const auto field = r.headers.get("Retry-After");
    if (!field) return milliseconds{0};
    const std::string_view text{*field};
    std::uint32_t seconds = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (failed == std::errc{} && end == text.data() + text.size()) {
        return std::chrono::seconds{seconds};
    }
    const auto when = http_date::try_parse(text);
    if (!when) return milliseconds{0};
    return std::max(milliseconds{0}, std::chrono::duration_cast<milliseconds>(*when - now()));
}

bool is_this_machine(std::string_view host)
{
    return host.starts_with("127.") || host.starts_with("localhost") || host.starts_with("[::1]");
}

bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

fetcher::fetcher(std::shared_ptr<const recipe> r) : recipe_{std::move(r)}, extractor_{*recipe_}
{
    const fetching& f = recipe_->http;
    options_.max_redirects = 0;
    options_.max_body_bytes = f.max_body_bytes;
    options_.timeouts = http::timeout()
                            .connect(f.connect_timeout)
                            .tls(f.connect_timeout)
                            .read(f.read_timeout)
                            .total(f.total_timeout);
    options_.headers.set("User-Agent", recipe_->user_agent);
    options_.headers.set("Accept", "text/html,application/xhtml+xml,*/*;q=0.5");
    for (const auto& [name, text] : f.headers) options_.headers.set(name, expand_environment(text));
    plain_options_ = options_;
    if (!plain_options_.headers.get("Accept-Encoding")) {
        plain_options_.headers.set("Accept-Encoding", "identity");
    }
    http::session_options session;
    session.limits = http::limits()
                         .per_host(recipe_->politeness.per_host)
                         .total(recipe_->politeness.total + recipe_->politeness.per_host);
    const auto& hosts = recipe_->scope.hosts;
    const bool only_start_hosts = std::all_of(hosts.begin(), hosts.end(), [&](const auto& host) {
        return extractor_.rules().is_start_host(host);
    });
    if (recipe_->scope.addresses == scope::private_addresses::never ||
        (recipe_->scope.addresses == scope::private_addresses::only_start_hosts &&
         !only_start_hosts)) {
        session.connect = guarded_connector(recipe_->scope.addresses,
                                            std::make_shared<const url_rules>(*recipe_));
    }
    session_ = http::session(std::move(session));
}

http::request_options fetcher::options_for(std::string_view url) const
{
    const auto host = url.substr(std::min(url.find("//") + 2, url.size()));
    return is_this_machine(host) ? plain_options_ : options_;
}

bool fetcher::may_retry(int status) const
{
    const auto& all = recipe_->retry.statuses;
    return std::find(all.begin(), all.end(), status) != all.end();
}

awaitable<http::response> fetcher::read_page(std::shared_ptr<fetcher> self, waiting_url u)
{
    auto opening = self->session_.stream("GET", u.url, self->options_for(u.url));
    http::response_stream stream = co_await std::move(opening);
    const http::response& head = stream.head();
    const auto length = head.headers.get("Content-Length");
    const auto announced = length ? std::string{*length} : std::string{};
    std::uint64_t bytes = 0;
    std::from_chars(announced.data(), announced.data() + announced.size(), bytes);
    const bool wanted =
        head.status == 200 &&
        self->extractor_.takes(
            u.page, http::media_type(head.headers.get("Content-Type").value_or("")).essence());
    if (!wanted && (bytes > small_body_bytes || !length)) co_return head;
    auto reading = stream.read();
    co_return co_await std::move(reading);
}

awaitable<page_outcome> fetcher::fetch_one(std::shared_ptr<fetcher> self, waiting_url u)
{
    try {
        auto reading = read_page(self, u);
        const http::response r = co_await std::move(reading);
        co_return self->read(u, r);
    } catch (const error& e) {
        co_return classify(e);
    }
}

page_outcome fetcher::read(const waiting_url& u, const http::response& r) const
{
    if (is_redirect(r.status)) return redirected(u, r);
    if (r.status != 200) {
        page_outcome made;
        made.status = r.status;
        made.bytes = r.bytes().size();
        made.cause = "http " + std::to_string(r.status);
        made.transient = may_retry(r.status);
        made.retry_after = retry_after(r);
        return made;
    }
    const http::media_type type(r.headers.get("Content-Type").value_or(""));
    fetched_page page;
    page.url = u.url;
    page.page = u.page;
    page.depth = u.depth;
    page.status = r.status;
    page.referrer = u.referrer;
    page.media_type = type.essence();
    page.charset = type.parameter("charset");
    if (recipe_->politeness.obey_robots) {
        // Rules for one crawler alone, `name: rule`, are left to that crawler.
        const auto rules = lower(r.headers.get("X-Robots-Tag").value_or(""));
        if (rules.find(':') == std::string::npos) {
            const bool none = rules.find("none") != std::string::npos;
            page.no_index = none || rules.find("noindex") != std::string::npos;
            page.no_follow = none || rules.find("nofollow") != std::string::npos;
        }
    }
    page.body = r.bytes();
    page_outcome made = extractor_.extract(page);
    made.wire_bytes = page.body.size();
    return made;
}

page_outcome fetcher::redirected(const waiting_url& u, const http::response& r) const
{
    page_outcome made;
    made.status = r.status;
    const auto location = r.headers.get("Location");
    if (!location) {
        made.cause = "redirect without target";
        return made;
    }
    made.what = kind::redirect;
    url scratch;
    if (auto to = extractor_.rules().accept(*location, url::parse(u.url), scratch)) {
        made.links.push_back({std::move(to->url), u.page});
    } else {
        made.detail = "to " + std::string{*location};
    }
    return made;
}

awaitable<std::vector<page_outcome>> fetcher::fetch_each(std::shared_ptr<fetcher> self,
                                                         std::vector<waiting_url> urls)
{
    std::vector<page_outcome> all;
    for (auto& u : urls) {
        auto fetching = fetch_one(self, std::move(u));
        all.push_back(co_await std::move(fetching));
    }
    co_return all;
}

awaitable<fetcher::robots_answer> fetcher::fetch_rules(std::shared_ptr<fetcher> self,
                                                       std::string origin)
{
    robots_answer made;
    made.rules = robots::disallow_all();
    auto options = self->options_for(origin);
    options.max_redirects = 5;
    try {
        auto opening = self->session_.stream("GET", origin + "/robots.txt", options);
        http::response_stream stream = co_await std::move(opening);
        const int status = stream.head().status;
        if (status >= 500 || status == 429) co_return made;
        made.reached = true;
        made.rules = robots();
        if (status != 200) co_return made;
        std::string text;
        while (text.size() < robots::max_bytes) {
            auto next = stream.next();
            const std::optional<buffer> part = co_await std::move(next);
            if (!part) break;
            text += part->text();
        }
        made.rules = robots::parse(text, self->recipe_->user_agent);
    } catch (const http::too_many_redirects&) {
        made.reached = true;
        made.rules = robots();
    } catch (const error&) {
        made.reached = false;
        made.rules = robots::disallow_all();
    }
    co_return made;
}

}  // namespace ferry::harvest::detail
