#include "ferry/http/detail/outgoing_request.hpp"

#include "ferry/core/percent.hpp"
#include "ferry/crypto/secrets.hpp"
#include "ferry/http/detail/codec.hpp"
#include "ferry/http/detail/proxy_rules.hpp"
#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace ferry::http::detail {
namespace {

constexpr std::uint64_t asks_above_bytes = 1024 * 1024;

constexpr std::size_t idempotency_key_bytes = 16;

class line_writer {
public:
    explicit line_writer(std::string& to) noexcept : to_(to) {}
    void operator()(std::string_view name, std::string_view value) const
    {
        to_.append(name).append(": ").append(value).append("\r\n");
    }

private:
    std::string& to_;
};

}  // namespace

bool is_exposed(const url& to) noexcept
{
    return to.scheme() == "http" && !is_this_machine(to.hostname());
}

outgoing_request::outgoing_request(std::shared_ptr<session_core> session, call_ptr what)
    : session_(std::move(session)),
      call_(std::move(what)),
      method_(call_->method),
      with_(call_->with),
      url_(session_->parse(call_->url))
{
    if (!is_token(method_)) {
        throw error(errc::bad_header, fmt::format("{} is no method", detail::quoted(method_)));
    }
    for (const auto [name, value] : with_.headers) {
        if (same(name, "Content-Length") || same(name, "Transfer-Encoding")) {
            throw error(errc::bad_header, fmt::format("{} is set by the body alone", name));
        }
    }
    merge_defaults();
    take_credentials();
    if (const auto& key = with_.idempotency_key; key && key->empty()) {
        with_.idempotency_key = secrets::token_hex(idempotency_key_bytes);
    }
}

void outgoing_request::merge_defaults()
{
    const request_options& defaults = session_->options().defaults;
    const std::string none;
    const std::string& by_session = with_.prepared ? none : defaults.query;
    if (!by_session.empty() || !with_.query.empty()) {
        ferry::url changed = *url_;
        std::string query(changed.query());
        for (const std::string& more : {by_session, with_.query}) {
            if (!query.empty() && !more.empty()) query += '&';
            query += more;
        }
        changed.set_query(query);
        url_ = std::make_shared<const ferry::url>(std::move(changed));
    }
    if (!with_.compression) with_.compression = defaults.compression;
    if (with_.compression && with_.body.present()) with_.body = (*with_.compression)(with_.body);
    if (!with_.on_progress) with_.on_progress = defaults.on_progress;
    if (!with_.max_rate) with_.max_rate = defaults.max_rate;
    if (with_.on_progress || with_.max_rate) {
        meter_ = std::make_shared<transfer_meter>(
            with_.on_progress, with_.max_rate ? with_.max_rate->bytes_per_second() : 0);
        if (with_.body.present()) with_.body = metered(with_.body, meter_);
    }
    if (with_.auth.kind() == auth_option::scheme::none) with_.auth = defaults.auth;
    if (!with_.idempotency_key) with_.idempotency_key = defaults.idempotency_key;
    if (!defaults.cookies.empty() && !with_.prepared) {
        with_.cookies =
            with_.cookies.empty() ? defaults.cookies : defaults.cookies + "; " + with_.cookies;
    }
}

// User and password of a URL become an Authorization, and leave the URL before anybody prints it.
void outgoing_request::take_credentials()
{
    if (!url_->has_credentials()) return look_up_credentials();
    own_authorization_ =
        basic_auth(percent::decode(url_->username()), percent::decode(url_->password())).value();
    ferry::url bare = *url_;
    bare.set_credentials({}, {});
    url_ = std::make_shared<const ferry::url>(std::move(bare));
}

// Without any from the caller, the user's .netrc may have some for the host.
void outgoing_request::look_up_credentials()
{
    const bool given = at_home_ && with_.auth.kind() != auth_option::scheme::none;
    if (given || with_.auth.kind() == auth_option::scheme::off) return;
    const netrc* const known = session_->user_netrc();
    if (known == nullptr) return;
    const bool by_hand =
        at_home_ && (with_.headers.contains("Authorization") ||
                     session_->options().defaults.headers.contains("Authorization"));
    if (by_hand) return;
    // Where a redirect leads is the server's choice: the default is not meant for that.
    const auto* const found = known->find(url_->hostname(), url_->port_or_default(), at_home_);
    if (found == nullptr || found->login.find(':') != std::string::npos) return;
    own_authorization_ = basic_auth(found->login, found->password).value();
}

bool outgoing_request::is_idempotent() const noexcept
{
    constexpr std::array methods =
        std::to_array<std::string_view>({"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"});
    return std::ranges::find(methods, method_) != methods.end();
}

bool outgoing_request::rewind() const
{
    const auto& source = with_.body.source();
    return !source || source->rewind();
}

std::optional<std::uint64_t> outgoing_request::body_length() const
{
    const auto& source = with_.body.source();
    return source ? source->length() : std::optional<std::uint64_t>(with_.body.data().size());
}

bool outgoing_request::expects_continue() const
{
    if (!with_.body.present()) return false;
    const auto& by_session = session_->options().defaults.expect_continue;
    if (const auto wish = with_.expect_continue ? with_.expect_continue : by_session) return *wish;
    return body_length().value_or(0) > asks_above_bytes;
}

