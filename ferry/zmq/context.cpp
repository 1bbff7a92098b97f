#include "ferry/zmq/context.hpp"

#include "ferry/async/loop.hpp"
#include "ferry/async/waiter.hpp"
#include "ferry/core/error.hpp"
#include "ferry/core/log.hpp"
#include "ferry/zmq/detail/context_core.hpp"
#include "ferry/zmq/detail/failure.hpp"
#include "ferry/zmq/detail/socket_core.hpp"
#include "ferry/zmq/error.hpp"

#include <pthread.h>
#include <zmq.h>

#include <algorithm>
#include <condition_variable>
#include <thread>
#include <utility>

namespace ferry::zmq {
namespace detail {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 5s;

}  // namespace

constinit std::atomic<int> fork_count = 0;

std::uint64_t take_place()
{
    static constinit std::atomic<std::uint64_t> taken = 0;
    const auto forked = [] {
        fork_count.fetch_add(1);
        if (place() != 0) place() = ++taken;
    };
    static const int failure = pthread_atfork(nullptr, nullptr, forked);
    if (failure != 0) throw_failure(failure, "prepare for a fork");
    if (place() == 0) place() = ++taken;
    return place();
}

class ending {
public:
    explicit ending(void* context)
        : thread_{[this, context] {
              while (zmq_ctx_term(context) != 0 && zmq_errno() == EINTR) continue;
              finish();
          }}
    {
    }
    ending(const ending&) = delete;
    ending& operator=(const ending&) = delete;
    ~ending() { thread_.join(); }

    bool done() const
    {
        const std::lock_guard lock{gate_};
        return done_;
    }

    /// Waits, at most so long. \return whether it is over.
    bool wait(std::chrono::milliseconds limit)
    {
        std::unique_lock lock{gate_};
        return changed_.wait_for(lock, limit, [this] { return done_; });
    }

    /// Has `f` called, on the ending's thread or at once, when it is over.
    void then(std::function<void()> f)
    {
        {
            const std::lock_guard lock{gate_};
            if (!done_) return callbacks_.push_back(std::move(f));
        }
        f();
    }

private:
    void finish()
    {
        std::vector<std::function<void()>> calls;
        {
            const std::lock_guard lock{gate_};
            done_ = true;
            calls.swap(callbacks_);
        }
        for (const auto& f : calls) f();
        changed_.notify_all();
    }

    mutable std::mutex gate_;
    std::condition_variable changed_;
    bool done_ = false;
    std::vector<std::function<void()>> callbacks_;
    std::thread thread_;
};

namespace {

/// Keeps the endings of contexts, so that no destructor of a context waits, and sees to them at the
/// program's end.
class reaper {
public:
    static reaper& instance()
    {
        static reaper own;
        return own;
    }

    ~reaper()
    {
        if (forks() != forks_) {
            // The parent's threads do not exist here.
            static_cast<void>(new std::vector(std::move(endings_)));
            return;
        }
        for (const auto& e : endings_) {
            if (!e->wait(patience)) log::warning("a ZeroMQ context waits for what lingers");
        }
    }

    std::shared_ptr<ending> end(void* context)
    {
        auto added = std::make_shared<ending>(context);
        const std::lock_guard lock{gate_};
        std::erase_if(endings_, [](const auto& e) { return e->done(); });
        endings_.push_back(added);
        return added;
    }

private:
    reaper()
    {
        take_place();                                          // counts forks from now on
        static_cast<void>(log::enabled(log::level::warning));  // outlives what may log
    }

