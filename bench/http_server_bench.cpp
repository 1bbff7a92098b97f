// ferry's server beside nginx with one worker and aiohttp: a file of 1 KB over 64 keep-alive
// connections, each server a process of its own on one core, and what 10,000 idle connections cost.
#include "ferry/async/run.hpp"
#include "ferry/http/server.hpp"
#include "ferry/net/endpoint.hpp"

#include "bench/bench.hpp"
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace ferry;

constexpr std::size_t file_bytes = 1024;
constexpr int at_once = 64;
constexpr int idle_connections = 10'000;
constexpr double idle_bar_kb = 12;
constexpr const char* area = "http_server";

void pin_to_core(int core)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    sched_setaffinity(0, sizeof set, &set);
}

// A server in a process of its own, ended with the scope.
class rival {
public:
    rival(std::string who, pid_t process, pid_t worker, std::uint16_t port)
        : name(std::move(who)), process_(process), worker_(worker), port_(port)
    {
    }
    ~rival()
    {
        kill(process_, SIGTERM);
        waitpid(process_, nullptr, 0);
    }
    rival(const rival&) = delete;
    rival& operator=(const rival&) = delete;

    std::uint16_t port() const noexcept { return port_; }

    /// CPU seconds that the process which answers has used.
    double cpu() const
    {
        std::ifstream in(fmt::format("/proc/{}/stat", worker_));
        std::string line;
        std::getline(in, line);
        std::istringstream rest(line.substr(line.rfind(')') + 2));
        std::string skipped;
        for (int i = 0; i < 11; ++i) rest >> skipped;
        double user = 0;
        double system = 0;
        rest >> user >> system;
        return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
    }

    double resident_kb() const
    {
        std::ifstream in(fmt::format("/proc/{}/statm", worker_));
        double all = 0;
        double resident = 0;
        in >> all >> resident;
        return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1024;
    }

    const std::string name;

private:
    pid_t process_;
    pid_t worker_;
    std::uint16_t port_;
};

[[noreturn]] void be_ferry(const std::string& directory, std::uint16_t port)
{
    pin_to_core(0);
    http::server site(http::server_limits().connections(100'000));
    site.files("/", directory);
    site.websocket("/ws", [](http::websocket& ws, http::request&) -> awaitable<void> {
        for (;;) {
            const auto message = co_await ws.receive();
            if (!message) break;
            co_await ws.send(message->data());
        }
    });
    run(site.serve(net::tcp("127.0.0.1", port)));
    std::exit(0);
}

// Without ferry: the loop that a listener would make may not be inherited.
std::uint16_t free_port()
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (bind(fd, reinterpret_cast<sockaddr*>(&at), size) != 0 ||
        getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) != 0) {
        throw std::runtime_error("no free port");
    }
    close(fd);
    return ntohs(at.sin_port);
}

int connect_to(std::uint16_t port)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
        if (fd >= 0) close(fd);
        return -1;
    }
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

