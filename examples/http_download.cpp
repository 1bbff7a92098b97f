// A download that was broken off goes on where it was, in parts beside each other if it is large,
// and what arrives is what was meant.
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/crypto/hash.hpp"
#include "ferry/http/http.hpp"
#include "ferry/net/listener.hpp"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

using namespace ferry;
using namespace std::chrono_literals;

// [download]
awaitable<void> fetch(std::string base, std::string folder, std::string sum)
{
    http::session api{http::base_url(base)};
    const auto show = [](const http::transfer& t) {
        if (t.received == t.received_total) std::printf("%zu bytes\n", std::size_t{t.received});
    };
    const http::progress watched(show);
    const auto got =
        co_await api.download("/files/dump.bin", folder + "/dump.bin", watched, http::sha256(sum));
    std::printf("sha256 %s\n", got.sha256_hex.c_str());

    // Into a folder: the name is the server's, made safe. In four ranges at once.
    const auto again = co_await api.download("/files/dump.bin", folder, http::segments(4));
    std::printf("%s\n", std::filesystem::path(again.path).filename().c_str());
}
// [download]

awaitable<void> be_both(std::string files, std::string folder)
{
    http::server site;
    site.files("/files/", files);
    net::listener on(net::tcp("127.0.0.1", 0));
    const std::string base = "http://127.0.0.1:" + std::to_string(on.port());
    auto serving = spawn(site.serve(std::move(on)));
    co_await fetch(base, folder, hash::file(files + "/dump.bin").hex());
    co_await site.stop(1s);
    co_await serving.join();
}

int main()
{
    const auto root = std::filesystem::temp_directory_path() / "ferry-example-download";
    std::filesystem::create_directories(root / "served");
    std::filesystem::create_directories(root / "fetched");
    std::ofstream(root / "served" / "dump.bin") << std::string(5'000'000, 'x');
    run(be_both(root / "served", root / "fetched"));
    std::filesystem::remove_all(root);
}
