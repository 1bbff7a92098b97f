#include "apps/ferry/request_settings.hpp"

#include "ferry/core/error.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/http/auth.hpp"
#include "ferry/http/retry.hpp"

#include "apps/ferry/output.hpp"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace ferry::command {
namespace {

std::chrono::nanoseconds duration(double seconds)
{
    return std::chrono::nanoseconds{static_cast<std::int64_t>(seconds * 1e9)};
}

// curl's `host:port:address`.
http::resolve resolve_of(const std::string& line)
{
    const std::size_t name_end = line.starts_with('[') ? line.find(']') : 0;
    const std::size_t port = line.find(':', name_end == std::string::npos ? 0 : name_end);
    const std::size_t at = port == std::string::npos ? port : line.find(':', port + 1);
    if (at == std::string::npos) {
        throw usage_error("--resolve: write host:port:address, not " + line);
    }
    std::string address = line.substr(at + 1);
    if (address.starts_with('[') && address.ends_with(']')) {
        address = address.substr(1, address.size() - 2);
    }
    try {
        return {line.substr(0, at), address};
    } catch (const error& e) {
        throw usage_error(std::string("--resolve: ") + e.what());
    }
}

http::proxies proxy_of(const std::string& server)
{
    try {
        return http::proxy(server);
    } catch (const error& e) {
        throw usage_error(std::string("--proxy: ") + e.what());
    }
}

std::pair<std::string, std::string> login_of(const std::string& text)
{
    const auto colon = text.find(':');
    if (colon == std::string::npos) return {text, ""};
    return {text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace

void request_settings::add_to(CLI::App& options)
{
    options.add_option("url", url, "what to ask for")->required();
    options.add_option("items", items,
                       "name==value, Name:value, name=value, name:=json, name@file, @file");
    options.add_option("-d,--data", data_, "the body, name=value&...; @file; joined by &")
        ->allow_extra_args(false);
    options
        .add_option("-F,--form-part", form_parts_,
                    "a part of a multipart body, name=value or name=@file")
        ->allow_extra_args(false);
    options.add_option("--raw", raw_, "the body as it is");
    options.add_flag("--json", json_, "send the fields as JSON (so they are), and ask for JSON");
    options.add_flag("--form", form_, "send the fields as an HTML form does")->excludes("--json");
    options.add_flag("--multipart", multipart_, "send the fields as multipart/form-data")
        ->excludes("--form");
    add_flags_to(options);
}

void request_settings::add_flags_to(CLI::App& options)
{
    const auto flag = [&](const char* name, bool& into, const char* text) {
        return options.add_flag(name, into, text);
    };
    const auto one = [&](const char* name, auto& into, const char* text) {
        return options.add_option(name, into, text);
    };
    options.add_option("-H,--header", headers_, "a header field, Name: value")
        ->allow_extra_args(false);
    one("-u,--user", user_, "user:password");
    flag("--digest", digest_, "let -u answer a digest challenge");
    one("--bearer", bearer_, "a token");
    one("-b,--cookie", cookies_, "cookies, name=value; name=value, or a file of them");
    one("-c,--cookie-jar", cookie_jar_, "write the cookies to this file afterwards");
    one("-A,--user-agent", user_agent_, "the User-Agent");
    one("-e,--referer", referer_, "the Referer");
    one("--session", session_, "a name under which cookies, headers and login are kept");
    options
        .add_option("-x,--proxy", proxy_, "a proxy, socks5h://user:password@host:port; '' for none")
        ->expected(1)
        ->each([this](const std::string&) { has_proxy_ = true; });
    options
        .add_option("--resolve", resolved_, "host:port:address, connect there without a look-up")
        ->allow_extra_args(false);
    one("--limit-rate", bytes_per_second_, "bytes a second at most; 200k, 1m")
        ->transform(CLI::AsSizeValue(false));
    one("--har", har_file_, "write what happened to this file, for browsers' tools");
    flag("-k,--insecure", insecure_, "accept any certificate");
    one("--cacert", ca_file_, "trust these certificates (PEM) only");
    one("--cert", certificate_, "the certificate to show (PEM)");
    one("--key", key_, "its key, if it is in another file");
    one("--timeout", seconds_, "seconds for each of connect, read and write (30)")
        ->check(CLI::PositiveNumber);
    one("--connect-timeout", connect_seconds_, "seconds to connect (10)")
        ->check(CLI::PositiveNumber);
    one("-m,--max-time", total_seconds_, "seconds for everything")->check(CLI::PositiveNumber);
    one("--retry", retries_, "how often to try again what failed for the moment")
        ->check(CLI::NonNegativeNumber);
    one("--max-redirects", redirects_, "how many redirects to follow (30)")
        ->check(CLI::NonNegativeNumber);
    flag("--no-follow", no_follow_, "print the redirect itself");
    options.add_flag("-L,--location", as_it_is_, "follow redirects, as is done anyway")->group("");
    options.add_flag("--compressed", as_it_is_, "ask for compression, as is done anyway")
        ->group("");
    flag("--ignore-environment", no_environment_,
         "neither ~/.netrc nor proxies from the environment");
}

std::string request_settings::session_file(const char* suffix) const
{
    if (session_.find('/') != std::string::npos || session_.starts_with('.')) {
        throw usage_error("--session: a name, without slashes");
    }
    const char* state = std::getenv("XDG_STATE_HOME");
    const char* home = std::getenv("HOME");
    std::filesystem::path folder;
    if (state != nullptr && *state != '\0') {
        folder = state;
    } else if (home != nullptr && *home != '\0') {
        folder = std::filesystem::path(home) / ".local/state";
    } else {
        throw usage_error("--session: neither XDG_STATE_HOME nor HOME is set");
    }
    folder /= "ferry/sessions";
    std::filesystem::create_directories(folder);
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
    return (folder / (session_ + suffix)).string();
}

http::session_options request_settings::make_session_options() const
{
    http::session_options with;
    http::trust_env(!no_environment_).apply_to(with);
    if (!ca_file_.empty()) http::verify(ca_file_).apply_to(with);
    if (insecure_) http::verify(false).apply_to(with);
    if (!certificate_.empty()) {
        http::cert(certificate_, key_.empty() ? certificate_ : key_).apply_to(with);
    }
    for (const std::string& line : resolved_) resolve_of(line).apply_to(with);
    if (!har_file_.empty()) har_.apply_to(with);
    return with;
}

http::session request_settings::make_session() const
{
    http::session made(make_session_options());
    if (!session_.empty()) {
        const std::string file = session_file(".cookies");
        if (std::filesystem::exists(file)) made.cookies().load(file);
    }
    if (!cookies_.empty() && cookies_.find('=') == std::string::npos) {
        made.cookies().load(cookies_);
    }
    return made;
}

bool request_settings::has_body() const
{
    return !data_.empty() || !form_parts_.empty() || !raw_.empty() || command::has_body(items);
}

void request_settings::add_body(http::request_options& to) const
{
    const body_kind kind = form_        ? body_kind::form
                           : multipart_ ? body_kind::multipart
                                        : body_kind::json;
    add_items(to, items, kind);
    add_data(to, data_);
    add_form_parts(to, form_parts_);
    if (!raw_.empty()) {
        if (to.body.present()) throw usage_error("the request has two bodies");
        http::body(raw_, json_ ? "application/json" : "").apply_to(to);
    }
    if (json_ && !to.headers.contains("Accept")) {
        http::headers("Accept", "application/json, */*;q=0.5").apply_to(to);
    }
}

void request_settings::add_login(http::request_options& to) const
{
    if (!bearer_.empty()) http::bearer(bearer_).apply_to(to);
    if (user_.empty()) return;
    const auto [name, password] = login_of(user_);
    if (digest_) {
        http::digest_auth(name, password).apply_to(to);
    } else {
        http::basic_auth(name, password).apply_to(to);
    }
}

// Headers and login of an earlier call, where this one says nothing; and this one's, kept.
void request_settings::add_named_session(http::request_options& to) const
{
    const std::string file = session_file(".json");
    value kept = value::object("headers", value::object(), "user", "", "bearer", "");
    if (std::filesystem::exists(file)) kept = json::parse(read_input(file));
    for (const auto& [name, content] : kept["headers"].items()) {
        if (!to.headers.contains(name)) http::headers(name, content.as<std::string>()).apply_to(to);
    }
    request_settings earlier;
    earlier.digest_ = digest_;
    if (user_.empty() && bearer_.empty()) {
        earlier.user_ = kept["user"].as<std::string>();
        earlier.bearer_ = kept["bearer"].as<std::string>();
        earlier.add_login(to);
    } else {
        kept["user"] = user_;
        kept["bearer"] = bearer_;
    }
    for (const auto& [name, content] : to.headers) {
        kept["headers"][std::string(name)] = std::string(content);
    }
    write_private(file, json::dump(kept, json::dump_options().indent(2)) + '\n');
}

std::chrono::nanoseconds request_settings::total() const
{
    return duration(total_seconds_);
}

std::chrono::nanoseconds request_settings::patience() const
{
    return duration(seconds_);
}

http::request_options request_settings::make_options(request_span span) const
{
    http::request_options to;
    add_body(to);
    for (const std::string& line : headers_) add_header(to, line);
    if (!user_agent_.empty()) http::headers("User-Agent", user_agent_).apply_to(to);
    if (!referer_.empty()) http::headers("Referer", referer_).apply_to(to);
    if (cookies_.find('=') != std::string::npos) to.cookies = cookies_;
    add_login(to);
    if (!session_.empty()) add_named_session(to);

    auto limits = http::timeout(duration(seconds_)).connect(duration(connect_seconds_));
    if (total_seconds_ > 0 && span == request_span::whole) limits.total(total());
    limits.apply_to(to);
    if (has_proxy_ && proxy_.empty()) http::no_proxy().apply_to(to);
    if (!proxy_.empty()) proxy_of(proxy_).apply_to(to);
    if (bytes_per_second_ > 0) http::max_rate(bytes_per_second_).apply_to(to);
    if (retries_ > 0) http::retry(retries_).apply_to(to);
    http::redirects(no_follow_ ? 0 : redirects_).apply_to(to);
    return to;
}

void request_settings::keep(http::session& used) const
{
    if (!cookie_jar_.empty()) used.cookies().save(cookie_jar_);
    if (!session_.empty()) used.cookies().save(session_file(".cookies"));
    if (!har_file_.empty()) har_.save(har_file_);
}

}  // namespace ferry::command
