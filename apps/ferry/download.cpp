#include "ferry/http/download.hpp"

#include "ferry/async/sync.hpp"
#include "ferry/async/task_group.hpp"
#include "ferry/http/session.hpp"

#include "apps/ferry/arguments.hpp"
#include "apps/ferry/commands.hpp"
#include "apps/ferry/request_command.hpp"
#include "apps/ferry/transfer_bar.hpp"

#include <cstdio>
#include <exception>
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

http::download_options options_of(const request_settings& request, const download_command& with)
{
    http::download_options to;
    to.request = request.make_options();
    http::resume(with.resumes).apply_to(to);
    if (with.segments > 1) http::segments(with.segments).apply_to(to);
    if (!with.sha256.empty()) http::sha256(with.sha256).apply_to(to);
    return to;
}

// Fetches one file when its turn comes.
awaitable<void> fetch_file(http::session* session, std::string url, http::download_options with,
                           std::string out, semaphore* turns, std::shared_ptr<transfer_bar> bar,
                           bool lists)
{
    auto entering = turns->acquire();
    const auto turn = co_await std::move(entering);
    const std::size_t number = bar->add();
    http::progress([bar, number](const http::transfer& now) {
        bar->show(number, now);
    }).apply_to(with.request);
    auto downloading = session->download(std::move(url), std::move(out), std::move(with));
    const http::downloaded done = co_await std::move(downloading);
    bar->done();
    if (!lists) co_return;
    bar->end();
    std::printf("%s  %s\n", done.path.c_str(), size_text(static_cast<double>(done.size)).c_str());
    std::fflush(stdout);
}

awaitable<int> run_download(std::shared_ptr<const request_settings> request,
                            std::shared_ptr<const download_command> with)
{
    http::session session = request->make_session();
    std::exception_ptr failure;
    try {
        auto all = download_all(&session, request.get(), with.get());
        co_await std::move(all);
    } catch (...) {
        failure = std::current_exception();
    }
    request->keep(session);
    if (failure) std::rethrow_exception(failure);
    co_return 0;
}

}  // namespace

void download_command::check()
{
    if (!sha256.empty()) {
        try {
            static_cast<void>(http::sha256(sha256));
        } catch (const error& e) {
            throw usage_error(std::string("--sha256: ") + e.what());
        }
    }
    if (out.empty()) out = "./";
    const bool one_file = !out.ends_with('/');
    if (urls.size() > 1 && one_file) {
        throw usage_error("-o: with several URLs a folder, ending in /");
    }
    if (!one_file) std::filesystem::create_directories(out);
}

awaitable<int> download_all(http::session* over, const request_settings* request,
                            const download_command* with)
{
    semaphore turns(static_cast<std::size_t>(with->at_once));
    const auto bar = std::make_shared<transfer_bar>(with->quiet, with->urls.size());
    std::exception_ptr failure;
    bool interrupted = false;
    task_group all;
    for (const std::string& url : with->urls) {
        all.spawn(fetch_file(over, url, options_of(*request, *with), with->out, &turns, bar,
                             with->lists));
    }
    try {
        auto joining = all.join();
        co_await std::move(joining);
    } catch (const cancelled&) {
        failure = std::current_exception();
        interrupted = true;
    } catch (const error&) {
        failure = std::current_exception();
    }
    if (failure) {
        bar->end();
    } else {
        bar->finish();
    }
    if (interrupted && !with->quiet) {
        std::fputs("ferry: what has come is kept; -C goes on with it\n", stderr);
    }
    if (failure) std::rethrow_exception(failure);
    co_return 0;
}

int download(int argc, char** argv)
{
    const auto request = std::make_shared<request_settings>();
    const auto with = std::make_shared<download_command>();
    CLI::App options{help, "ferry download"};
    options.add_option("urls", with->urls, "what to download")->required();
    request->add_flags_to(options);
    options.add_option("-o,--output", with->out,
                       "the file, or a folder; without it the name is the server's or the URL's");
    options.add_option("--sha256", with->sha256, "what the file must have");
    options.add_option("-j,--jobs", with->at_once, "how many files at once (2)")
        ->check(CLI::Range(1, 64));
    options.add_option("--segments", with->segments, "fetch each file in so many parts at once")
        ->check(CLI::Range(1, 16));
    bool goes_on = true;
    bool from_start = false;
    options.add_flag("-C,--continue", goes_on, "go on where it was broken off, as is done anyway");
    options.add_flag("--from-start", from_start, "forget what an earlier call has left");
    options.add_flag("-q,--quiet", with->quiet, "no progress, no list of files");
    arguments words(argc, argv);
    words.drop_dash_behind("-C", "--continue");
    if (const auto end = parse(options, words.count(), words.data())) return *end;
    with->resumes = !from_start;
    with->lists = !with->quiet;
    with->check();
    return run_until_interrupted(run_download(request, with));
}

}  // namespace ferry::command