void wait_until_it_answers(std::uint16_t port)
{
    for (int i = 0; i < 200; ++i) {
        const int fd = connect_to(port);
        if (fd >= 0) {
            close(fd);
            return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    throw std::runtime_error("a server did not start");
}

pid_t first_child_of(pid_t parent)
{
    std::ifstream in(fmt::format("/proc/{0}/task/{0}/children", parent));
    pid_t child = -1;
    in >> child;
    return child > 0 ? child : parent;
}

std::unique_ptr<rival> start_ferry(const std::string& directory, std::uint16_t port)
{
    const pid_t process = fork();
    if (process == 0) be_ferry(directory, port);
    wait_until_it_answers(port);
    return std::make_unique<rival>("ferry", process, process, port);
}

pid_t start_program(std::vector<std::string> words)
{
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t process = -1;
    if (posix_spawnp(&process, arguments[0], nullptr, nullptr, arguments.data(), environ) != 0)
        throw std::runtime_error(words[0] + " is missing");
    return process;
}

std::unique_ptr<rival> start_aiohttp(const std::string& directory, std::uint16_t port)
{
    const pid_t process =
        start_program({"taskset", "-c", "0", "/usr/bin/python3",
                       FERRY_BENCH_DIR "/http_server_peer.py", std::to_string(port), directory});
    wait_until_it_answers(port);
    return std::make_unique<rival>("aiohttp", process, process, port);
}

std::unique_ptr<rival> start_nginx(const std::string& at, std::uint16_t port)
{
    std::ofstream(at + "/nginx.conf")
        << "daemon off; worker_processes 1; worker_cpu_affinity 01; worker_rlimit_nofile 20000;"
        << " pid " << at << "/pid; error_log " << at
        << "/error.log; events { worker_connections 15000; } http { access_log off; sendfile on;"
        << " tcp_nopush on; keepalive_requests 1000000000; keepalive_timeout 300;"
        << " client_body_temp_path " << at << "/b; proxy_temp_path " << at
        << "/p; fastcgi_temp_path " << at << "/f; uwsgi_temp_path " << at << "/u; scgi_temp_path "
        << at << "/s; server { listen 127.0.0.1:" << port << " backlog=1024; root " << at
        << "/www; } }";
    const pid_t process = start_program({"nginx", "-c", at + "/nginx.conf"});
    wait_until_it_answers(port);
    return std::make_unique<rival>("nginx", process, first_child_of(process), port);
}

// Asks over `at_once` connections, one request at a time on each, as fast as the answers come.
class load {
public:
    explicit load(std::uint16_t port) : epoll_(epoll_create1(EPOLL_CLOEXEC))
    {
        for (int i = 0; i < at_once; ++i) {
            const int fd = connect_to(port);
            if (fd < 0) throw std::runtime_error("a connection failed");
            epoll_event wanted{};
            wanted.events = EPOLLIN;
            wanted.data.u32 = static_cast<std::uint32_t>(i);
            epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &wanted);
            connections_.push_back({fd, 0, 0});
        }
    }
    ~load()
    {
        for (const auto& c : connections_) close(c.fd);
        close(epoll_);
    }
    load(const load&) = delete;
    load& operator=(const load&) = delete;

    /// Requests answered in so many seconds.
    double run_for(double seconds)
    {
        const double end = bench::wall_seconds() + seconds;
        double done = 0;
        for (auto& c : connections_) ask(c);
        int waiting = at_once;
        while (waiting > 0) {
            epoll_event ready[at_once];
            const int n = epoll_wait(epoll_, ready, at_once, 5000);
            if (n <= 0) throw std::runtime_error("the server does not answer");
            const bool over = bench::wall_seconds() >= end;
            for (int i = 0; i < n; ++i) {
                connection& c = connections_[ready[i].data.u32];
                if (!receive(c)) continue;
                ++done;
                if (over) {
                    --waiting;
                } else {
                    ask(c);
                }
            }
        }
        return done;
    }

private:
    struct connection {
        int fd;
        std::size_t expected;  ///< bytes of a response, once one was seen
        std::size_t got;
    };

    static void ask(connection& c)
    {
        static constexpr std::string_view request =
            "GET /1k.bin HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n";
        c.got = 0;
        if (send(c.fd, request.data(), request.size(), MSG_NOSIGNAL) < 0) {
            throw std::runtime_error("a connection was lost");
        }
    }

    // True: the whole response is there.
    static bool receive(connection& c)
    {
        char piece[8192];
        const ssize_t n = recv(c.fd, piece, sizeof piece, 0);
        if (n <= 0) throw std::runtime_error("a connection was lost");
        if (c.expected == 0) {
            const std::string_view text(piece, static_cast<std::size_t>(n));
            const std::size_t head = text.find("\r\n\r\n");
            if (head == std::string_view::npos || !text.starts_with("HTTP/1.1 200")) {
                throw std::runtime_error("a response is not what it should be");
            }
            c.expected = head + 4 + file_bytes;
        }
        c.got += static_cast<std::size_t>(n);
        return c.got >= c.expected;
    }

    int epoll_;
    std::vector<connection> connections_;
};

void requests_a_second(const std::vector<const rival*>& servers)
{
    const std::string name = fmt::format("conc{}-1k", at_once);
    if (!bench::wanted(area, name)) return;
    std::vector<std::vector<double>> wall(servers.size());
    std::vector<std::vector<double>> cpu(servers.size());
    std::vector<std::unique_ptr<load>> loads;
    for (const rival* s : servers) {
        loads.push_back(std::make_unique<load>(s->port()));
        loads.back()->run_for(0.1);
    }
    // The system counts a process's time in hundredths of a second.
    const double seconds = std::max(bench::repetition_seconds(), 1.0);
    for (int i = 0; i < bench::repetitions(); ++i) {
        for (std::size_t s = 0; s < servers.size(); ++s) {
            const double cpu_before = servers[s]->cpu();
            const double before = bench::wall_seconds();
            const double done = loads[s]->run_for(seconds);
            wall[s].push_back(done / (bench::wall_seconds() - before));
            cpu[s].push_back((servers[s]->cpu() - cpu_before) * 1e6 / done);
        }
    }
    for (std::size_t s = 0; s < servers.size(); ++s) {
        const std::string who = servers[s]->name + "/" + name;
        bench::print(area, who, "rate", wall[s], "req/s");
        bench::print(area, who, "cpu", cpu[s], "us/req");
    }
    for (std::size_t s = 1; s < servers.size(); ++s) {
        bench::print_ratio(area, name, bench::median(cpu[0]) / bench::median(cpu[s]),
                           servers[s]->name);
        // 70 % of nginx's requests a second is what a request may take 1 / 0.7 times as long for.
        const double bar = servers[s]->name == "nginx" ? 1 / 0.7 : 0;
        bench::print_ratio(area, name + "-wall", bench::median(wall[s]) / bench::median(wall[0]),
                           servers[s]->name, bar);
    }
}

// Opens many connections, each used once by `request`, and what the server holds for each then.
double kb_of_an_idle_connection(const rival& server, std::string_view request, std::size_t body)
{
    std::vector<int> open;
    const double before = server.resident_kb();
    for (int i = 0; i < idle_connections; ++i) {
        const int fd = connect_to(server.port());
        if (fd < 0) throw std::runtime_error("out of descriptors: ulimit -n 20000");
        open.push_back(fd);
        if (send(fd, request.data(), request.size(), MSG_NOSIGNAL) < 0) break;
        std::string answer;
        std::size_t head = std::string::npos;
        while (head == std::string::npos || answer.size() < head + 4 + body) {
            char piece[8192];
            const ssize_t n = recv(fd, piece, sizeof piece, 0);
            if (n <= 0) throw std::runtime_error("a connection was lost");
            answer.append(piece, static_cast<std::size_t>(n));
            head = answer.find("\r\n\r\n");
        }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    const double after = server.resident_kb();
    for (const int fd : open) close(fd);
    return (after - before) / idle_connections;
}

void idle_memory(const std::vector<const rival*>& servers)
{
    if (!bench::wanted(area, "idle10k")) return;
    constexpr auto request = "GET /1k.bin HTTP/1.1\r\nHost: localhost\r\n\r\n";
    std::vector<double> kb;
    for (const rival* s : servers) {
        kb.push_back(kb_of_an_idle_connection(*s, request, file_bytes));
        bench::print(area, s->name + "/idle10k", "memory", {kb.back()}, "KB/connection");
    }
    for (std::size_t s = 1; s < servers.size(); ++s) {
        bench::print_ratio(area, "idle10k", kb[0] / kb[s], servers[s]->name);
    }
    bench::print_ratio(area, "idle10k", kb[0] / idle_bar_kb, "12-KB", 1);
}

void idle_websockets(const rival& ferry)
{
    if (!bench::wanted(area, "idle10k-websocket")) return;
    constexpr auto request =
        "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    const double kb = kb_of_an_idle_connection(ferry, request, 0);
    bench::print(area, "ferry/idle10k-websocket", "memory", {kb}, "KB/connection");
}

}  // namespace

int main()
{
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    const auto directory =
        std::filesystem::temp_directory_path() / fmt::format("bench-{}", getpid());
    std::filesystem::create_directories(directory / "www");
    std::filesystem::permissions(
        directory, std::filesystem::perms::others_exec | std::filesystem::perms::others_read,
        std::filesystem::perm_options::add);
    std::ofstream(directory / "www/1k.bin") << std::string(file_bytes, 'x');
    {
        // ferry first: its process is a copy of this one as it is now.
        const auto ferry = start_ferry(directory / "www", free_port());
        // Memory that is given back is not always the system's at once: one server a measurement.
        const auto ferry_for_websockets = start_ferry(directory / "www", free_port());
        const auto nginx = start_nginx(directory, free_port());
        const auto aiohttp = start_aiohttp(directory / "www", free_port());
        pin_to_core(1);
        requests_a_second({ferry.get(), nginx.get(), aiohttp.get()});
        idle_memory({ferry.get(), nginx.get()});
        idle_websockets(*ferry_for_websockets);
    }
    std::filesystem::remove_all(directory);
}
