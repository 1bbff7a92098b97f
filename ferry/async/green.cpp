#include "ferry/async/green.hpp"

#include "ferry/async/detail/fiber.hpp"
#include "ferry/async/detail/loop_core.hpp"

#include <cxxabi.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#define FERRY_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FERRY_ASAN 1
#endif
#endif
#ifdef FERRY_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

namespace ferry::green::detail {
namespace {

std::size_t page_bytes() noexcept
{
    static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return size;
}

struct pooled_allocator {
    boost::context::stack_context allocate() { return stack_pool::current().take(); }
    void deallocate(boost::context::stack_context& stack) noexcept
    {
        stack_pool::current().give_back(stack);
    }
};

void start_switch(void** keep, const void* bottom, std::size_t size) noexcept
{
#ifdef FERRY_ASAN
    __sanitizer_start_switch_fiber(keep, bottom, size);
#else
    static_cast<void>(keep), static_cast<void>(bottom), static_cast<void>(size);
#endif
}

void finish_switch(void* kept, const void** bottom, std::size_t* size) noexcept
{
#ifdef FERRY_ASAN
    __sanitizer_finish_switch_fiber(kept, bottom, size);
#else
    static_cast<void>(kept), static_cast<void>(bottom), static_cast<void>(size);
#endif
}

}  // namespace

stack_pool::~stack_pool()
{
    for (void* const base : unused_) ::munmap(base, stack_bytes + page_bytes());
}

stack_pool& stack_pool::current()
{
    thread_local stack_pool own;
    return own;
}

boost::context::stack_context stack_pool::take()
{
    void* base = nullptr;
    if (!unused_.empty()) {
        base = unused_.back();
        unused_.pop_back();
    } else {
        base = ::mmap(nullptr, stack_bytes + page_bytes(), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
        if (base == MAP_FAILED) throw system_failure(errno, "make the stack of a green thread");
        ::mprotect(base, page_bytes(), PROT_NONE);
    }
    boost::context::stack_context stack;
    stack.size = stack_bytes;
    stack.sp = static_cast<char*>(base) + page_bytes() + stack_bytes;
    return stack;
}

void stack_pool::give_back(const boost::context::stack_context& stack) noexcept
{
    void* const base = static_cast<char*>(stack.sp) - stack_bytes - page_bytes();
    if (unused_.size() < most_kept) {
        unused_.push_back(base);
    } else {
        ::munmap(base, stack_bytes + page_bytes());
    }
}

fiber::fiber(std::unique_ptr<ferry::detail::job> body)
    : body_{std::move(body)}, stack_{stack_pool::current().take()}
{
    const boost::context::preallocated where(stack_.sp, stack_.size, stack_);
    function_ = boost::context::fiber(std::allocator_arg, where, pooled_allocator{},
                                      [this](boost::context::fiber&& driver) {
                                          finish_switch(nullptr, &driver_bottom_, &driver_size_);
                                          driver_ = std::move(driver);
                                          try {
                                              (*body_)();
                                          } catch (const boost::context::detail::forced_unwind&) {
                                              throw;
                                          } catch (...) {
                                              failure = std::current_exception();
                                          }
                                          ended_ = true;
                                          start_switch(nullptr, driver_bottom_, driver_size_);
                                          return std::move(driver_);
                                      });
}

fiber::~fiber()
{
    if (ended_ || !function_) return;
    // The coroutine is destroyed while the function waits: it ends by an exception at that point.
    unwinding_ = true;
    failure = std::make_exception_ptr(cancelled());
    while (!ended_) resume();
}

fiber*& fiber::running() noexcept
{
    thread_local fiber* current = nullptr;
    return current;
}

/// Exchanges what the C++ runtime keeps for the stack that runs: exceptions that are being handled
/// belong to it, not to the thread.
class fiber::switching {
public:
    explicit switching(fiber& f) noexcept : fiber_{f}, before_{std::exchange(running(), &f)}
    {
        exchange();
    }
    ~switching()
    {
        exchange();
        running() = before_;
    }
    switching(const switching&) = delete;
    switching& operator=(const switching&) = delete;

private:
    void exchange() noexcept
    {
        exception_globals now;
        auto* const globals = reinterpret_cast<char*>(__cxxabiv1::__cxa_get_globals());
        std::memcpy(&now.caught, globals, sizeof now.caught);
        std::memcpy(&now.uncaught, globals + sizeof now.caught, sizeof now.uncaught);
        std::memcpy(globals, &fiber_.globals_.caught, sizeof now.caught);
        std::memcpy(globals + sizeof now.caught, &fiber_.globals_.uncaught, sizeof now.uncaught);
        fiber_.globals_ = now;
    }

    fiber& fiber_;
    fiber* before_;
};

void fiber::resume()
{
    const switching here(*this);
    start_switch(&driver_fake_stack_, static_cast<char*>(stack_.sp) - stack_.size, stack_.size);
    function_ = std::move(function_).resume();
    finish_switch(driver_fake_stack_, nullptr, nullptr);
}

void fiber::wait(awaitable<void> operation)
{
    if (unwinding_) throw cancelled();
    wanted = std::move(operation);
    start_switch(&fake_stack_, driver_bottom_, driver_size_);
    driver_ = std::move(driver_).resume();
    finish_switch(fake_stack_, &driver_bottom_, &driver_size_);
    if (failure) std::rethrow_exception(std::exchange(failure, nullptr));
}

awaitable<void> run_on_stack(std::unique_ptr<ferry::detail::job> body)
{
    fiber f(std::move(body));
    for (;;) {
        f.resume();
        if (f.ended()) break;
        try {
            co_await std::move(f.wanted);
        } catch (...) {
            f.failure = std::current_exception();
        }
    }
    if (f.failure) std::rethrow_exception(f.failure);
}

void wait(awaitable<void> operation)
{
    fiber* const me = fiber::running();
    if (me == nullptr) {
        throw error(errc::invalid_state,
                    "green::wait: the caller is no green thread; use co_await or run()");
    }
    me->wait(std::move(operation));
}

void wait_or_run(awaitable<void> operation)
{
    if (in_green_thread()) {
        wait(std::move(operation));
    } else {
        ferry::run(std::move(operation));
    }
}

}  // namespace ferry::green::detail

bool ferry::green::in_green_thread() noexcept
{
    return detail::fiber::running() != nullptr;
}
