#include "ferry/http/detail/server_core.hpp"

#include "ferry/async/blocking.hpp"
#include "ferry/async/run.hpp"
#include "ferry/core/log.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/http/detail/request_access.hpp"
#include "ferry/http/error.hpp"

#include <algorithm>
#include <future>
#include <thread>
#include <utility>

namespace ferry::http::detail {
namespace {

std::string allowed_methods(const router::methods& methods)
{
    std::string list = "OPTIONS";
    for (const auto& [method, handler] : methods) {
        list += ", " + method;
        if (method == "GET" && !methods.contains("HEAD")) list += ", HEAD";
    }
    return list;
}

awaitable<response> ready(response r)
{
    co_return r;
}

// Waits for what other threads do, whatever comes of it. A loop that has ended has nothing to stop.
awaitable<void> wait_for_all(std::vector<std::future<void>> others)
{
    const auto shared = std::make_shared<std::vector<std::future<void>>>(std::move(others));
    const auto wait = [shared] {
        for (auto& one : *shared) {
            try {
                one.get();
            } catch (const std::exception&) {
            } catch (const cancelled&) {
            }
        }
    };
    co_await run_blocking(wait);
}

// The threads besides the one that serve_threads() was called on.
class crew {
public:
    void hire(std::shared_ptr<server_core> core, const net::endpoint& at)
    {
        threads_.emplace_back([this, core = std::move(core), at] { work(core, at); });
    }

    /// Those who serve end at once, and those who have not begun never do.
    void dismiss()
    {
        const std::lock_guard lock(mutex_);
        dismissed_ = true;
        for (const auto& l : serving_) l->owner().post([l] { l->cancel(); });
    }

    /// Blocks. The first failure, if there was one.
    std::exception_ptr join()
    {
        for (auto& t : threads_) t.join();
        threads_.clear();
        return failure_;
    }

private:
    void work(const std::shared_ptr<server_core>& core, const net::endpoint& at)
    {
        try {
            net::listener on(at, net::listen_options().reuse_port());
            run(serve(this, core, std::move(on)));
        } catch (const cancelled&) {  // by the thread that hired this one
        } catch (...) {
            const std::lock_guard lock(mutex_);
            const bool came_too_late = core->stopping();
            if (!failure_ && !came_too_late) failure_ = std::current_exception();
        }
    }

    // On the thread's own loop, which takes no turn until it listens: what is posted comes later.
    static awaitable<void> serve(crew* self, std::shared_ptr<server_core> core, net::listener on)
    {
        if (!self->begin(core->loop_here())) co_return;
        co_await server_core::serve(core, std::move(on));
    }

    bool begin(std::shared_ptr<server_loop> on)
    {
        const std::lock_guard lock(mutex_);
        if (!dismissed_) serving_.push_back(std::move(on));
        return !dismissed_;
    }

