#include "ferry/documents/json.hpp"
#include "ferry/http/hooks.hpp"
#include "ferry/http/session.hpp"

#include "apps/ferry/commands.hpp"
#include "apps/ferry/output.hpp"
#include "apps/ferry/request_command.hpp"
#include "apps/ferry/transfer_bar.hpp"
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace ferry::command {
namespace {

int exit_code_of(int status)
{
    if (status >= 500) return exit_code::server_error;
    if (status >= 400) return exit_code::client_error;
    if (status >= 300 && status != 304) return exit_code::redirected;
    return 0;
}

double seconds(std::chrono::nanoseconds d)
{
    return std::chrono::duration<double>(d).count();
}

std::string seconds_text(std::optional<std::chrono::nanoseconds> d)
{
    return fmt::format("{:.6f}", d ? seconds(*d) : 0.0);
}

// curl's -w: %{name} and \n.
std::string write_out(const std::string& format, const http::response& r, std::uint64_t size)
{
    const http::timings& took = r.timings;
    const std::vector<std::pair<std::string_view, std::string>> known{
        {"http_code", std::to_string(r.status)},
        {"http_version", std::string(r.http_version().substr(r.http_version().find('/') + 1))},
        {"size_download", std::to_string(size)},
        {"time_namelookup", seconds_text(took.dns)},
        {"time_total", seconds_text(std::max(took.total, r.elapsed))},
        {"url_effective", r.url().redacted()},
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

std::string figures_of(const http::response& r, std::uint64_t size)
{
    return fmt::format("{} bytes in {:.3f} s\n", size,
                       seconds(std::max(r.timings.total, r.elapsed)));
}

// Where the time went, a line a phase.
std::string timings_of(const http::response& r)
{
    const http::timings& all = r.timings;
    const std::vector<std::pair<const char*, std::optional<std::chrono::nanoseconds>>> phases{
        {"name", all.dns},  {"connect", all.connect}, {"tls", all.tls},
        {"send", all.send}, {"wait", all.first_byte}, {"total", all.total}};
    std::string text;
    for (const auto& [name, took] : phases) {
        if (took) text += fmt::format("{:8} {:10.3f} ms\n", name, seconds(*took) * 1000);
    }
    return text;
}

std::string lines_of(const std::vector<value>& found)
{
    std::string text;
    for (const value& v : found) text += line_of(v);
    return text;
}

std::string found_in(const finder& wanted, const http::response& r)
{
    const std::string_view text = as_text(r.bytes());
    const std::string kind = r.headers.content_type().essence();
    const bool is_xml = kind.ends_with("/xml") || kind.ends_with("+xml");
    const document_kind read_as = is_xml         ? document_kind::xml
                                  : kind.empty() ? guess_kind(r.url().path(), text)
                                                 : document_kind::html;
    try {
        return lines_of(wanted.find(text, read_as, r.charset()));
    } catch (error& e) {
        e.add_context(r.url().redacted());
        throw;
    }
}

// The body to a file or to standard output, as it comes.
awaitable<std::uint64_t> copy_body(http::response_stream* from, command_ptr with)
{
    const bool to_terminal = with->out == "-" && with->style().terminal;
    output_file to(with->out);
    std::uint64_t size = 0;
    for (;;) {
        auto next = from->next();
        const auto part = co_await std::move(next);
        if (!part) break;
        const std::string_view text = as_text(part->span());
        if (size == 0 && to_terminal && is_binary(text)) {
            throw error(errc::unsupported,
                        "the body is no text; write it to a file with -o, or into a pipe");
        }
        size += text.size();
        to.write(text);
        if (with->stream) to.flush();
    }
    to.close();
    co_return size;
}

// A document a line, each found in, or formatted, by itself.
awaitable<std::uint64_t> copy_lines(http::response_stream* from, command_ptr with)
{
    const auto wanted = with->wanted();
    const report_style style = with->style();
    output_file to(with->out);
    std::uint64_t size = 0;
    http::body_lines lines = from->lines();
    for (;;) {
        auto next = lines.next();
        const auto line = co_await std::move(next);
        if (!line) break;
        size += line->size() + 1;
        if (wanted) {
            if (!line->empty()) to.write(lines_of(wanted->find(*line, document_kind::html, {})));
        } else {
            to.write(formatted_line(*line, style) + '\n');
        }
        to.flush();
    }
    to.close();
    co_return size;
}

// All of the body at once, for people or for what looks into it.
std::string whole_body(const request_command& with, const http::response& r)
{
    if (const auto wanted = with.wanted()) return found_in(*wanted, r);
    std::string text = body_of(r, with.style());
    if (text.empty() && !r.bytes().empty()) {
        text = fmt::format("{} bytes that are no text; write them to a file with -o\n",
                           r.bytes().size());
    }
    return text;
}

http::request_options options_of(const request_command& with)
{
    http::request_options options = with.request.make_options();
    if (with.prints('H') || with.prints('B')) {
        const report_style style = with.style();
        const bool head = with.prints('H');
        const bool body = with.prints('B');
        const http::request_options told(http::on_request([style, head, body](http::outgoing& q) {
            const http::prepared_request sent = q.prepared();
            if (head) write_output("-", head_of(sent, style));
            if (body) write_output("-", body_of(sent));
        }));
        http::detail::add_hooks(options, *told.hooks);
    }
    return options;
}

}  // namespace

awaitable<int> fetch(http::session* over, command_ptr with)
{
    const report_style style = with->style();
    static_cast<void>(with->wanted());  // wrong ones are refused before anything is sent
    const bool selects = !with->xpath.empty() || !with->css.empty() || !with->query.empty();
    http::request_options options = options_of(*with);
    auto bar = std::make_shared<transfer_bar>(with->silent || with->out == "-");
    if (bar->is_shown()) {
        const std::size_t number = bar->add();
        http::progress([bar, number](const http::transfer& now) {
            bar->show(number, now);
        }).apply_to(options);
    }

    auto opening = over->stream(with->request.method, with->request.url, options);
    http::response_stream stream = co_await std::move(opening);
    http::response r = stream.head();
    if (with->prints('h')) write_output("-", head_of(r, style));
    std::uint64_t size = 0;
    const bool failed = with->fail && r.status >= 400;
    const bool shown = with->prints('b') && !failed;
    if (with->lines && shown) {
        auto copying = copy_lines(&stream, with);
        size = co_await std::move(copying);
    } else if (selects || (shown && with->out == "-" && style.formatted && !with->stream)) {
        auto reading = stream.read();
        r = co_await std::move(reading);
        size = r.bytes().size();
        write_output(with->out, whole_body(*with, r));
    } else if (shown || (with->out != "-" && !failed)) {
        auto copying = copy_body(&stream, with);
        size = co_await std::move(copying);
    }
    bar->finish();
    if (with->prints('m')) std::fputs(figures_of(r, size).c_str(), stderr);
    if (with->timings) std::fputs(timings_of(r).c_str(), stderr);
    if (!with->write_out.empty()) write_output("-", write_out(with->write_out, r, size));
    if (with->no_check) co_return 0;
    const int code = exit_code_of(r.status);
    if (code != 0 && !with->silent) {
        std::fprintf(stderr, "ferry: %d %s for url: %s\n", r.status, r.reason.c_str(),
                     r.url().redacted().c_str());
    }
    co_return code;
}

}  // namespace ferry::command
