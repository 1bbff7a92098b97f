#include "ferry/async/loop.hpp"

#include "ferry/async/detail/doorbell.hpp"
#include "ferry/async/detail/loop_core.hpp"
#include "ferry/async/loop_access.hpp"
#include "ferry/core/error.hpp"
#include "ferry/core/log.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace ferry {
namespace detail {
namespace {

/// How many turns the tasks of an ending thread get to unwind after they were cancelled.
constexpr int last_turns = 1000;

struct mark {
    bool& flag;
    explicit mark(bool& f) noexcept : flag{f} { flag = true; }
    mark(const mark&) = delete;
    mark& operator=(const mark&) = delete;
    ~mark() { flag = false; }
};

struct owner {
    std::shared_ptr<loop_core> core = std::make_shared<loop_core>();
    ~owner() { core->shut_down(); }
};

}  // namespace

loop_core::loop_core() : bell_{doorbell::hang(*this)} {}
loop_core::~loop_core() = default;

loop_core& loop_core::current()
{
    thread_local owner own;
    return *own.core;
}

void loop_core::make_ready(ready_entry& entry) noexcept
{
    entry.next_ready = nullptr;
    if (last_ != nullptr) {
        last_->next_ready = &entry;
        last_ = &entry;
        return;
    }
    first_ = last_ = &entry;
    if (!draining_) boost::asio::post(context_, [this] { drain(); });
}

void loop_core::drain() noexcept
{
    // One batch a turn: what becomes ready meanwhile waits until input and timers had their turn.
    draining_ = true;
    ready_entry* entry = first_;
    first_ = last_ = nullptr;
    while (entry != nullptr) {
        ready_entry* const next = entry->next_ready;
        entry->turn(*entry);
        entry = next;
    }
    draining_ = false;
    if (first_ != nullptr) boost::asio::post(context_, [this] { drain(); });
}

void loop_core::run(activity& main, awaitable<void> operation)
{
    const mark running(running_);
    context_.restart();
    // Before the loop turns: a launch from within would cost a look at the sockets. Meanwhile there
    // is work, as there is within: a timer that is started and stopped must not end the loop.
    work_started();
    main.launch(std::move(operation));
    work_finished();
    if (!context_.stopped()) {
        context_.run();
        return;
    }
    // It ended without waiting; what else is ready has its turn all the same.
    context_.restart();
    context_.poll_one();
}

void loop_core::run()
{
    const mark running(running_);
    context_.restart();
    context_.run();
}

void loop_core::post(std::unique_ptr<job> work)
{
    bool first = false;
    {
        const std::lock_guard lock{gate_};
        if (closed_) return;
        first = nothing_posted();
        posted_.push_back(std::move(work));
        work_started();
    }
    if (!first) return;
    if (std::this_thread::get_id() != thread_) return bell_->ring();
    boost::asio::post(context_, [this] { in_turn([this] { take_posted(); }); });
}

void loop_core::let_go() noexcept
{
    if (std::this_thread::get_id() == thread_) return work_finished();
    bool first = false;
    {
        const std::lock_guard lock{gate_};
        if (closed_) return;
        first = nothing_posted();
        ++let_go_;
    }
    if (first) bell_->ring();
}

void loop_core::take_posted() noexcept
{
    auto all = std::exchange(spare_, {});
    std::size_t finished = 0;
    {
        const std::lock_guard lock{gate_};
        all.swap(posted_);
        finished = std::exchange(let_go_, 0);
    }
    for (auto& work : all) {
        try {
            (*work)();
        } catch (...) {
            report_failure(std::current_exception(), "a posted function");
        }
        work.reset();
        work_finished();
    }
    for (; finished > 0; --finished) work_finished();
    all.clear();
    spare_ = std::move(all);
}

void loop_core::shut_down() noexcept
{
    {
        const std::lock_guard lock{gate_};
        closed_ = true;
    }
    running_ = true;
    tasks.cancel_all();
    // What was posted is done too: it may hold the loop, which would then hold itself.
    take_posted();
    context_.restart();
    for (int i = 0; i < last_turns && context_.poll_one() != 0; ++i) continue;
    // What outlives the thread, such as a static session, must not look for its timers here.
    for (timer* const t : heap_) t->loop_ = nullptr;
    heap_.clear();
}

void report_failure(const std::exception_ptr& failure, const char* where) noexcept
{
    try {
        if (const auto& handler = loop_core::current().error_handler) {
            handler(failure, where);
        } else {
            log::error("nobody took a failure", "of", where, "failure", describe(failure));
        }
    } catch (...) {
        log::error("the error handler of a loop failed", "of", where);
    }
}

}  // namespace detail

const boost::asio::any_io_executor& loop_access::executor()
{
    return detail::loop_core::current().executor();
}

loop loop::current()
{
    return loop{detail::loop_core::current().shared_from_this()};
}

void loop::enqueue(std::unique_ptr<detail::job> work) const
{
    // What is posted may end the thread, and whoever holds this handle.
    const auto core = core_;
    core->post(std::move(work));
}

void loop::start(awaitable<void> operation) const
{
    struct submitted final : detail::activity {
        void finished(std::exception_ptr, bool) noexcept override
        {
            detail::loop_core::current().tasks.remove(*this);
            delete this;
        }
    };
    post([op = std::move(operation)]() mutable {
        auto* self = new submitted;
        detail::loop_core::current().tasks.add(*self);
        self->launch(std::move(op));
    });
}

void loop::on_error(std::function<void(const std::exception_ptr&, std::string_view where)> f) const
{
    core_->error_handler = std::move(f);
}

std::shared_ptr<void> loop::hold() const
{
    core_->work_started();
    return {core_.get(), [core = core_](void*) { core->let_go(); }};
}

}  // namespace ferry