    std::vector<std::thread> threads_;
    std::mutex mutex_;
    std::exception_ptr failure_;
    std::vector<std::shared_ptr<server_loop>> serving_;
    bool dismissed_ = false;
};

}  // namespace

response problem_response(int status, std::string_view detail)
{
    value document =
        value::object("type", "about:blank", "title", reason_of(status), "status", status);
    if (!detail.empty()) document.insert("detail", detail);
    return response(status, body(ferry::json::dump(document), "application/problem+json"));
}

server_core::server_core(const server_limits& limits) : limits_(limits)
{
    last_ = [this](request& q) { return dispatch_safely(q); };
}

void server_core::add_route(std::string_view method, std::string_view pattern, request_handler h,
                            route_options with, chain around)
{
    routes_.add(method, pattern, handlers_.size());
    auto r = std::make_unique<route>();
    r->handler = std::move(h);
    r->with = with;
    r->around = std::move(around);
    r->last = [this, self = r.get()](request& q) { return call(*self, q); };
    handlers_.push_back(std::move(r));
}

awaitable<response> server_core::respond(request& q)
{
    if (around_all_.empty()) return dispatch_safely(q);
    const auto guarded = [](server_core* self, request* asked) -> awaitable<response> {
        try {
            request_access::parse_target(*asked);
        } catch (const problem&) {
            // dispatch() will find out again; middleware sees a request without a path.
        }
        try {
            co_return co_await next_handler(self->around_all_, self->last_)(*asked);
        } catch (const problem& e) {
            co_return problem_response(e.status(), e.what());
        } catch (const std::exception& e) {
            log::error("a middleware failed", "method", asked->method, "path", asked->path(),
                       "failure", e.what());
        }
        co_return problem_response(status::internal_server_error, {});
    };
    return guarded(this, &q);
}

awaitable<response> server_core::dispatch_safely(request& q)
{
    int status = status::internal_server_error;
    std::string detail;
    try {
        auto dispatched = dispatch(q);
        co_return co_await std::move(dispatched);
    } catch (const problem& e) {
        status = e.status();
        detail = e.what();
    } catch (const std::exception& e) {
        log::error("a handler failed", "method", q.method, "path", q.path(), "failure", e.what());
    }
    co_return problem_response(status, detail);
}

awaitable<response> server_core::dispatch(request& q)
{
    request_access::parse_target(q);
    if (q.target == "*" && q.method == "OPTIONS") {
        return ready(response(status::no_content).with("Allow", "OPTIONS, GET, HEAD"));
    }
    auto found = routes_.find(request_access::segments(q));
    if (!found) throw problem(status::not_found);
    const router::methods& methods = *found->methods;
    auto at = methods.find(q.method);
    if (at == methods.end() && q.method == "HEAD") at = methods.find("GET");
    if (at == methods.end()) {
        const std::string allowed = allowed_methods(methods);
        if (q.method == "OPTIONS") {
            return ready(response(status::no_content).with("Allow", allowed));
        }
        return ready(problem_response(status::method_not_allowed, {}).with("Allow", allowed));
    }
    request_access::set_parameters(q, std::move(found->parameters));
    const route& r = *handlers_[at->second];
    if (r.around) return next_handler(*r.around, r.last)(q);
    return call(r, q);
}

awaitable<response> server_core::call(const route& r, request& q)
{
    if (request_body* const unread = request_access::body(q)) {
        unread->limit_to(r.with.body_bytes(limits_.body_bytes()));
        if (!r.with.stream_body()) {
            const auto read_first = [](const route* to, request* asked) -> awaitable<response> {
                asked->content = co_await request_access::body(*asked)->read_all();
                request_access::forget_body(*asked);
                auto handled = to->handler(*asked);
                co_return co_await std::move(handled);
            };
            return read_first(&r, &q);
        }
    }
    return r.handler(q);
}

std::shared_ptr<server_loop> server_core::loop_here()
{
    const std::lock_guard lock(mutex_);
    const loop here = loop::current();
    const auto at = std::ranges::find_if(loops_, [&](const auto& l) { return l->owner() == here; });
    if (at != loops_.end()) return *at;
    loops_.push_back(std::make_shared<server_loop>());
    return loops_.back();
}

awaitable<void> server_core::serve_one(std::shared_ptr<server_core> self, net::stream on)
{
    const connection_place counted = self->take_place();
    auto served = server_loop::serve_one(self->loop_here(), self, std::move(on));
    co_await std::move(served);
}

awaitable<void> server_core::serve(std::shared_ptr<server_core> self, net::listener on)
{
    // Known to stop() before it is asked whether that was called, so that one of the two notices.
    const auto here = self->loop_here();
    if (self->stopping_) throw error(ferry::errc::invalid_state, "the server was stopped");
    self->port_ = on.port();
    auto served = server_loop::serve(here, self, std::move(on));
    co_await std::move(served);
}

awaitable<void> server_core::serve_threads(std::shared_ptr<server_core> self, std::size_t threads,
                                           net::endpoint at)
{
    net::listener first(at, net::listen_options().reuse_port());
    const net::endpoint bound = first.local_endpoint();
    const auto others = std::make_shared<crew>();
    for (std::size_t i = 1; i < threads; ++i) others->hire(self, bound);
    std::exception_ptr end;
    try {
        co_await serve(self, std::move(first));
    } catch (...) {
        end = std::current_exception();
    }
    if (end) {  // not stop(): nobody else ends the others
        others->dismiss();
        others->join();  // cancelled, this coroutine cannot wait any more
        std::rethrow_exception(end);
    }
    const auto join = [others] { return others->join(); };
    const std::exception_ptr failed = co_await run_blocking(join);
    if (failed) std::rethrow_exception(failed);
}

awaitable<void> server_core::stop(std::shared_ptr<server_core> self,
                                  std::chrono::milliseconds grace)
{
    self->stopping_ = true;
    const auto here = self->loop_here();
    std::vector<std::shared_ptr<server_loop>> loops;
    {
        const std::lock_guard lock(self->mutex_);
        loops = self->loops_;
    }
    std::vector<std::future<void>> others;
    for (const auto& l : loops) {
        if (l != here) others.push_back(l->owner().submit(server_loop::stop(l, grace)));
    }
    co_await server_loop::stop(here, grace);
    if (!others.empty()) co_await wait_for_all(std::move(others));
}

}  // namespace ferry::http::detail
