// How a program serves tasks until a signal ends it.
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/core/log.hpp"
#include "ferry/tasks/command.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;

constexpr auto patience_with_functions = 3s;

/// Blocks the signals that end a worker for the calling thread and those that it starts, and tells
/// the worker when one arrives.
class signal_watch {
public:
    explicit signal_watch(worker& of) : worker_{of}
    {
        sigset_t set;
        ::sigemptyset(&set);
        for (const int s : {SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGUSR1}) ::sigaddset(&set, s);
        const char* const remapped = std::getenv("REMAP_SIGTERM");
        term_is_cold_ = remapped != nullptr && std::string_view{remapped} == "SIGQUIT";
        ::pthread_sigmask(SIG_BLOCK, &set, &before_);
        signals_ = ::signalfd(-1, &set, SFD_CLOEXEC);
        end_ = ::eventfd(0, EFD_CLOEXEC);
        if (signals_ < 0 || end_ < 0) throw system_failure(errno, "signalfd");
        thread_ = std::thread{[this] { watch(); }};
    }
    signal_watch(const signal_watch&) = delete;
    signal_watch& operator=(const signal_watch&) = delete;

    /// Whether the worker shall begin anew after its end.
    bool restart_asked() const noexcept { return restart_; }

    ~signal_watch()
    {
        ::eventfd_write(end_, 1);
        thread_.join();
        ::close(signals_);
        ::close(end_);
        ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }

private:
    void watch()
    {
        int limit = -1;
        int count = 0;
        while (true) {
            std::array<pollfd, 2> ready = {pollfd{signals_, POLLIN, 0}, pollfd{end_, POLLIN, 0}};
            if (::poll(ready.data(), ready.size(), limit) == 0) {
                // The kernel lets go of this process's locks, and other workers take its tasks.
                log::error("worker left with tasks running");
                std::_Exit(1);
            }
            if (ready[1].revents != 0) return;
            signalfd_siginfo signal{};
            if (::read(signals_, &signal, sizeof signal) != sizeof signal) continue;
            if (signal.ssi_signo == SIGUSR1) {
                log::info("worker lives", "ended", worker_.ended());
                continue;
            }
            restart_ = signal.ssi_signo == SIGHUP;
            const bool cold =
                signal.ssi_signo == SIGQUIT || (signal.ssi_signo == SIGTERM && term_is_cold_);
            if (++count == 1 && !cold) {
                worker_.stop();
            } else {
                worker_.stop_now();
                limit = static_cast<int>(patience_with_functions / 1ms);
            }
        }
    }

    worker& worker_;
    bool term_is_cold_ = false;
    std::atomic<bool> restart_ = false;
    sigset_t before_{};
    int signals_ = -1;
    int end_ = -1;
    std::thread thread_;
};

/// The same program with the same arguments in the same process, as Celery does it on HUP. Returns
/// only if that fails.
void run_anew()
{
    std::vector<std::string> words;
    std::ifstream from{"/proc/self/cmdline", std::ios::binary};
    for (std::string word; std::getline(from, word, '\0');) words.push_back(word);
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execv("/proc/self/exe", arguments.data());
    log::error("worker cannot begin anew", "reason", std::strerror(errno));
}

/// One that fails takes the other with it: a worker that was to send calls, too, must not look
/// alive without that.
awaitable<void> run_beat(beat* sends, worker* beside)
{
    std::exception_ptr failure;
    try {
        auto running = sends->run();
        co_await std::move(running);
    } catch (const error& e) {
        log::error("beat has failed, and the worker ends", "reason", e.what());
        failure = std::current_exception();
    }
    beside->stop();
    if (failure) std::rethrow_exception(failure);
}

awaitable<void> run_both(worker* of, beat* sends)
{
    // The worker first: its processes are forked before there are connections.
    const auto serving = spawn(of->run());
    const auto beating = spawn(run_beat(sends, of));
    co_await serving.wait();
    sends->stop();
    co_await beating.wait();
    co_await serving.join();
    co_await beating.join();
}

}  // namespace

std::uint64_t serve(const app& of, worker_settings with, beat* beside)
{
    bool restart = false;
    std::uint64_t ended = 0;
    {
        worker w(of, std::move(with));
        const signal_watch watching{w};
        ferry::run(beside == nullptr ? w.run() : run_both(&w, beside));
        restart = watching.restart_asked();
        ended = w.ended();
    }
    if (restart) run_anew();
    return ended;
}

}  // namespace ferry::tasks
