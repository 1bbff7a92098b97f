#include "ferry/http/download.hpp"

#include "ferry/async/sync.hpp"
#include "ferry/async/task_group.hpp"
#include "ferry/http/session.hpp"

#include "apps/ferry/commands.hpp"
#include "apps/ferry/request_settings.hpp"
#include "apps/ferry/transfer_bar.hpp"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace ferry::command {
namespace {

constexpr auto help = R"(Downloads files, with a progress bar, and goes on where it was broken off.

  ferry download http://127.0.0.1:8080/big.iso
  ferry download http://127.0.0.1:8080/big.iso -o disk.iso --sha256 9f86d081884c7d65...
  ferry download -j 4 http://127.0.0.1:8080/a.zip http://127.0.0.1:8080/b.zip -o folder/

A file is called .part until it is whole. Exit codes are those of ferry get.)";

struct settings {
    request_settings request;
    std::vector<std::string> urls;
    std::string out;
    std::string sha256;
    int at_once = 2;
    int segments = 1;
    bool from_start = false;
    bool quiet = false;
};

http::download_options options_of(const settings& with)
{
    http::download_options to;
    to.request = with.request.make_options();
    http::resume(!with.from_start).apply_to(to);
    if (with.segments > 1) http::segments(with.segments).apply_to(to);
    if (!with.sha256.empty()) {
        try {
            http::sha256(with.sha256).apply_to(to);
        } catch (const error& e) {
            throw usage_error(e.what());
        }
    }
    return to;
}

// Fetches one file when its turn comes.
awaitable<void> fetch(http::session* session, std::string url, http::download_options with,
                      std::string out, semaphore* turns, std::shared_ptr<transfer_bar> bar,
                      bool quiet)
{
    auto entering = turns->acquire();
    const auto turn = co_await std::move(entering);
    const std::size_t number = bar->add();
    http::progress([bar, number](const http::transfer& now) {
        bar->show(number, now);
    }).apply_to(with.request);
    auto downloading = session->download(std::move(url), std::move(out), std::move(with));
    const http::downloaded done = co_await std::move(downloading);
    bar->end();
    if (quiet) co_return;
    std::printf("%s  %s\n", done.path.c_str(), size_text(static_cast<double>(done.size)).c_str());
    std::fflush(stdout);
}

awaitable<int> fetch_all(settings with)
{
    http::session session = with.request.make_session();
    semaphore turns(static_cast<std::size_t>(with.at_once));
    const auto bar = std::make_shared<transfer_bar>(with.quiet);
    task_group all;
    for (const std::string& url : with.urls) {
        all.spawn(fetch(&session, url, options_of(with), with.out, &turns, bar, with.quiet));
    }
    try {
        auto joining = all.join();
        co_await std::move(joining);
    } catch (...) {
        bar->end();
        throw;
    }
    co_return 0;
}

}  // namespace

int download(int argc, char** argv)
{
    settings with;
    CLI::App options{help, "ferry download"};
    options.add_option("urls", with.urls, "what to download")->required();
    with.request.add_flags_to(options);
    options.add_option("-o,--output", with.out,
                       "the file, or a folder; without it the name is the server's or the URL's");
    options.add_option("--sha256", with.sha256, "what the file must have");
    options.add_option("-j,--jobs", with.at_once, "how many files at once (2)")
        ->check(CLI::Range(1, 64));
    options.add_option("--segments", with.segments, "fetch each file in so many parts at once")
        ->check(CLI::Range(1, 16));
    bool resumes = true;
    options.add_flag("-C,--continue", resumes, "go on where it was broken off, as is done anyway")
        ->group("");
    options.add_flag("--from-start", with.from_start, "forget what an earlier call has left");
    options.add_flag("-q,--quiet", with.quiet, "no progress, no list of files");
    if (const auto end = parse(options, argc, argv)) return *end;
    if (with.out.empty()) with.out = "./";
    const bool one_file = !with.out.ends_with('/');
    if (with.urls.size() > 1 && one_file)
        throw usage_error("-o: with several URLs a folder, ending in /");
    if (!one_file) std::filesystem::create_directories(with.out);
    return run_until_interrupted(fetch_all(std::move(with)));
}

}  // namespace ferry::command
