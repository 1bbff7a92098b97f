// GET over keep-alive connections, in the clear, by TLS and by HTTP/2, ferry beside libcurl, and
// beside Requests, httpx and aiohttp, against nginx with one worker on loopback.
#include "ferry/async/gather.hpp"
#include "ferry/async/run.hpp"
#include "ferry/http/http.hpp"
#include "ferry/net/listener.hpp"

#include "bench/bench.hpp"
#include <curl/curl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace ferry;

constexpr std::size_t small_bytes = 1024;
constexpr std::size_t mebibyte = 1024 * 1024;
constexpr std::size_t large_bytes = 10'000'000;
constexpr std::uint64_t huge_bytes = std::uint64_t{4} << 30;
constexpr double start_up_bar_ms = 20;

// nginx in a directory of its own, ended with the scope.
class nginx {
public:
    nginx() : directory_(std::filesystem::temp_directory_path() / fmt::format("bench-{}", getpid()))
    {
        std::filesystem::create_directories(directory_ / "www");
        std::ofstream(directory_ / "www/1k.bin") << std::string(small_bytes, 'x');
        std::ofstream(directory_ / "www/1m.bin") << std::string(mebibyte, 'x');
        std::ofstream(directory_ / "www/10m.bin") << std::string(large_bytes, 'x');
        std::ofstream(directory_ / "www/4g.bin") << 'x';
        std::filesystem::resize_file(directory_ / "www/4g.bin", huge_bytes);  // sparse
        port_ = net::listener(net::tcp("127.0.0.1", 0)).port();
        tls_port_ = net::listener(net::tcp("127.0.0.1", 0)).port();
        make_certificate();
        write_configuration();
        const std::string file = directory_ / "nginx.conf";
        std::string program = "nginx";
        std::string option = "-c";
        std::string argument = file;
        char* arguments[] = {program.data(), option.data(), argument.data(), nullptr};
        if (posix_spawnp(&process_, "nginx", nullptr, nullptr, arguments, environ) != 0) {
            throw std::runtime_error("nginx is missing: apt-get install nginx-light");
        }
        for (int i = 0; i < 100 && !answers(); ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
    }
    ~nginx()
    {
        kill(process_, SIGTERM);
        waitpid(process_, nullptr, 0);
        std::filesystem::remove_all(directory_);
    }
    nginx(const nginx&) = delete;
    nginx& operator=(const nginx&) = delete;

    std::string url(std::string_view file) const
    {
        return fmt::format("http://127.0.0.1:{}/{}", port_, file);
    }

    std::string https(std::string_view file) const
    {
        return fmt::format("https://localhost:{}/{}", tls_port_, file);
    }
    std::string certificate() const { return directory_ / "own.pem"; }

private:
    // Signed by itself, so that it is its own authority.
    void make_certificate() const
    {
        const std::string command = fmt::format(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "
            "/CN=localhost -addext subjectAltName=DNS:localhost -keyout {0}/own.key -out "
            "{0}/own.pem 2>/dev/null",
            directory_.string());
        if (std::system(command.c_str()) != 0) throw std::runtime_error("openssl req failed");
    }
    void write_configuration() const
    {
        const std::string at = directory_;
        std::ofstream(directory_ / "nginx.conf")
            << "daemon off; worker_processes 1; pid " << at << "/pid; error_log " << at
            << "/error.log; events { worker_connections 4096; } http { access_log off; sendfile on;"
               " tcp_nopush on; keepalive_requests 1000000000; keepalive_timeout 300;"
            << " client_body_temp_path " << at << "/b; proxy_temp_path " << at
            << "/p; fastcgi_temp_path " << at << "/f; uwsgi_temp_path " << at
            << "/u; scgi_temp_path " << at << "/s; server { listen 127.0.0.1:" << port_
            << " backlog=1024; root " << at << "/www; } server { listen 127.0.0.1:" << tls_port_
            << " ssl http2 backlog=1024; ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate " << at
            << "/own.pem; ssl_certificate_key " << at << "/own.key; root " << at << "/www; } }";
    }
    bool answers() const
    {
        try {
            return run(http::get(url("1k.bin"))).ok();
        } catch (const connection_error&) {
            return false;
        }
    }

    std::filesystem::path directory_;
    std::uint16_t port_ = 0;
    std::uint16_t tls_port_ = 0;
    pid_t process_ = -1;
};

void check(bool right)
{
    if (!right) throw std::runtime_error("a response is not what it should be");
}

std::size_t keep(char* data, std::size_t size, std::size_t count, void* into)
{
    static_cast<std::string*>(into)->append(data, size * count);
    return size * count;
}

CURL* easy(const std::string& url, std::string* body)
{
    CURL* const handle = curl_easy_init();
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, body);
    curl_easy_setopt(handle, CURLOPT_PRIVATE, body);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
    return handle;
}