void outgoing_request::follow(redirect_step step)
{
    if (!step.same_origin) {
        at_home_ = false;
        own_authorization_.clear();
    }
    method_ = std::move(step.method);
    if (!step.keeps_body) with_.body = http::body();
    url_ = std::make_shared<const ferry::url>(std::move(step.to));
    added_.clear();
    take_credentials();
}

std::string_view outgoing_request::authority() const noexcept
{
    return with_.headers.get("Host").value_or(url_->host());
}

void outgoing_request::write_http1(std::string& into, const forward_proxy* proxy) const
{
    into.clear();
    into.append(method_).append(" ");
    into.append(proxy != nullptr ? url_->without_fragment() : url_->path_and_query());
    into.append(" HTTP/1.1\r\nHost: ").append(authority()).append("\r\n");
    const line_writer line(into);
    const std::string authorized = authorization();
    const bool plain =
        with_.headers.empty() && with_.without.empty() && added_.empty() && !with_.prepared;
    const bool both =
        !authorized.empty() && session_->options().defaults.headers.contains("Authorization");
    if (plain && at_home_ && !both) {
        into.append(session_->default_fields());
    } else {
        visit_own_fields(line, !authorized.empty());
    }
    visit_fields(line, authorized);
    if (!body_length()) line("Transfer-Encoding", "chunked");
    if (expects_continue()) line("Expect", "100-continue");
    if (proxy != nullptr && !proxy->authorization.empty()) {
        line("Proxy-Authorization", proxy->authorization);
    }
    into.append("\r\n");
}

void outgoing_request::each_field(const visitor& visit) const
{
    const std::string authorized = authorization();
    visit_own_fields(visit, !authorized.empty());
    visit_fields(visit, authorized);
}

bool outgoing_request::may_go(std::string_view name) const noexcept
{
    if (at_home_) return true;
    const auto listed = [&](const std::vector<std::string>& names) {
        return std::ranges::any_of(names, [&](const std::string& n) { return same(n, name); });
    };
    return !is_sensitive(name) && !listed(with_.sensitive_headers) &&
           !listed(session_->options().defaults.sensitive_headers);
}

// What the session and the caller want to be sent.
template <class Visit>
void outgoing_request::visit_own_fields(const Visit& visit, bool authorized) const
{
    session_->each_default([&](std::string_view name, std::string_view value) {
        const bool dropped =
            std::ranges::any_of(with_.without, [&](const std::string& w) { return same(w, name); });
        const bool overridden = with_.headers.contains(name) || added_.contains(name) ||
                                (authorized && same(name, "Authorization"));
        const bool wanted = !dropped && !overridden && !with_.prepared;
        if (wanted && may_go(name)) visit(name, value);
    });
    for (const auto [name, value] : with_.headers) {
        const bool is_body_field = same(name, "Content-Type") && !with_.body.present();
        const bool elsewhere = same(name, "Host") || added_.contains(name) || is_body_field;
        if (!elsewhere && may_go(name)) visit(name, value);
    }
    for (const auto [name, value] : added_) visit(name, value);
}

// What follows from the request.
template <class Visit>
void outgoing_request::visit_fields(const Visit& visit, const std::string& authorized) const
{
    if (!authorized.empty()) visit("Authorization", authorized);
    const bool has_key = with_.idempotency_key && at_home_;
    if (has_key && !with_.headers.contains("Idempotency-Key"))
        visit("Idempotency-Key", *with_.idempotency_key);
    const std::string sent = cookies();
    if (!sent.empty()) visit("Cookie", sent);
    visit_body_fields(visit);
}

template <class Visit>
void outgoing_request::visit_body_fields(const Visit& visit) const
{
    if (!with_.body.present()) {
        const bool expects_body = method_ == "POST" || method_ == "PUT" || method_ == "PATCH";
        if (expects_body) visit("Content-Length", "0");
        return;
    }
    if (!with_.body.content_type().empty() && !with_.headers.contains("Content-Type")) {
        visit("Content-Type", with_.body.content_type());
    }
    const std::string& coding = with_.body.content_encoding();
    if (!coding.empty() && !with_.headers.contains("Content-Encoding")) {
        visit("Content-Encoding", coding);
    }
    const auto length = body_length();
    if (length) visit("Content-Length", fmt::format_int(*length).c_str());
}

std::string outgoing_request::cookies() const
{
    // A field of the caller's own takes the place of the jar, as in Requests.
    if (with_.headers.contains("Cookie") && at_home_) return {};
    if (with_.prepared && at_home_) return {};
    std::string all;
    const bool has_jar = session_->options().keeps_cookies && session_->cookies().size() > 0;
    if (has_jar) all = session_->cookies().header(*url_);
    if (at_home_ && !with_.cookies.empty()) {
        if (!all.empty()) all += "; ";
        all += with_.cookies;
    }
    return all;
}

std::string outgoing_request::authorization() const
{
    if (with_.prepared && at_home_) return {};
    if (with_.headers.contains("Authorization") || added_.contains("Authorization")) return {};
    if (!own_authorization_.empty()) return own_authorization_;
    if (!at_home_) return {};
    if (with_.auth.kind() == auth_option::scheme::bearer && is_exposed(*url_) &&
        !with_.auth.allows_insecure()) {
        throw error(errc::insecure_credentials, "a bearer token would travel over plain http");
    }
    return with_.auth.value();
}

}  // namespace ferry::http::detail
