// Bodies of every kind: a form with a file, a file alone, a compressed one, one that is made while
// it is sent; and a function that hears how far they have come.
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/http/http.hpp"
#include "ferry/net/listener.hpp"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

using namespace ferry;
using namespace std::chrono_literals;

// Says what came.
awaitable<http::response> say_what_came(http::request& q)
{
    co_return http::text(std::to_string(q.bytes().size()) + " bytes of " +
                         q.headers.content_type().essence());
}

// [upload]
awaitable<void> upload(std::string base, std::string report)
{
    http::session api{http::base_url(base)};
    const auto form = http::multipart(http::field("title", "March"), http::field("pages", 12),
                                      http::file("report", report).type("text/csv"));
    auto r = co_await api.post("/upload", form);
    std::printf("form: %s\n", r.text().c_str());

    const auto show = [](const http::transfer& t) {
        if (t.sent == t.sent_total && t.received == 0)
            std::printf("sent %zu bytes\n", std::size_t{t.sent});
    };
    const http::progress watched(show);
    r = co_await api.put("/upload", http::from_file(report), watched);
    std::printf("file: %s\n", r.text().c_str());

    r = co_await api.post("/upload", http::body(std::string(10'000, 'x'), "text/plain"),
                          http::compress_body(compress::codec::zstd));
    std::printf("compressed: %s\n", r.text().c_str());
}
// [upload]

awaitable<void> be_both(std::string report)
{
    http::server site;
    site.post("/upload", say_what_came);
    site.put("/upload", say_what_came);
    net::listener on(net::tcp("127.0.0.1", 0));
    const std::string base = "http://127.0.0.1:" + std::to_string(on.port());
    auto serving = spawn(site.serve(std::move(on)));
    co_await upload(base, report);
    co_await site.stop(1s);
    co_await serving.join();
}

int main()
{
    const auto report = std::filesystem::temp_directory_path() / "ferry-example-report.csv";
    std::ofstream(report) << "item,price\npen,1.5\n";
    run(be_both(report));
    std::filesystem::remove(report);
}
