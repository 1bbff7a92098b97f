#include "ferry/core/error.hpp"
#include "ferry/zmq/detail/endpoint.hpp"
#include "ferry/zmq/detail/failure.hpp"
#include "ferry/zmq/proxy.hpp"

#include <zmq.h>

#include <atomic>
#include <future>
#include <thread>
#include <utility>

namespace ferry::zmq {
namespace {

std::pair<socket_type, socket_type> types_of(device_type type)
{
    switch (type) {
        case device_type::queue: return {router, dealer};
        case device_type::forwarder: return {xsub, xpub};
        case device_type::streamer: break;
    }
    return {pull, push};
}

std::atomic<unsigned> devices = 0;

}  // namespace

class thread_device::impl {
public:
    impl(device_type type, std::string front, std::string back, const context& of,
         std::optional<std::string> capture)
        : types_{types_of(type)},
          capture_{std::move(capture)},
          control_at_{"inproc://ferry.device." + std::to_string(++devices)},
          context_{of},
          control_{of, pair},
          frontend{std::move(front)},
          backend{std::move(back)}
    {
        control_.set(opt::linger, std::chrono::milliseconds{0});
        control_.bind(control_at_);
        std::promise<void> ready;
        auto is_ready = ready.get_future();
        thread_ = std::thread([this, p = std::move(ready)]() mutable { work(std::move(p)); });
        try {
            is_ready.get();
        } catch (...) {
            thread_.join();
            throw;
        }
    }
    impl(const impl&) = delete;
    impl& operator=(const impl&) = delete;

    ~impl()
    {
        try {
            static_cast<void>(control_.try_send("TERMINATE"));
        } catch (const error&) {
            // The context has ended, and the thread with it.
        }
        thread_.join();
    }

private:
    // Everything in here belongs to the device's own thread.
    void work(std::promise<void> ready)
    {
        try {
            socket front(context_, types_.first);
            socket back(context_, types_.second);
            socket orders(context_, pair);
            std::optional<socket> seen;
            for (socket* const s : {&front, &back, &orders}) {
                s->set(opt::linger, std::chrono::milliseconds{0});
            }
            frontend = front.bind(frontend);
            backend = back.bind(backend);
            if (capture_) seen.emplace(context_, pub).bind(*capture_);
            orders.connect(control_at_);
            void* const raw[] = {front.handle(), back.handle(), seen ? seen->handle() : nullptr,
                                 orders.handle()};
            ready.set_value();
            zmq_proxy_steerable(raw[0], raw[1], raw[2], raw[3]);
        } catch (...) {
            ready.set_exception(std::current_exception());
        }
    }

    std::pair<socket_type, socket_type> types_;
    std::optional<std::string> capture_;
    std::string control_at_;
    context context_;
    socket control_;
    std::thread thread_;

public:
    std::string frontend;
    std::string backend;
};

thread_device::thread_device(device_type type, std::string frontend, std::string backend,
                             const context& of, std::optional<std::string> capture)
    : impl_{std::make_unique<impl>(type, std::move(frontend), std::move(backend), of,
                                   std::move(capture))}
{
}

thread_device::~thread_device() = default;

const std::string& thread_device::frontend() const noexcept
{
    return impl_->frontend;
}

const std::string& thread_device::backend() const noexcept
{
    return impl_->backend;
}

}  // namespace ferry::zmq
