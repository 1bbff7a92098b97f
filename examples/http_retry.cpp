// A server that is busy half of the time, and a session that is patient but not endlessly so.
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/http/http.hpp"
#include "ferry/net/listener.hpp"

#include <cstdio>
#include <string>

using namespace ferry;
using namespace std::chrono_literals;

// [retry]
void say_why(const http::outgoing& q, const http::retry_event& e)
{
    std::printf("%s: attempt %d got %d %s\n", std::string(q.url().path()).c_str(), e.attempt,
                e.status, e.cause.c_str());
}

awaitable<void> be_patient(std::string base)
{
    http::session api(http::base_url(base), http::retry(3).backoff(10ms),
                      http::rate_limit().per_host(100, 1s, 10), http::breaker(5, 30s),
                      http::on_retry(say_why), http::timeout(2s).total(10s));

    const auto page = co_await api.get("/busy", http::min_rate(1000), http::hedge_after(1s));
    std::printf("in the end: %s\n", page.text().c_str());

    // A POST is sent again only with a key by which the server knows it.
    const auto paid = co_await api.post("/pay", http::json(5), http::idempotency_key());
    std::printf("paid: %d\n", paid.status);

    try {
        co_await api.get("http://127.0.0.1:1/");
    } catch (const error& e) {
        const http::failure_details* d = http::details_of(e);
        std::printf("gave up after %zu more attempts, in phase %s\n", d->before.size(),
                    std::string(name(d->phase)).c_str());
    }
}
// [retry]

int main()
{
    int asked = 0;
    http::server site;
    site.get("/busy", [&asked](http::request&) -> awaitable<http::response> {
        if (++asked < 3) co_return http::response(503).with("Retry-After", "0");
        co_return http::text("done");
    });
    site.post("/pay", [](http::request& q) -> awaitable<http::response> {
        co_return http::response(q.headers.contains("Idempotency-Key") ? 201 : 400);
    });
    net::listener on(net::tcp("127.0.0.1", 0));
    const std::string base = "http://127.0.0.1:" + std::to_string(on.port());
    auto serving = spawn(site.serve(std::move(on)));
    run(be_patient(base));
    run(site.stop());
    run(serving.join());
}
