#include "ferry/async/run.hpp"
#include "ferry/async/signals.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/error.hpp"
#include "ferry/core/time.hpp"
#include "ferry/http/middleware.hpp"
#include "ferry/http/server.hpp"
#include "ferry/net/listener.hpp"
#include "ferry/net/tls.hpp"

#include "apps/ferry/commands.hpp"
#include "apps/ferry/output.hpp"

#include <charconv>
#include <csignal>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace ferry::command {
namespace {

using namespace std::chrono_literals;

constexpr auto help =
    R"(Serves the files of a directory over HTTP, as `python -m http.server` does, until Ctrl-C.

  ferry serve                                        this directory on 127.0.0.1:8000
  ferry serve public --port 0 --port-file port       any free port, written to a file
  ferry serve public --listen unix:/run/site.sock    on a unix socket
  ferry serve public --tls-cert c.pem --tls-key k.pem --cors

Conditional requests, ranges, precompressed .br and .gz neighbours and lists of directories are served;
names that begin with a dot and links that lead out of the directory are not.
SIGHUP reads the certificate again, SIGTERM and Ctrl-C let the requests under way finish.)";

struct settings {
    std::string directory = ".";
    std::string bind = "127.0.0.1";
    std::string listen;
    std::string port_file;
    std::string tls_cert;
    std::string tls_key;
    std::string client_ca;
    std::string cache_control;
    std::vector<std::string> cors;
    std::uint16_t port = 8000;
    std::size_t threads = 1;
    bool allows_all_origins = false;
    bool without_list = false;
    bool compresses = false;
    bool logs = false;
};

// `host:port`, `[v6]:port`, `unix:path`.
net::endpoint parse_endpoint(const std::string& text)
{
    if (text.starts_with("unix:")) return net::unix_socket(text.substr(5));
    const std::size_t colon = text.rfind(':');
    std::uint16_t port = 0;
    const char* const end = text.data() + text.size();
    const char* const begin = colon == std::string::npos ? end : text.data() + colon + 1;
    const auto [last, failed] = std::from_chars(begin, end, port);
    if (begin == end || failed != std::errc() || last != end) {
        throw error(errc::malformed, "--listen " + text + ": not HOST:PORT or unix:PATH");
    }
    std::string host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    return net::tcp(host, port);
}

void log_request(const http::access_entry& e)
{
    const std::string size = e.bytes ? std::to_string(*e.bytes) : "-";
    std::fprintf(stderr, "%s [%s] \"%s %s\" %d %s\n", e.asked->peer.c_str(),
                 http_date::format(now()).c_str(), e.asked->method.c_str(), e.asked->target.c_str(),
                 e.status, size.c_str());
}

void set_up(http::server& site, const settings& with)
{
    if (with.logs) site.use(http::access_log(log_request));
    if (with.allows_all_origins || !with.cors.empty()) {
        http::cors_options origins;
        for (const std::string& o : with.cors) origins.origins(o);
        site.use(http::cors(origins));
    }
    if (with.compresses) site.use(http::compress_responses());
    http::file_options files;
    files.listing(!with.without_list).cache_control(with.cache_control);
    site.files("/", with.directory, files);
}

awaitable<int> run_site(settings with)
{
    http::server site;
    set_up(site, with);
    net::endpoint at =
        with.listen.empty() ? net::tcp(with.bind, with.port) : parse_endpoint(with.listen);
    std::optional<net::tls_context> tls;
    if (!with.tls_cert.empty()) {
        tls = net::tls_context::server(with.tls_cert,
                                       with.tls_key.empty() ? with.tls_cert : with.tls_key);
        if (!with.client_ca.empty()) tls->ca_file(with.client_ca);
        at = net::tls(at, *tls);
    }
    const bool is_unix = at.type() == net::endpoint::kind::unix_socket;
    signals asked(SIGINT, SIGTERM, SIGHUP);
    task<void> serving;
    if (with.threads > 1 && !is_unix) {
        serving = spawn(site.serve_threads(with.threads, at));
        while (site.port() == 0 && !serving.done()) co_await sleep(1ms);
        if (serving.done()) co_await serving.join();
        at = at.with_port(site.port());
    } else {
        net::listener on(at);
        at = on.local_endpoint();
        serving = spawn(site.serve(std::move(on)));
    }
    std::fprintf(stderr, "serving %s on %s%s%s\n", with.directory.c_str(),
                 is_unix ? "" : (tls ? "https://" : "http://"), at.text().c_str(),
                 is_unix ? "" : "/");
    if (!with.port_file.empty()) {
        write_output(with.port_file, std::to_string(at.port()) + '\n');
    }
    for (;;) {
        const int number = co_await asked.next();
        if (number != SIGHUP) break;
        if (!tls) continue;
        try {
            tls->reload();
        } catch (const tls_error& e) {
            std::fprintf(stderr, "the certificate stays as it was: %s\n", e.what());
        }
    }
    co_await site.stop();
    co_await serving.join();
    co_return 0;
}

}  // namespace

int serve(int argc, char** argv)
{
    settings with;
    CLI::App options{help, "ferry serve"};
    options.add_option("directory", with.directory, "what to serve (the current directory)");
    options.add_option("-p,--port", with.port, "the port; 0 takes a free one (8000)");
    options.add_option("-b,--bind", with.bind, "the address to listen on (127.0.0.1)");
    options.add_option("--listen", with.listen, "HOST:PORT or unix:PATH, instead of the two above");
    options.add_option("--port-file", with.port_file,
                       "write the port to this file once it listens");
    auto* const cert = options.add_option("--tls-cert", with.tls_cert,
                                          "speak TLS with this certificate chain (PEM)");
    options.add_option("--tls-key", with.tls_key, "and this key; else it is in the same file")
        ->needs(cert);
    options
        .add_option("--tls-client-ca", with.client_ca,
                    "let in only clients with a certificate signed by one of these (PEM)")
        ->needs(cert);
    options.add_flag("--cors", with.allows_all_origins, "let pages of every origin read");
    options.add_option("--cors-origin", with.cors, "let pages of this origin read; repeatable");
    options.add_option("--cache-control", with.cache_control, "send this header with files");
    options.add_option("--threads", with.threads, "serve on so many threads (1)")
        ->check(CLI::Range(1, 256));
    options.add_flag("--no-list", with.without_list,
                     "answer 404 for a directory without index.html");
    options.add_flag("--compress", with.compresses, "compress text for clients that take it");
    options.add_flag("--log", with.logs, "write a line for each request to standard error");
    if (const auto end = parse(options, argc, argv)) return *end;
    return run(run_site(std::move(with)));
}

}  // namespace ferry::command
