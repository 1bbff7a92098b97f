#include "ferry/async/blocking.hpp"

#include "ferry/async/detail/loop_core.hpp"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace ferry::detail {
namespace {

constexpr unsigned fewest_threads = 4;
constexpr unsigned most_threads = 32;

/// One call, shared by the thread that runs it and the coroutine that waits for it.
struct call {
    std::unique_ptr<job> work;
    std::exception_ptr failure;
    std::shared_ptr<loop_core> loop;
    waiter* waiting = nullptr;  ///< touched on the loop's thread only
};

class pool {
public:
    static pool& instance();

    ~pool()
    {
        {
            const std::lock_guard lock{mutex_};
            ending_ = true;
            calls_.clear();
        }
        changed_.notify_all();
        for (auto& t : threads_) t.join();
    }

    void add(std::shared_ptr<call> c)
    {
        const std::lock_guard lock{mutex_};
        calls_.push_back(std::move(c));
        if (idle_ < calls_.size() && threads_.size() < size_) {
            threads_.emplace_back([this] { work(); });
        }
        changed_.notify_one();
    }

private:
    void work()
    {
        std::unique_lock lock{mutex_};
        for (;;) {
            ++idle_;
            changed_.wait(lock, [this] { return ending_ || !calls_.empty(); });
            --idle_;
            if (calls_.empty()) return;
            std::shared_ptr<call> c = std::move(calls_.front());
            calls_.pop_front();
            lock.unlock();
            perform(std::move(c));
            lock.lock();
        }
    }

    static void perform(std::shared_ptr<call> c) noexcept
    {
        try {
            (*c->work)();
        } catch (...) {
            c->failure = std::current_exception();
        }
        c->work.reset();
        const std::shared_ptr<loop_core> loop = std::move(c->loop);
        auto tell = [c = std::move(c), at = loop.get()] {
            at->work_finished();
            if (c->waiting != nullptr) c->waiting->wake();
        };
        loop->post(std::make_unique<job_of<decltype(tell)>>(std::move(tell)));
    }

    const std::size_t size_ =
        std::clamp(2 * std::thread::hardware_concurrency(), fewest_threads, most_threads);
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::shared_ptr<call>> calls_;
    std::vector<std::thread> threads_;
    std::size_t idle_ = 0;
    bool ending_ = false;
};

std::atomic<bool> is_forked = false;

pool& pool::instance()
{
    struct owner {
        owner()
        {
            ::pthread_atfork(nullptr, nullptr, [] { is_forked = true; });
        }
        std::unique_ptr<pool> of = std::make_unique<pool>();
        std::mutex renewing;
    };
    static owner own;
    if (is_forked) {
        const std::lock_guard lock{own.renewing};
        if (is_forked) {
            // Its threads stayed in the parent, and one may have held its lock: neither can end.
            static_cast<void>(own.of.release());
            own.of = std::make_unique<pool>();
            is_forked = false;
        }
    }
    return *own.of;
}

}  // namespace

awaitable<void> run_in_pool(std::unique_ptr<job> work)
{
    waiter me;
    struct abandon {
        std::shared_ptr<call> c = std::make_shared<call>();
        ~abandon() { c->waiting = nullptr; }
    } shared;
    shared.c->work = std::move(work);
    shared.c->loop = loop_core::current().shared_from_this();
    shared.c->waiting = &me;
    shared.c->loop->work_started();
    pool::instance().add(shared.c);
    co_await me.park();
    if (shared.c->failure) std::rethrow_exception(shared.c->failure);
}

}  // namespace ferry::detail
