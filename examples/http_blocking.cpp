// A plain program: each request blocks until its answer is there. As Requests.
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/http/http.hpp"
#include "ferry/net/listener.hpp"

#include <cstdio>
#include <string>

using namespace ferry;
using namespace std::chrono_literals;

int main()
{
    http::server site;
    site.get("/user", [](http::request& q) -> awaitable<http::response> {
        co_return http::json(value::object("name", q.query("q").value_or("?"), "gists", 3));
    });
    net::listener on(net::tcp("127.0.0.1", 0));
    const std::string base = "http://127.0.0.1:" + std::to_string(on.port());
    auto serving = spawn(site.serve(std::move(on)));

    // [blocking]
    auto r = run(http::get(base + "/user", http::params("q", "café"), http::timeout(5s)));
    r.raise_for_status();
    std::printf("%s has %d gists\n", r.json()["name"].as<std::string>().c_str(),
                r.json()["gists"].as<int>());
    // [blocking]

    run(site.stop());
    run(serving.join());
}