/// A client of Python's, for a file of 1 KB.
bench::contestant python(const std::string& client, const std::string& url, int at_once, double bar)
{
    const std::string command =
        fmt::format("/usr/bin/python3 " FERRY_BENCH_DIR "/http_peer.py {} {} {} {}", client, url,
                    bench::repetition_seconds(), at_once);
    return {client, {}, [command] { return bench::number_from(command); }, bar};
}

/// One file, asked for again and again.
struct subject {
    std::string name;
    std::string url;
    std::size_t size;
    std::string authority = {};  ///< not empty: by TLS
    double bar = 0;              ///< beside libcurl
};

void one_after_another(const subject& file, http::session api = http::session())
{
    std::string body;
    CURL* const rival = easy(file.url, &body);
    if (!file.authority.empty()) {
        curl_easy_setopt(rival, CURLOPT_CAINFO, file.authority.c_str());
        curl_easy_setopt(rival, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
    }
    const auto with_ferry = [&] {
        const auto r = run(api.get(file.url));
        check(r.bytes().size() == file.size);
        return 1.0;
    };
    const auto with_curl = [&] {
        body.clear();
        check(curl_easy_perform(rival) == CURLE_OK && body.size() == file.size);
        return 1.0;
    };
    std::vector<bench::contestant> all{{"ferry", with_ferry},
                                       {"libcurl-easy", with_curl, {}, file.bar}};
    if (file.authority.empty() && file.size == small_bytes) {
        all.push_back(python("requests", file.url, 1, 1.0 / 25));
        all.push_back(python("httpx", file.url, 1, 0));
    }
    const bool is_large = file.size == large_bytes;
    const bench::rate_unit unit =
        is_large ? bench::rate_unit{"MB/s", large_bytes / 1e6} : bench::rate_unit{"req/s"};
    bench::compare("http", file.name, unit, all);
    curl_easy_cleanup(rival);
}

awaitable<void> ask_often(http::session* api, std::string url, std::size_t size, int times)
{
    for (int i = 0; i < times; ++i) {
        const auto r = co_await api->get(url);
        check(r.bytes().size() == size);
    }
}

/// One connection for each of `at_once`; by TLS all share one of HTTP/2.
void many_at_once(const subject& file, int at_once, http::session api)
{
    const int times = file.size == small_bytes ? 20 : 2;  // each, in a run
    const int total = at_once * times;
    CURLM* const multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(at_once));
    std::vector<std::string> bodies(static_cast<std::size_t>(at_once));
    std::vector<CURL*> handles;
    for (std::string& body : bodies) handles.push_back(easy(file.url, &body));
    if (!file.authority.empty()) {
        curl_multi_setopt(multi, CURLMOPT_PIPELINING, long{CURLPIPE_MULTIPLEX});
        for (CURL* h : handles) {
            curl_easy_setopt(h, CURLOPT_CAINFO, file.authority.c_str());
            curl_easy_setopt(h, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_2TLS});
            curl_easy_setopt(h, CURLOPT_PIPEWAIT, 1L);
        }
    }

    const auto with_ferry = [&] {
        std::vector<awaitable<void>> tasks;
        for (int i = 0; i < at_once; ++i)
            tasks.push_back(ask_often(&api, file.url, file.size, times));
        run(gather(std::move(tasks)));
        return static_cast<double>(total);
    };
    const auto with_curl = [&] {
        int started = 0;
        int done = 0;
        for (CURL* h : handles) {
            curl_multi_add_handle(multi, h);
            ++started;
        }
        while (done < total) {
            int running = 0;
            int left = 0;
            curl_multi_perform(multi, &running);
            while (CURLMsg* const message = curl_multi_info_read(multi, &left)) {
                CURL* const handle = message->easy_handle;
                std::string* body = nullptr;
                curl_easy_getinfo(handle, CURLINFO_PRIVATE, &body);
                check(message->data.result == CURLE_OK && body->size() == file.size);
                body->clear();
                ++done;
                curl_multi_remove_handle(multi, handle);
                if (started < total) {
                    curl_multi_add_handle(multi, handle);
                    ++started;
                }
            }
            if (done < total) curl_multi_poll(multi, nullptr, 0, 100, nullptr);
        }
        return static_cast<double>(total);
    };
    std::vector<bench::contestant> all{{"ferry", with_ferry},
                                       {"libcurl-multi", with_curl, {}, file.bar}};
    if (file.authority.empty() && file.size == small_bytes) {
        all.push_back(python("aiohttp", file.url, at_once, 1.0 / 8));
        all.push_back(python("httpx-async", file.url, at_once, 0));
    }
    bench::compare("http", file.name, {"req/s"}, all);
    for (CURL* h : handles) curl_easy_cleanup(h);
    curl_multi_cleanup(multi);
}

