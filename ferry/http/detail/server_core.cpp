#include "ferry/http/detail/server_core.hpp"

#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/http/detail/request_access.hpp"
#include "ferry/http/detail/server_connection.hpp"
#include "ferry/http/error.hpp"
#include "ferry/net/tls.hpp"

#include <fmt/format.h>

#include <utility>

namespace ferry::http::detail {
namespace {

using namespace std::chrono_literals;

constexpr auto handshake_time = 10s;

// Stands for its object in a set while it lives.
template <class T>
class registration {
public:
    registration(std::set<T*>& in, T& what) : in_(in), what_(&what) { in_.insert(what_); }
    ~registration() { in_.erase(what_); }
    registration(const registration&) = delete;
    registration& operator=(const registration&) = delete;

private:
    std::set<T*>& in_;
    T* what_;
};

std::string allowed_methods(const router::methods& methods)
{
    std::string list = "OPTIONS";
    for (const auto& [method, handler] : methods) {
        list += ", " + method;
        if (method == "GET" && !methods.contains("HEAD")) list += ", HEAD";
    }
    return list;
}

awaitable<void> handle(std::shared_ptr<server_core> core, net::stream peer,
                       std::shared_ptr<const net::endpoint> at, semaphore::guard place)
{
    try {
        if (at->tls() != nullptr) {
            auto secured = net::accept_tls(std::move(peer), *at->tls());
            peer = co_await ferry::timeout(handshake_time, std::move(secured), "TLS handshake");
        }
        co_await server_core::serve_one(core, std::move(peer));
    } catch (const std::exception& e) {
        log::info("an HTTP connection failed", "failure", e.what());
    }
    place.release();
}

}  // namespace

response problem_response(int status, std::string_view detail)
{
    value document =
        value::object("type", "about:blank", "title", reason_of(status), "status", status);
    if (!detail.empty()) document.insert("detail", detail);
    return response(status, body(ferry::json::dump(document), "application/problem+json"));
}

void server_core::route(std::string_view method, std::string_view pattern, server::handler h)
{
    routes_.add(method, pattern, handlers_.size());
    handlers_.push_back(std::move(h));
}

awaitable<response> server_core::respond(request& q)
{
    int status = status::internal_server_error;
    std::string detail;
    try {
        co_return co_await dispatch(q);
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
    const auto segments = request_access::parse_target(q);
    if (q.target == "*" && q.method == "OPTIONS") {
        co_return response(status::no_content).with("Allow", "OPTIONS, GET, HEAD");
    }
    auto found = routes_.find(segments);
    if (!found) throw problem(status::not_found);
    const router::methods& methods = *found->methods;
    auto at = methods.find(q.method);
    if (at == methods.end() && q.method == "HEAD") at = methods.find("GET");
    if (at == methods.end()) {
        const std::string allowed = allowed_methods(methods);
        if (q.method == "OPTIONS") {
            co_return response(status::no_content).with("Allow", allowed);
        }
        co_return problem_response(status::method_not_allowed, {}).with("Allow", allowed);
    }
    request_access::set_parameters(q, std::move(found->parameters));
    auto handled = handlers_[at->second](q);
    co_return co_await std::move(handled);
}

awaitable<void> server_core::serve_one(std::shared_ptr<server_core> self, net::stream on)
{
    server_connection connection(*self, std::move(on));
    const registration registered(self->connections_, connection);
    co_await connection.run();
}

awaitable<void> server_core::serve(std::shared_ptr<server_core> self, net::listener on)
{
    if (self->stopping_) throw error(ferry::errc::invalid_state, "the server was stopped");
    const auto at = std::make_shared<const net::endpoint>(on.local_endpoint());
    semaphore room(self->limits_.connections());
    task_group group;
    const registration listening(self->listeners_, on);
    const registration running(self->groups_, group);
    ++self->serving_;
    self->idle_.clear();
    std::exception_ptr end;
    try {
        for (;;) {
            auto place = co_await room.acquire();
            net::stream peer = co_await on.accept();
            auto connection = handle(self, std::move(peer), at, std::move(place));
            group.spawn(std::move(connection));
        }
    } catch (...) {
        end = std::current_exception();
    }
    on.close();
    if (!self->stopping_) group.cancel();
    std::exception_ptr failed;
    try {
        co_await group.join();
    } catch (...) {
        failed = std::current_exception();
    }
    if (--self->serving_ == 0) self->idle_.set();
    if (failed) std::rethrow_exception(failed);
    if (!self->stopping_) std::rethrow_exception(end);
}

awaitable<void> server_core::stop(std::shared_ptr<server_core> self,
                                  std::chrono::milliseconds grace)
{
    self->stopping_ = true;
    for (net::listener* l : self->listeners_) l->close();
    for (server_connection* c : self->connections_) c->stop();
    if (self->serving_ == 0) co_return;
    bool late = false;
    try {
        co_await ferry::timeout(grace, self->idle_.wait(), "the last responses");
    } catch (const timeout_error&) {
        late = true;
    }
    if (!late) co_return;
    for (task_group* g : self->groups_) g->cancel();
    co_await self->idle_.wait();
}

}  // namespace ferry::http::detail
