#include "ferry/async/task.hpp"
#include "ferry/documents/css.hpp"
#include "ferry/documents/html.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/documents/jsonpath.hpp"
#include "ferry/http/hooks.hpp"
#include "ferry/http/server.hpp"
#include "ferry/http/session.hpp"
#include "ferry/net/stream.hpp"

#include "apps/ferry/commands.hpp"
#include "apps/ferry/output.hpp"
#include "apps/ferry/request_report.hpp"
#include "apps/ferry/request_settings.hpp"
#include "apps/ferry/selection.hpp"
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <vector>

namespace ferry::command {
namespace {

constexpr auto help = R"(Sends a request and writes the body of the answer to standard output.

  ferry get http://127.0.0.1:8080/                        redirects followed, compression undone
  ferry get http://127.0.0.1:8080/ --xpath '//title/text()'
  ferry get http://127.0.0.1:8080/search q==café page==2 X-Trace:7 -u user:pass
  ferry post http://127.0.0.1:8080/orders paper=A4 sheets:=500
  ferry post http://127.0.0.1:8080/upload kind=report file@report.pdf
  ferry request http://127.0.0.1:8080/ -X PURGE

On a terminal the answer is coloured and formatted; into a pipe the body goes as it is.
Exit codes: 0 fine, 2 usage or bad URL, 3 unfollowed redirect, 4 and 5 status 4xx and 5xx, 6 too many
redirects, 7 no connection, 8 TLS, 9 broken transfer, 10 timeout, 11 local file, 12 limit, 130 Ctrl-C.)";

struct settings {
    request_settings request;
    std::string out = "-";
    std::string xpath;
    std::string css;
    std::string query;
    std::string print;
    std::string pretty;
    std::string write_out;
    bool remote_name = false;
    bool include = false;
    bool head = false;
    bool verbose = false;
    bool silent = false;
    bool offline = false;
    bool timings = false;
    bool no_check = false;
};

int exit_code_of(int status)
{
    if (status >= 500) return exit_code::server_error;
    if (status >= 400) return exit_code::client_error;
    if (status >= 300 && status != 304) return exit_code::redirected;
    return 0;
}

std::string name_from(const url& from)
{
    const std::string path(from.path());
    const std::string name = path.substr(path.rfind('/') + 1);
    if (name.empty()) throw usage_error("-O: the URL ends without a name; use -o FILE");
    return name;
}

std::string joined(const std::vector<std::string>& lines)
{
    std::string out;
    for (const std::string& line : lines) out += line + '\n';
    return out;
}

// What --xpath, --css or --query finds in the body, a line each; none if none is asked for.
class wanted_part {
public:
    explicit wanted_part(const settings& with)
    {
        if (!with.xpath.empty()) xpath_.emplace(with.xpath);
        try {
            if (!with.css.empty()) css_.emplace(css::compile(with.css));
            if (!with.query.empty()) query_.emplace(jsonpath::compile(with.query));
        } catch (const parse_error& e) {
            throw usage_error(std::string{e.what()} + '\n' + e.excerpt());
        }
    }

    explicit operator bool() const noexcept { return xpath_ || css_ || query_; }