// How long a program takes from its start to its end, which is what one waits for at a shell.
double milliseconds_of(std::vector<std::string> words)
{
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const double begin = bench::wall_seconds();
    pid_t child = -1;
    int status = 0;
    check(posix_spawnp(&child, arguments[0], nullptr, nullptr, arguments.data(), environ) == 0);
    waitpid(child, &status, 0);
    check(status == 0);
    return (bench::wall_seconds() - begin) * 1000;
}

void start_up(const std::string& url)
{
    if (!bench::wanted("http", "start-up")) return;
    constexpr int times = 25;
    std::vector<double> own;
    std::vector<double> rival;
    for (int i = 0; i < times; ++i) {
        own.push_back(milliseconds_of({FERRY_COMMAND, "get", url, "-o", "/dev/null"}));
        rival.push_back(milliseconds_of({"curl", "-s", url, "-o", "/dev/null"}));
    }
    bench::print("http", "ferry/start-up", "wall", own, "ms");
    bench::print("http", "curl/start-up", "wall", rival, "ms");
    const double more = bench::median(own) - bench::median(rival);
    bench::print_ratio("http", "start-up", more / start_up_bar_ms, "20-ms-more-than-curl", 1);
}

// A body of 4 GiB, in parts: how fast, and how much memory that takes.
void large_stream(const std::string& url)
{
    if (!bench::wanted("http", "stream-4g")) return;
    const auto resident = [] {
        rusage used{};
        getrusage(RUSAGE_SELF, &used);
        return static_cast<double>(used.ru_maxrss) / 1024;
    };
    const auto drain = [](http::session* api, std::string from) -> awaitable<std::uint64_t> {
        auto body = co_await api->stream("GET", std::move(from));
        std::uint64_t size = 0;
        for (;;) {
            const auto part = co_await body.next();
            if (!part) break;
            size += part->size();
        }
        co_return size;
    };
    http::session api;
    const double before = resident();
    const double cpu = bench::cpu_seconds();
    check(run(drain(&api, url)) == huge_bytes);
    const double spent = bench::cpu_seconds() - cpu;
    bench::print("http", "ferry/stream-4g", "cpu-rate", {huge_bytes / 1e6 / spent}, "MB/s");
    bench::print("http", "ferry/stream-4g", "memory", {resident() - before}, "MB");
}

}  // namespace

int main()
{
    bench::use_one_core("http");
    curl_global_init(CURL_GLOBAL_ALL);
    const nginx server;
    const std::string small = server.url("1k.bin");
    const std::string medium = server.url("1m.bin");
    const std::string ca = server.certificate();
    const auto of_many = [](int n) { return http::session(http::limits().per_host(n)); };

    one_after_another({"seq-1k", small, small_bytes, {}, 0.7});
    many_at_once({"conc32-1k", small, small_bytes, {}, 1}, 32, of_many(32));
    many_at_once({"conc64-1k", small, small_bytes, {}, 1}, 64, of_many(64));
    many_at_once({"conc256-1k", small, small_bytes, {}, 1}, 256, of_many(256));
    one_after_another({"seq-1m", medium, mebibyte});
    many_at_once({"conc32-1m", medium, mebibyte}, 32, of_many(32));
    many_at_once({"conc256-1m", medium, mebibyte}, 256, of_many(256));
    one_after_another({"large-10m", server.url("10m.bin"), large_bytes, {}, 1});
    large_stream(server.url("4g.bin"));
    start_up(small);

    const auto trusting = [&ca] { return http::session(http::verify(ca), http::http2(false)); };
    one_after_another({"https-seq-1k", server.https("1k.bin"), small_bytes, ca, 1}, trusting());
    one_after_another({"https-large-10m", server.https("10m.bin"), large_bytes, ca, 1}, trusting());
    many_at_once({"h2-conc64-1k", server.https("1k.bin"), small_bytes, ca, 1}, 64,
                 http::session(http::verify(ca)));
}