    int forks_ = forks();
    std::mutex gate_;
    std::vector<std::shared_ptr<ending>> endings_;
};

}  // namespace

context_core::context_core(int io_threads) : handle_{zmq_ctx_new()}
{
    if (handle_ == nullptr) throw_failure(last_failure(), "make a context");
    static_cast<void>(reaper::instance());
    if (zmq_ctx_set(handle_, ZMQ_IO_THREADS, io_threads) != 0) {
        zmq_ctx_term(handle_);
        throw error(errc::bad_option,
                    "context: io_threads cannot be " + std::to_string(io_threads));
    }
}

context_core::~context_core()
{
    if (owned_ && forks() == forks_) end();
}

void* context_core::handle() const
{
    if (forks() != forks_) {
        throw error(errc::forked, "context: it belongs to the parent of this process");
    }
    if (ending_begun_) {
        throw context_terminated(errc::terminated, "context: it was terminated");
    }
    return handle_;
}

void* context_core::open(int type, socket_core& owner)
{
    void* const made = zmq_socket(handle(), type);
    if (made == nullptr) throw_failure(last_failure(), "make a socket");
    const std::lock_guard lock{gate_};
    sockets_.push_back(&owner);
    return made;
}

void context_core::closed(socket_core& owner) noexcept
{
    const std::lock_guard lock{gate_};
    std::erase(sockets_, &owner);
}

std::shared_ptr<ending> context_core::end()
{
    ending_begun_ = true;
    const std::lock_guard lock{gate_};
    if (!ending_ && owned_) {
        zmq_ctx_shutdown(handle_);
        ending_ = reaper::instance().end(handle_);
    }
    return ending_;
}

void context_core::close(std::chrono::milliseconds linger)
{
    if (forks() != forks_) return;
    std::vector<std::weak_ptr<socket_core>> all;
    {
        const std::lock_guard lock{gate_};
        for (socket_core* const s : sockets_) all.push_back(s->weak_from_this());
    }
    for (const auto& weak : all) {
        const auto s = weak.lock();
        if (!s) continue;
        if (s->on_own_thread()) {
            s->close(linger);
        } else {
            s->owner().post([weak, linger] {
                if (const auto open = weak.lock()) open->close(linger);
            });
        }
    }
    end();
}

awaitable<void> context_core::terminate(std::shared_ptr<context_core> self)
{
    struct bell final : timer {
        explicit bell(context_core& c) : context{c} {}
        void expired() noexcept override
        {
            const std::string open = context.open_sockets();
            if (!open.empty()) log::warning("a ZeroMQ context waits for sockets", "open", open);
        }
        context_core& context;
    };
    const auto ends = self->end();
    if (!ends) co_return;
    auto me = std::make_shared<waiter>();
    const auto hold = loop::current().hold();
    ends->then([me, home = loop::current()] { home.post([me] { me->wake(); }); });
    bell warning(*self);
    warning.start_after(patience);
    co_await me->park();
}

std::string context_core::open_sockets() const
{
    const std::lock_guard lock{gate_};
    std::string all;
    for (const socket_core* const s : sockets_) {
        if (!all.empty()) all += ", ";
        all += s->description();
    }
    return all;
}

}  // namespace detail

context::context(int io_threads) : core_{std::make_shared<detail::context_core>(io_threads)} {}

context context::instance()
{
    static_cast<void>(detail::reaper::instance());
    static std::mutex gate;
    static std::shared_ptr<detail::context_core> own;
    const std::lock_guard lock{gate};
    if (!own || own->closed()) own = std::make_shared<detail::context_core>(1);
    return context(own);
}

context context::shadow(void* theirs)
{
    return context(std::make_shared<detail::context_core>(theirs));
}

void context::set(context_option what, int value)
{
    const int number =
        what == context_option::thread_priority ? ZMQ_THREAD_PRIORITY : static_cast<int>(what);
    if (zmq_ctx_set(core_->handle(), number, value) != 0) {
        throw error(errc::bad_option, "context: option " + std::to_string(number) +
                                          " does not take " + std::to_string(value));
    }
}

int context::get(context_option what) const
{
    const int value = zmq_ctx_get(core_->handle(), static_cast<int>(what));
    if (value < 0) {
        throw error(errc::bad_option, "context: option " + std::to_string(static_cast<int>(what)) +
                                          " cannot be read");
    }
    return value;
}

void context::close(std::chrono::milliseconds linger)
{
    core_->close(linger);
}

awaitable<void> context::terminate()
{
    return detail::context_core::terminate(core_);
}

bool context::closed() const noexcept
{
    return core_->closed();
}

void* context::handle() const
{
    return core_->handle();
}

bool has(std::string_view capability)
{
    return zmq_has(std::string{capability}.c_str()) != 0;
}

std::string_view version()
{
    static const std::string text = [] {
        int major = 0;
        int minor = 0;
        int patch = 0;
        zmq_version(&major, &minor, &patch);
        return std::to_string(major) + '.' + std::to_string(minor) + '.' + std::to_string(patch);
    }();
    return text;
}

}  // namespace ferry::zmq