    std::string find(const http::response& r) const
    {
        if (query_) {
            const value body = r.json();
            std::vector<std::string> lines;
            for (const auto& found : query_->select(body)) {
                const value& v = found;
                lines.push_back(v.is_string() ? v.as<std::string>() : json::dump(v));
            }
            return joined(lines);
        }
        const html::document page = html::parse(r.bytes(), r.charset());
        return joined(xpath_ ? xpath_->strings(page) : css_->strings(page.tree()));
    }

private:
    std::optional<selection> xpath_;
    std::optional<css::selector> css_;
    std::optional<jsonpath::expression> query_;
};

// curl's -w: %{name} and \n.
std::string write_out(const std::string& format, const http::response& r, std::uint64_t size)
{
    const std::vector<std::pair<std::string_view, std::string>> known{
        {"http_code", std::to_string(r.status)},
        {"size_download", std::to_string(size)},
        {"time_total", fmt::format("{:.6f}", std::chrono::duration<double>(r.elapsed).count())},
        {"url_effective", std::string(r.url().redacted())},
        {"num_redirects", std::to_string(r.history.size())},
        {"content_type", std::string(r.headers.get("Content-Type").value_or(""))},
    };
    std::string out = format;
    for (const auto& [name, text] : known) {
        const std::string key = "%{" + std::string(name) + '}';
        for (auto at = out.find(key); at != std::string::npos;
             at = out.find(key, at + text.size())) {
            out.replace(at, key.size(), text);
        }
    }
    for (auto at = out.find("\\n"); at != std::string::npos; at = out.find("\\n", at + 1)) {
        out.replace(at, 2, "\n");
    }
    return out;
}

void describe_failure(const settings& with, const http::response& r)
{
    if (with.silent) return;
    std::fprintf(stderr, "ferry: %d %s for url: %s\n", r.status, r.reason.c_str(),
                 r.url().redacted().c_str());
}

// Which parts are printed: H and B of the request, h and b of the answer, m its figures.
std::string parts_of(const settings& with)
{
    if (!with.print.empty()) return with.print;
    if (with.verbose) return "HhbB";
    if (with.head) return "h";
    if (with.include) return "hb";
    return report_style::from(with.pretty).terminal && with.out == "-" ? "hb" : "b";
}

bool has(const std::string& parts, char c)
{
    return parts.find(c) != std::string::npos;
}

awaitable<std::uint64_t> copy_body(http::response_stream& from, std::string path)
{
    output_file to(path);
    std::uint64_t size = 0;
    for (;;) {
        auto next = from.next();
        const auto part = co_await std::move(next);
        if (!part) break;
        size += part->size();
        to.write(as_text(part->span()));
    }
    to.close();
    co_return size;
}

std::string figures_of(const http::response& r, std::uint64_t size)
{
    return fmt::format("{} bytes in {:.3f} s\n", size,
                       std::chrono::duration<double>(r.elapsed).count());
}

awaitable<int> fetch(settings with)
{
    const report_style style = report_style::from(with.pretty);
    const std::string parts = parts_of(with);
    const wanted_part wanted(with);
    http::session session = with.request.make_session();
    http::request_options options = with.request.make_options();
    if (has(parts, 'H')) {
        const http::request_options told(
            http::on_request([style](http::outgoing& q) { write_output("-", head_of(q, style)); }));
        http::detail::add_hooks(options, *told.hooks);
    }
    if (with.remote_name) with.out = name_from(url::parse(with.request.url));

    auto opening = session.stream(with.request.method, with.request.url, options);
    http::response_stream stream = co_await std::move(opening);
    if (has(parts, 'h')) write_output("-", head_of(stream.head(), style));
    std::uint64_t size = 0;
    http::response r = stream.head();
    const bool shown = has(parts, 'b');
    if (wanted || (shown && with.out == "-" && style.formatted)) {
        auto reading = stream.read();
        r = co_await std::move(reading);
        size = r.bytes().size();
        std::string text = wanted ? wanted.find(r) : body_of(r, style);
        if (!wanted && text.empty() && size > 0) {
            text = fmt::format("{} bytes that are no text; write them to a file with -o\n", size);
        }
        write_output(with.out, text);
    } else if (shown || with.out != "-") {
        auto copying = copy_body(stream, with.out);
        size = co_await std::move(copying);
    }
    with.request.keep(session);
    if (has(parts, 'm') || with.timings) std::fputs(figures_of(r, size).c_str(), stderr);
    if (!with.write_out.empty()) write_output("-", write_out(with.write_out, r, size));
    if (with.no_check) co_return 0;
    const int code = exit_code_of(r.status);
    if (code != 0) describe_failure(with, r);
    co_return code;
}

awaitable<http::response> print_request(http::request& q)
{
    std::string text = fmt::format("{} {} HTTP/1.1\n", q.method, q.target);
    for (const auto [name, content] : q.headers) {
        text += std::string(name) + ": " + std::string(content) + '\n';
    }
    write_output("-", text + '\n' + std::string(q.text()));
    co_return http::response(204);
}

awaitable<void> answer_offline(net::stream over)
{
    http::server site(http::server_limits().body_bytes(max_input_bytes));
    for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
        site.route(method, "/{rest:path}", print_request);
    }
    auto serving = site.serve_connection(std::move(over));
    co_await std::move(serving);
}

