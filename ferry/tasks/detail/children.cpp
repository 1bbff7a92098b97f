#include "ferry/tasks/detail/children.hpp"

#include "ferry/async/run.hpp"
#include "ferry/core/base64.hpp"
#include "ferry/core/bytes.hpp"
#include "ferry/core/log.hpp"
#include "ferry/formats/pickle.hpp"
#include "ferry/tasks/detail/wire_json.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <thread>
#include <utility>

namespace ferry::tasks::detail {
namespace {

using clock = std::chrono::steady_clock;

// ---- Frames: texts with their lengths in front ------------------------------------------------

constexpr std::size_t texts_in_frame = 4;
using frame = std::array<std::string, texts_in_frame>;

bool send_all(int to, const void* data, std::size_t size) noexcept
{
    const char* at = static_cast<const char*>(data);
    while (size > 0) {
        const ssize_t n = ::send(to, at, size, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        at += n;
        size -= static_cast<std::size_t>(n);
    }
    return true;
}

bool receive_all(int from, void* data, std::size_t size) noexcept
{
    char* at = static_cast<char*>(data);
    while (size > 0) {
        const ssize_t n = ::recv(from, at, size, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        at += n;
        size -= static_cast<std::size_t>(n);
    }
    return true;
}

bool send_frame(int to, const frame& f)
{
    std::array<std::uint64_t, texts_in_frame> sizes{};
    for (std::size_t i = 0; i < f.size(); ++i) sizes.at(i) = f.at(i).size();
    std::string head(sizeof sizes, '\0');
    std::memcpy(head.data(), sizes.data(), sizeof sizes);
    if (!send_all(to, head.data(), head.size())) return false;
    return std::ranges::all_of(
        f, [to](const std::string& text) { return send_all(to, text.data(), text.size()); });
}

std::optional<frame> receive_frame(int from)
{
    std::array<std::uint64_t, texts_in_frame> sizes{};
    if (!receive_all(from, sizes.data(), sizeof sizes)) return std::nullopt;
    frame f;
    for (std::size_t i = 0; i < f.size(); ++i) {
        f.at(i).resize(sizes.at(i));
        if (!receive_all(from, f.at(i).data(), f.at(i).size())) return std::nullopt;
    }
    return f;
}

/// Between two tasks a process says nothing, unless it dies.
bool has_ended(int socket) noexcept
{
    pollfd told{socket, POLLIN, 0};
    return ::poll(&told, 1, 0) > 0;
}

// Of a frame that tells what to do: the queue, head and body of the message, and these.
constexpr char is_watched = 'w';
constexpr char may_have_bytes = 'b';

// ---- What a process tells of a task that ended ------------------------------------------------

/// \param keeps_json  else what the task returned goes as a pickle of its own.
frame frame_of(performed p, bool keeps_json)
{
    frame told;
    if (p.leaves.result && !keeps_json) {
        told[1] = as_text(pickle::dump(std::exchange(p.leaves.result->result, value())));
    }
    value publish = value::array();
    for (const outgoing& o : p.leaves.publish) {
        publish.push_back(value::object("queue", o.queue, "exchange", o.content.exchange,
                                        "exchange_type", o.content.exchange_type, "head",
                                        head_to_text(o.content), "body",
                                        base64::encode(o.content.body)));
    }
    value result;
    value reply_to;
    if (p.leaves.result) {
        result = to_json(*p.leaves.result);
        reply_to = p.leaves.result->reply_to;
    }
    told[0] = dump_wire(value::object("state", p.state, "repr", p.repr, "traceback", p.traceback,
                                      "verdict", static_cast<int>(p.leaves.verdict), "publish",
                                      std::move(publish), "result", std::move(result), "reply_to",
                                      std::move(reply_to)));
    return told;
}

performed performed_from(const frame& told)
{
    const value all = parse_wire(told[0]);
    performed p;
    p.state = all["state"].as<std::string>();
    p.repr = all["repr"].as<std::string>();
    p.traceback = all["traceback"].as<std::string>();
    p.followed = true;
    p.leaves.verdict = static_cast<verdict>(all["verdict"].as<int>());
    for (const value& o : all["publish"]) {
        std::string body{as_text(base64::decode(o["body"].as<std::string>()))};
        envelope e = envelope_from_text(o["head"].as<std::string>(), std::move(body));
        e.exchange = o["exchange"].as<std::string>();
        e.exchange_type = o["exchange_type"].as<std::string>();
        p.leaves.publish.emplace_back(o["queue"].as<std::string>(), std::move(e));
    }
    if (all["result"].is_string()) {
        p.leaves.result = result_from_json(all["result"].as<std::string>());
        p.leaves.result->reply_to = all["reply_to"].as<std::string>();
        if (!told[1].empty()) {
            p.leaves.result->result =
                pickle::load(as_bytes(told[1]), pickle::load_options().lone_surrogates());
        }
    }
    return p;
}

// ---- The process of a child -------------------------------------------------------------------

/// The store of a process's own, opened when a task first wants it.
class late_results final : public result_store {
public:
    late_results(std::shared_ptr<app_core> of, bool keeps_json)
        : app_{std::move(of)}, keeps_json_{keeps_json}
    {
    }
    awaitable<void> store(result_document d) override
    {
        return app_->results()->store(std::move(d));
    }
    awaitable<result_document> find(std::string id) override
    {
        return app_->results()->find(std::move(id));
    }
    awaitable<result_document> wait(std::string id) override
    {
        return app_->results()->wait(std::move(id));
    }
    awaitable<void> forget(std::string id) override
    {
        return app_->results()->forget(std::move(id));
    }
    awaitable<void> begin_chord(std::string group, std::int64_t size, value header) override
    {
        return app_->results()->begin_chord(std::move(group), size, std::move(header));
    }
    awaitable<void> add_part(std::string group) override
    {
        return app_->results()->add_part(std::move(group));
    }
    awaitable<std::vector<chord_part>> end_part(std::string group, chord_part part) override
    {
        return app_->results()->end_part(std::move(group), std::move(part));
    }
    bool counts_chords() const override { return app_->results()->counts_chords(); }
    bool keeps_json() const override { return keeps_json_; }

private:
    std::shared_ptr<app_core> app_;
    bool keeps_json_;
};

frame run_one(const std::shared_ptr<app_core>& app, frame f)
{
    const auto what =
        std::make_shared<request>(decode(envelope_from_text(f[1], std::move(f[2])), app->accept()),
                                  std::move(f[0]), 0, false);
    what->task = app->find_any(what->call.task);
    if (what->task && what->task->settings.ignore_result) what->call.ignore_result = true;
    what->hard_limit_elsewhere = true;
    static const std::atomic<bool> wanted = true;
    if (f[3].find(is_watched) != std::string::npos) what->watchers = &wanted;
    const bool keeps_json = f[3].find(may_have_bytes) == std::string::npos;
    performed p = what->task
                      ? run(perform(app, std::make_shared<late_results>(app, keeps_json), what))
                      : unknown_task(*what);
    try {
        return frame_of(std::move(p), keeps_json);
    } catch (const error&) {
        return frame_of(failed_because(*what, std::current_exception()), keeps_json);
    }
}

void serve_parent(const std::shared_ptr<app_core>& app, int socket)
{
    app->forget_connections();
    while (auto f = receive_frame(socket)) {
        if (!send_frame(socket, run_one(app, std::move(*f)))) break;
    }
}

void set_signals(bool is_server)
{
    for (const int s : {SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD}) std::signal(s, SIG_DFL);
    // A terminal's keys are the worker's concern.
    std::signal(SIGINT, SIG_IGN);
    std::signal(SIGQUIT, SIG_IGN);
    // A child may be told to end before it comes to this: the signal waits for it, as the server
    // blocks it and does not ignore it.
    sigset_t blocked;
    ::sigemptyset(&blocked);
    if (is_server) {
        for (const int s : {SIGTERM, SIGHUP, SIGUSR1, SIGUSR2}) ::sigaddset(&blocked, s);
    }
    ::sigprocmask(SIG_SETMASK, &blocked, nullptr);
}

[[noreturn]] void be_child(const std::shared_ptr<app_core>& app, int socket, pid_t parent)
{
    set_signals(false);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) std::_Exit(0);
    // A fresh thread has a loop of its own; this one's is a copy of the worker's.
    std::thread serving{[&] { serve_parent(app, socket); }};
    serving.join();
    std::_Exit(0);
}

// ---- The process of the nursery ---------------------------------------------------------------

struct order {
    char verb = 's';
    pid_t pid = 0;
};

bool send_order(int to, const order& o, int socket)
{
    iovec data{const_cast<order*>(&o), sizeof o};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> space{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    if (socket >= 0) {
        message.msg_control = space.data();
        message.msg_controllen = space.size();
        cmsghdr* const head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(head), &socket, sizeof socket);
    }
    return ::sendmsg(to, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof o);
}

bool receive_order(int from, order& o, int& socket)
{
    socket = -1;
    iovec data{&o, sizeof o};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> space{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = space.data();
    message.msg_controllen = space.size();
    ssize_t n = -1;
    do {
        n = ::recvmsg(from, &message, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    if (n != static_cast<ssize_t>(sizeof o)) return false;
    if (cmsghdr* const head = CMSG_FIRSTHDR(&message);
        head != nullptr && head->cmsg_type == SCM_RIGHTS) {
        std::memcpy(&socket, CMSG_DATA(head), sizeof socket);
    }
    return true;
}

int wait_for(pid_t pid)
{
    int status = 0;
    for (int i = 0; i < 100; ++i) {
        const pid_t ended = ::waitpid(pid, &status, WNOHANG);
        if (ended == pid) return status;
        if (ended < 0 && errno != EINTR) return 0;
        ::usleep(2000);
    }
    ::kill(pid, SIGKILL);
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

[[noreturn]] void be_nursery(const std::shared_ptr<app_core>& app, int control, pid_t parent)
{
    set_signals(true);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) std::_Exit(0);
    const pid_t me = ::getpid();
    order o;
    int socket = -1;
    while (receive_order(control, o, socket)) {
        int answer = 0;
        if (o.verb == 's') {
            answer = ::fork();
            if (answer == 0) {
                ::close(control);
                be_child(app, socket, me);
            }
            ::close(socket);
        } else {
            answer = wait_for(o.pid);
        }
        if (!send_all(control, &answer, sizeof answer)) break;
    }
    std::_Exit(0);
}

std::string how_it_ended(int status, std::uint64_t job_number)
{
    std::string text = "Worker exited prematurely: ";
    if (WIFSIGNALED(status)) {
        const int number = WTERMSIG(status);
        const char* name = ::sigabbrev_np(number);
        text += "signal " + std::to_string(number) + " (SIG" + (name != nullptr ? name : "?") + ")";
    } else {
        text += "exitcode " + std::to_string(WEXITSTATUS(status));
    }
    return text + " Job: " + std::to_string(job_number) + ".";
}

/// It is no more than what its parent has not yet looked at.
bool is_dead(pid_t pid)
{
    std::ifstream from{"/proc/" + std::to_string(pid) + "/stat"};
    std::string text;
    std::getline(from, text);
    const std::size_t name_end = text.rfind(") ");
    return name_end == std::string::npos || text[name_end + 2] == 'Z';
}

/// What a process has in memory; 0 if that cannot be known.
std::size_t resident_kib(pid_t pid)
{
    std::ifstream from{"/proc/" + std::to_string(pid) + "/statm"};
    std::size_t all = 0;
    std::size_t resident = 0;
    from >> all >> resident;
    return from ? resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) / 1024 : 0;
}

}  // namespace

nursery::nursery(std::shared_ptr<app_core> app)
{
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        throw system_failure(errno, "socketpair");
    }
    const pid_t me = ::getpid();
    auto held = app->hold();
    server_ = ::fork();
    if (server_ < 0) throw system_failure(errno, "fork");
    held.unlock();
    if (server_ == 0) {
        ::close(ends[0]);
        be_nursery(app, ends[1], me);
    }
    ::close(ends[1]);
    control_ = ends[0];
}

nursery::~nursery()
{
    ::close(control_);
    ::kill(server_, SIGKILL);
    while (::waitpid(server_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

nursery::born nursery::give_birth()
{
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        throw system_failure(errno, "socketpair");
    }
    const std::lock_guard lock{mutex_};
    int pid = -1;
    const bool told =
        send_order(control_, order{}, ends[1]) && receive_all(control_, &pid, sizeof pid);
    ::close(ends[1]);
    if (!told || pid <= 0) {
        ::close(ends[0]);
        throw error{ferry::errc::disconnected, "no process can be started for tasks"};
    }
    alive_.push_back(pid);
    return {pid, ends[0]};
}

int nursery::reap(pid_t pid)
{
    const std::lock_guard lock{mutex_};
    std::erase(alive_, pid);
    int status = 0;
    send_order(control_, order{'w', pid}, -1);
    receive_all(control_, &status, sizeof status);
    return status;
}

std::vector<pid_t> nursery::pids() const
{
    std::vector<pid_t> all;
    {
        const std::lock_guard lock{mutex_};
        all = alive_;
    }
    std::erase_if(all, is_dead);
    return all;
}

void child::renew() noexcept
{
    end();
    try {
        process_ = nursery_->give_birth();
    } catch (const error& e) {
        log::error("no new process for tasks yet", "reason", e.what());
    }
}

void child::end() noexcept
{
    if (process_.socket < 0) return;
    ::close(process_.socket);
    nursery_->reap(process_.pid);
    process_ = nursery::born{-1, -1};
    tasks_ = 0;
}

performed child::run(request& what, std::uint64_t job_number, bool keeps_json)
{
    if (process_.socket >= 0 && has_ended(process_.socket)) end();
    if (process_.socket < 0) process_ = nursery_->give_birth();
    const pid_t pid = process_.pid;
    what.process = pid;
    what.set_interrupt([pid](int signal) { ::kill(pid, signal); });
    frame f;
    f[0] = what.queue;
    f[1] = head_to_text(*what.content);
    f[2] = what.content->body;
    if (what.watched()) f[3] += is_watched;
    if (!keeps_json) f[3] += may_have_bytes;
    bool over = false;
    std::optional<frame> answer;
    if (send_frame(process_.socket, f)) {
        const auto limit = what.hard_limit();
        const auto end_at = clock::now() + std::chrono::duration_cast<clock::duration>(
                                               std::chrono::duration<double>(limit.value_or(0)));
        while (limit) {
            const auto left =
                std::chrono::ceil<std::chrono::milliseconds>(end_at - clock::now()).count();
            pollfd ready{process_.socket, POLLIN, 0};
            if (left > 0 &&
                ::poll(&ready, 1, static_cast<int>(std::min<std::int64_t>(left, 1'000'000))) == 0)
                continue;
            if (left > 0 && ready.revents == 0) continue;
            if (ready.revents == 0) {
                over = true;
                ::kill(pid, SIGKILL);
            }
            break;
        }
        answer = receive_frame(process_.socket);
    }
    what.set_interrupt(nullptr);
    if (answer) {
        if (++tasks_ == max_tasks_ || (max_kib_ > 0 && resident_kib(pid) > max_kib_)) renew();
        performed p = performed_from(*answer);
        // Somebody may have begun to watch in the meantime.
        if (p.repr.empty() && p.state == state::success && what.watched() && p.leaves.result) {
            p.repr = saferepr(p.leaves.result->result);
        }
        return p;
    }
    ::close(process_.socket);
    process_ = nursery::born{-1, -1};
    tasks_ = 0;
    const int status = nursery_->reap(pid);
    renew();
    if (over) return limit_exceeded(what);
    if (what.terminated_by() != 0) return terminated(what);
    log::error("a process that ran a task has died", "pid", pid, "task", what.call.task, "id",
               what.call.id);
    return worker_lost(what, how_it_ended(status, job_number));
}

}  // namespace ferry::tasks::detail
