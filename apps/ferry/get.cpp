#include "ferry/documents/html.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/http/session.hpp"

#include "apps/ferry/commands.hpp"
#include "apps/ferry/output.hpp"
#include "apps/ferry/selection.hpp"

#include <cstdio>
#include <optional>
#include <vector>

namespace ferry::command {
namespace {

constexpr auto help = R"(Fetches a URL and writes the body to standard output.

  ferry get http://127.0.0.1:8080/                        redirects followed, compression undone
  ferry get http://127.0.0.1:8080/ --xpath '//title/text()'
  ferry get http://127.0.0.1:8080/search q==café page==2 X-Trace:7 -u user:pass
  ferry get http://127.0.0.1:8080/big.zip -o big.zip

Exit codes: 0 fine, 2 usage or bad URL, 3 unfollowed redirect, 4 and 5 status 4xx and 5xx, 6 too many
redirects, 7 no connection, 8 TLS, 9 broken transfer, 10 timeout, 11 local file, 12 limit, 130 Ctrl-C.)";

struct settings {
    std::string url;
    std::vector<std::string> items;
    std::vector<std::string> headers;
    std::string user;
    std::string out = "-";
    std::string xpath;
    double seconds = 30;
    int redirects = 30;
    bool include = false;
    bool no_follow = false;
    bool no_check = false;
};

/// `Name: value`, as curl's -H and HTTPie's items have it.
std::pair<std::string, std::string> header_of(const std::string& text)
{
    const auto colon = text.find(':');
    if (colon == std::string::npos || colon == 0) {
        throw usage_error("not a header: " + text + " (write Name:value)");
    }
    const auto value = text.find_first_not_of(' ', colon + 1);
    return {text.substr(0, colon), value == std::string::npos ? "" : text.substr(value)};
}

/// `name==value` is a query parameter, `Name:value` a header.
void add_item(http::request_options& to, const std::string& item)
{
    if (const auto at = item.find("=="); at != std::string::npos && at > 0) {
        http::params(item.substr(0, at), item.substr(at + 2)).apply_to(to);
    } else {
        const auto [name, value] = header_of(item);
        http::headers(name, value).apply_to(to);
    }
}

http::request_options options_of(const settings& with)
{
    http::request_options to;
    for (const std::string& item : with.items) add_item(to, item);
    for (const std::string& line : with.headers) {
        const auto [name, value] = header_of(line);
        http::headers(name, value).apply_to(to);
    }
    if (!with.user.empty()) {
        const auto colon = with.user.find(':');
        const std::string password = colon == std::string::npos ? "" : with.user.substr(colon + 1);
        http::basic_auth(with.user.substr(0, colon), password).apply_to(to);
    }
    http::timeout(std::chrono::milliseconds{static_cast<long>(with.seconds * 1000)}).apply_to(to);
    http::redirects(with.no_follow ? 0 : with.redirects).apply_to(to);
    return to;
}

std::string head_of(const http::response& r)
{
    std::string head = "HTTP/1.1 " + std::to_string(r.status) + ' ' + r.reason + '\n';
    for (const auto& [name, value] : r.headers) {
        head += std::string{name} + ": " + std::string{value} + '\n';
    }
    return head + '\n';
}

int exit_code_of(int status)
{
    if (status >= 500) return exit_code::server_error;
    if (status >= 400) return exit_code::client_error;
    if (status >= 300 && status != 304) return exit_code::redirected;
    return 0;
}

awaitable<int> fetch(settings with)
{
    std::optional<selection> wanted;
    if (!with.xpath.empty()) wanted.emplace(with.xpath);
    const http::response r = co_await http::get(with.url, options_of(with));
    std::string printed;
    if (with.include) printed = head_of(r);
    if (wanted) {
        for (const std::string& s : wanted->strings(html::parse(r.bytes(), r.charset()))) {
            printed += s + '\n';
        }
    } else {
        printed += as_text(r.bytes());
    }
    write_output(with.out, printed);
    if (with.no_check) co_return 0;
    const int code = exit_code_of(r.status);
    if (code != 0) {
        std::fprintf(stderr, "ferry: %d %s for url: %s\n", r.status, r.reason.c_str(),
                     r.url().redacted().c_str());
    }
    co_return code;
}

}  // namespace

int get(int argc, char** argv)
{
    settings with;
    CLI::App options{help, "ferry get"};
    options.add_option("url", with.url, "what to fetch")->required();
    options.add_option("items", with.items, "name==value for the query, Name:value for a header");
    options.add_option("-H,--header", with.headers, "a header, Name: value")
        ->allow_extra_args(false);
    options.add_option("-u,--user", with.user, "basic authentication, user:password");
    options.add_option("-o,--output", with.out, "the file to write instead of standard output");
    options.add_option("--xpath", with.xpath,
                       "print what this XPath finds in the HTML, a line each");
    options
        .add_option("--timeout", with.seconds, "seconds for each of connect, read and write (30)")
        ->check(CLI::PositiveNumber);
    options.add_option("--max-redirects", with.redirects, "how many redirects to follow (30)");
    options.add_flag("-i,--include", with.include, "print the head of the answer first");
    options.add_flag("--no-follow", with.no_follow, "print the redirect itself");
    options.add_flag("--no-check-status", with.no_check, "exit with 0 whatever the status");
    if (const auto end = parse(options, argc, argv)) return *end;
    return run_until_interrupted(fetch(std::move(with)));
}

}  // namespace ferry::command