// Sends the request to a server in this process, which prints it.
awaitable<int> print_offline(settings with)
{
    http::session_options offline;
    http::connect_by([](url) -> awaitable<net::stream> {
        auto [client, server] = net::pair();
        spawn(answer_offline(std::move(server)));
        co_return std::move(client);
    }).apply_to(offline);
    http::session session(offline);
    auto sending =
        session.request(with.request.method, with.request.url, with.request.make_options());
    co_await std::move(sending);
    co_return 0;
}

int send(const char* verb, std::string method, int argc, char** argv)
{
    settings with;
    CLI::App options{help, std::string("ferry ") + verb};
    with.request.add_to(options);
    if (method.empty()) {
        options.add_option("-X,--request", with.request.method,
                           "the method (GET, or POST with a body)");
    }
    options.add_option("-o,--output", with.out, "the file to write instead of standard output");
    options.add_flag("-O,--remote-name", with.remote_name,
                     "the same, named as the URL's last part");
    auto* by_xpath = options.add_option("--xpath", with.xpath, "print what this finds in the HTML");
    auto* by_css =
        options.add_option("--css", with.css, "the same with a selector, ::text, ::attr(x)");
    by_css->excludes(by_xpath);
    options.add_option("--query", with.query, "print what this JSONPath finds in the JSON")
        ->excludes(by_xpath)
        ->excludes(by_css);
    options.add_option("--print", with.print,
                       "which parts: H and B of the request, h and b of the answer, m figures");
    options.add_option("--pretty", with.pretty, "all, colors, format or none");
    options.add_option("-w,--write-out", with.write_out,
                       "print this afterwards, with %{http_code}, %{size_download}, %{time_total}, "
                       "%{url_effective}, %{num_redirects}, %{content_type}");
    options.add_flag("-i,--include", with.include, "print the head of the answer too");
    options.add_flag("-I,--head", with.head, "ask for the head only (HEAD)");
    options.add_flag("-v,--verbose", with.verbose, "print the request's head too");
    options.add_flag("-s,--silent", with.silent, "no message for a status of 400 and above");
    options.add_flag("--offline,--dry-run", with.offline,
                     "print the request instead of sending it");
    options.add_flag("--timings", with.timings, "print how long it took");
    options.add_flag("--no-check-status", with.no_check, "exit with 0 whatever the status");
    if (const auto end = parse(options, argc, argv)) return *end;
    if (!method.empty()) with.request.method = method;
    if (with.head) with.request.method = "HEAD";
    if (with.request.method == "HEAD") with.head = true;
    if (with.request.method.empty()) {
        with.request.method = with.request.make_options().body.present() ? "POST" : "GET";
    }
    if (with.offline) return run_until_interrupted(print_offline(std::move(with)));
    return run_until_interrupted(fetch(std::move(with)));
}

}  // namespace

int get(int argc, char** argv)
{
    return send("get", "GET", argc, argv);
}

int post(int argc, char** argv)
{
    return send("post", "POST", argc, argv);
}

int put(int argc, char** argv)
{
    return send("put", "PUT", argc, argv);
}

int patch(int argc, char** argv)
{
    return send("patch", "PATCH", argc, argv);
}

int delete_(int argc, char** argv)
{
    return send("delete", "DELETE", argc, argv);
}

int head(int argc, char** argv)
{
    return send("head", "HEAD", argc, argv);
}

int request(int argc, char** argv)
{
    return send("request", "", argc, argv);
}

}  // namespace ferry::command
