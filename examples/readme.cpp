// What the README shows, with a site and a worker of its own so that it runs anywhere.
#include "ferry/async/async.hpp"
#include "ferry/documents/html.hpp"
#include "ferry/http/http.hpp"
#include "ferry/net/listener.hpp"
#include "ferry/tasks/tasks.hpp"

#include <filesystem>
#include <iostream>

using namespace ferry;
using namespace std::chrono_literals;

void read_a_page(const std::string& site)
{
    auto page = run(http::get(site + "/buyers", http::params("q", "café"), http::timeout(5s)));
    page.raise_for_status();
    html::document buyers = html::parse(page.bytes());
    for (const auto& name : buyers.xpath("//div[@title='buyer-name']/text()").strings())
        std::cout << name << '\n';
}

awaitable<void> call_a_task(tasks::task<int(int, int)> add)
{
    auto result = co_await add.delay(2, 3);
    const int five = co_await result.get(10s);
    std::cout << "2 + 3 = " << five << '\n';
}

int main()
{
    http::server site;
    site.get("/buyers", [](http::request&) -> awaitable<http::response> {
        co_return http::body(std::string{"<div title=buyer-name>Carson Busses</div>"}, "text/html");
    });
    net::listener door(net::tcp("127.0.0.1", 0));
    const std::string address = "http://127.0.0.1:" + std::to_string(door.port());
    const auto serving = spawn(site.serve(std::move(door)));
    read_a_page(address);
    run(site.stop());

    const auto file = std::filesystem::temp_directory_path() / "ferry-readme.db";
    tasks::app app("shop", tasks::broker("sqlite://" + file.string()));
    auto add = app.task("shop.add", [](int x, int y) { return x + y; });
    tasks::worker worker(app, tasks::concurrency(2));
    const auto working = spawn(worker.run());
    run(call_a_task(add));
    worker.stop();
    run(working.join());
    std::filesystem::remove(file);
}
