#include "ferry/http/session.hpp"

#include "apps/ferry/arguments.hpp"
#include "apps/ferry/commands.hpp"
#include "apps/ferry/output.hpp"
#include "apps/ferry/request_command.hpp"

#include <exception>
#include <memory>
#include <utility>

namespace ferry::command {
namespace {

constexpr auto help = R"(Sends a request and writes the body of the answer to standard output.

  ferry get http://127.0.0.1:8080/                        redirects followed, compression undone
  ferry get http://127.0.0.1:8080/ --xpath '//title/text()'
  ferry get http://127.0.0.1:8080/search q==café page==2 X-Trace:7 -u user:pass
  ferry get http://127.0.0.1:8080/big.iso -o big.iso      with a progress bar; -C goes on after Ctrl-C
  ferry get http://127.0.0.1:8080/events --sse            the events of a server as they come
  ferry get ws://127.0.0.1:8080/chat --ws                 lines both ways over a websocket
  ferry post http://127.0.0.1:8080/orders paper=A4 sheets:=500
  ferry post http://127.0.0.1:8080/upload kind=report file@report.pdf
  ferry post http://127.0.0.1:8080/orders paper=A4 --curl prints the same as a curl command
  ferry request http://127.0.0.1:8080/ -X PURGE

Items behind the URL: name==value in the query, Name:value a header, name=value a field (JSON, --form or
--multipart), name:=json, name@file, @file the whole body, @- standard input.
On a terminal the answer is coloured and formatted; into a pipe the body goes as it is.
Exit codes: 0 fine, 1 other, 2 usage or bad URL, 3 unfollowed redirect, 4 and 5 status 4xx and 5xx,
6 redirects, 7 no connection, 8 TLS, 9 broken transfer, 10 timeout, 11 local file, 12 limit, 130 Ctrl-C.)";

std::string name_from(const std::string& address)
{
    const url from = url::parse(address);
    const std::string path(from.path());
    const std::string name = path.substr(path.rfind('/') + 1);
    if (name.empty()) throw usage_error("-O: the URL ends without a name; use -o FILE");
    return name;
}

awaitable<int> act(http::session* over, command_ptr with,
                   std::shared_ptr<const download_command> files)
{
    if (with->events) return follow_events(over, std::move(with));
    if (files) return download_all(over, &with->request, files.get());
    return fetch(over, std::move(with));
}

awaitable<int> perform(command_ptr with, std::shared_ptr<const download_command> files)
{
    http::session session = with->request.make_session();
    std::exception_ptr failure;
    int code = 0;
    try {
        auto acting = act(&session, with, files);
        code = co_await std::move(acting);
    } catch (...) {
        failure = std::current_exception();
    }
    with->request.keep(session);
    if (failure) std::rethrow_exception(failure);
    co_return code;
}

int print_as_curl(const request_command& with)
{
    const http::session session = with.request.make_session();
    const auto prepared =
        session.prepare(with.request.method, with.request.url, with.request.make_options());
    write_output("-", prepared.to_curl() + '\n');
    return 0;
}

// Declares what the verb takes, all but the request itself.
void add_output_to(CLI::App& options, request_command& with)
{
    options.add_option("-o,--output", with.out, "the file to write instead of standard output");
    options.add_flag("-O,--remote-name", with.remote_name,
                     "the same, named as the URL's last part");
    auto* by_xpath = options.add_option("--xpath", with.xpath, "print what this finds in the page");
    auto* by_css =
        options.add_option("--css", with.css, "the same with a selector, ::text, ::attr(x)");
    by_css->excludes(by_xpath);
    options.add_option("--query", with.query, "print what this JSONPath finds in the JSON")
        ->excludes(by_xpath)
        ->excludes(by_css);
    options.add_option("--print", with.print,
                       "which parts: H and B of the request, h and b of the answer, m figures");
    options.add_option("--pretty", with.pretty, "all, colors, format or none");
    options.add_flag("--stream", with.stream, "print the body as it comes, unformatted");
    options.add_flag("--lines", with.lines,
                     "take the body for a document a line: each is printed, or searched by "
                     "--query, as it comes");
    options.add_option("-w,--write-out", with.write_out,
                       "print this afterwards, with %{http_code}, %{http_version}, "
                       "%{size_download}, %{time_namelookup}, %{time_total}, %{url_effective}, "
                       "%{num_redirects}, %{content_type}");
    options.add_flag("-i,--include", with.include, "print the head of the answer too");
    options.add_flag("-v,--verbose", with.verbose, "print the request and both heads too");
    options.add_flag("-s,--silent", with.silent,
                     "no progress, no message for a status of 400 and above");
    options.add_flag("-f,--fail", with.fail, "no body of a status of 400 and above");
    options.add_flag("--timings", with.timings, "print where the time went");
    options.add_flag("--no-check-status", with.no_check, "exit with 0 whatever the status");
}

void add_modes_to(CLI::App& options, request_command& with, download_command& files)
{
    options.add_flag("-I,--head", with.head, "ask for the head only (HEAD)");
    options.add_flag("--download", with.download,
                     "save the body under the name that the server gives, or -o");
    options.add_flag("-C,--continue", files.resumes,
                     "go on with the download that an earlier call has left");
    options.add_option("--sha256", files.sha256, "what the downloaded file must have");
    auto* events = options.add_flag("--sse", with.events, "follow the events of a server");
    options
        .add_flag("--ws", with.websocket,
                  "open a websocket: sends the lines of standard input, prints what comes; after "
                  "the input's end it stays until nothing has come for --timeout")
        ->excludes(events);
    options.add_flag("--offline,--dry-run", with.offline,
                     "print the request instead of sending it");
    options.add_flag("--curl", with.as_curl, "print a curl command instead, with secrets as ***");
}

// Settles what follows from what.
void complete(request_command& with, std::string method)
{
    std::string& chosen = with.request.method;
    if (chosen.empty()) chosen = std::move(method);
    if (with.head) chosen = "HEAD";
    if (chosen == "HEAD") with.head = true;
    if (chosen.empty()) chosen = with.request.has_body() ? "POST" : "GET";
    if (with.remote_name && !with.download) with.out = name_from(with.request.url);
    static_cast<void>(with.style());
    static_cast<void>(with.wanted());
}

// The download that the command asks for, if it does.
std::shared_ptr<const download_command> files_of(request_command& with, download_command files)
{
    with.download = with.download || files.resumes || !files.sha256.empty();
    if (!with.is_download()) return nullptr;
    if (with.request.method != "GET") throw usage_error("a download is asked for by GET");
    files.urls = {with.request.url};
    files.out = with.out == "-" ? "./" : with.out;
    files.quiet = with.silent;
    files.lists = with.out == "-" && !with.silent;
    files.check();
    return std::make_shared<const download_command>(std::move(files));
}

int send(const char* verb, std::string method, int argc, char** argv)
{
    const auto with = std::make_shared<request_command>();
    download_command files;
    files.resumes = false;
    CLI::App options{help, std::string("ferry ") + verb};
    with->request.add_to(options);
    options.add_option("-X,--request", with->request.method,
                       method.empty() ? "the method (GET, or POST with a body)" : "another method");
    add_output_to(options, *with);
    add_modes_to(options, *with, files);
    arguments words(argc, argv);
    words.drop_dash_behind("-C", "--continue");
    if (const auto end = parse(options, words.count(), words.data())) return *end;
    complete(*with, std::move(method));
    if (with->as_curl) return print_as_curl(*with);
    if (with->offline) return run_until_interrupted(print_offline(with));
    if (with->websocket) return run_until_interrupted(talk(with));
    auto download = with->events ? nullptr : files_of(*with, std::move(files));
    return run_until_interrupted(perform(with, std::move(download)));
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
