// A log-in that outlives the program: the session's cookies are kept in a cookies.txt, which curl
// and Python read too; and a cache that asks only for what has changed.
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/http/http.hpp"
#include "ferry/net/listener.hpp"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>

using namespace ferry;
using namespace std::chrono_literals;

awaitable<http::response> log_in(http::request&)
{
    co_return http::response(http::text("welcome"))
        .with("Set-Cookie", "id=4711; Max-Age=86400; HttpOnly")
        .with("Cache-Control", "no-store");
}

awaitable<http::response> who(http::request& q)
{
    co_return http::response(http::text(std::string(q.headers.get("Cookie").value_or("nobody"))))
        .with("Cache-Control", "max-age=60")
        .with("Vary", "Cookie");
}

// [cookies]
awaitable<void> first_run(std::string base, std::string file)
{
    http::session api{http::base_url(base)};
    co_await api.get("/login");
    for (const http::cookie& c : api.cookies().all()) std::printf("cookie %s\n", c.name.c_str());
    api.cookies().save(file);
}

awaitable<void> second_run(std::string base, std::string file)
{
    http::session api(http::base_url(base), http::cache::memory());
    api.cookies().load(file);
    const auto r = co_await api.get("/who");
    const auto again = co_await api.get("/who");
    std::printf("%s, then %s\n", r.text().c_str(), again.from_cache() ? "from the cache" : "again");
}
// [cookies]

awaitable<void> be_both(std::string file)
{
    http::server site;
    site.get("/login", log_in);
    site.get("/who", who);
    net::listener on(net::tcp("127.0.0.1", 0));
    const std::string base = "http://127.0.0.1:" + std::to_string(on.port());
    auto serving = spawn(site.serve(std::move(on)));
    co_await first_run(base, file);
    co_await second_run(base, file);
    co_await site.stop(1s);
    co_await serving.join();
}

int main()
{
    const auto file = std::filesystem::temp_directory_path() / "ferry-example-cookies.txt";
    run(be_both(file));
    std::filesystem::remove(file);
}
