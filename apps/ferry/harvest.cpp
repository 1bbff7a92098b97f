#include "ferry/harvest/harvest.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/signals.hpp"
#include "ferry/async/task.hpp"
#include "ferry/core/sqlite.hpp"
#include "ferry/documents/json.hpp"

#include "apps/ferry/commands.hpp"
#include "apps/ferry/harvest_progress.hpp"
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace ferry::command {
namespace {

constexpr auto help =
    R"(Fetches pages, takes typed records from them, and writes compressed files, by a recipe.
A run that was stopped, or killed, goes on where it was when it is run again.

  ferry harvest init books.toml --from http://localhost:8080/   write a commented recipe
  ferry harvest check books.toml                                say what it does, or what is wrong
  ferry harvest try books.toml http://localhost:8080/book/1     show what one page gives
  ferry harvest run books.toml --workers 2                      run it
  ferry harvest status books                                    how far a run is
  ferry harvest show books --limit 20                           the first records as a table

Exit codes of run: 0 complete; 1 error; 2 bad recipe; 3 complete with more failures than the recipe
allows; 4 stopped, run it again to go on; 130 interrupted.)";

struct settings {
    std::string recipe;
    std::string url;
    std::string state;
    std::vector<std::string> set;
    std::uint64_t limit = UINT64_MAX;
    std::uint32_t workers = 0;
    bool fresh = false;
    bool deterministic = false;
    bool json = false;
    bool quiet = false;
    bool force = false;
};

void print_json(const value& v)
{
    std::puts(json::dump(v, json::dump_options().indent(2)).c_str());
}

int init(const settings& with)
{
    const auto name = std::filesystem::path{with.recipe}.stem().string();
    const auto text = harvest::starter(with.url, name);
    if (!with.force && std::filesystem::exists(with.recipe)) {
        throw usage_error(with.recipe + " exists; --force overwrites it");
    }
    std::ofstream file{with.recipe, std::ios::binary};
    file << text;
    file.close();
    if (!file) throw system_failure(errno, "write " + with.recipe);
    std::printf("%s: edit it, then run `ferry harvest check %s`\n", with.recipe.c_str(),
                with.recipe.c_str());
    return 0;
}

int check(const settings& with)
{
    const auto r = harvest::recipe::load(with.recipe, with.set);
    std::fputs(harvest::explain(r).c_str(), stdout);
    return 0;
}

awaitable<int> try_it(settings with)
{
    auto trying = harvest::try_page(harvest::recipe::load(with.recipe, with.set), with.url);
    const value made = co_await std::move(trying);
    print_json(made);
    co_return made.contains("cause") ? 1 : 0;
}

int status(const settings& with)
{
    const auto found = harvest::status(with.state);
    if (with.json) {
        print_json(harvest::to_value(found));
    } else {
        std::fputs(harvest::to_text(found).c_str(), stdout);
    }
    return 0;
}

/// The terminal's columns; enough for most tables where there is none.
std::size_t terminal_width()
{
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    return 120;
}

/// The first signal lets the run end by itself, the second ends it.
awaitable<void> stop_on_signals(std::shared_ptr<event> stop, task<harvest::report> running,
                                std::shared_ptr<bool> interrupted)
{
    signals told(SIGINT, SIGTERM);
    auto first = told.next();
    const int number = co_await std::move(first);
    *interrupted = number == SIGINT;
    std::fputs("\nferry: finishing what is in flight; again to stop at once\n", stderr);
    stop->set();
    auto second = told.next();
    co_await std::move(second);
    *interrupted = true;
    running.cancel();
}

/// Where this program is, to start workers with.
std::string own_path()
{
    return std::filesystem::read_symlink("/proc/self/exe").string();
}

awaitable<int> run_it(settings with, bool workers_given)
{
    const auto bar = std::make_shared<harvest_progress>(with.quiet);
    const auto stop = std::make_shared<event>();
    const auto interrupted = std::make_shared<bool>(false);
    harvest::run_options options;
    options.directory(with.state).limit(with.limit).fresh(with.fresh);
    options.deterministic(with.deterministic).stop(stop);
    options.worker_command({own_path(), "harvest", "worker"});
    options.on_progress([bar](const harvest::progress& now) { bar->show(now); });
    if (workers_given) options.workers(with.workers);

    const auto running =
        spawn(harvest::run(harvest::recipe::load(with.recipe, with.set), std::move(options)));
    const auto watching = spawn(stop_on_signals(stop, running, interrupted));
    harvest::report done;
    try {
        auto ending = running.join();
        done = co_await std::move(ending);
    } catch (...) {
        bar->end();
        watching.cancel();
        throw;
    }
    watching.cancel();
    bar->end();
    if (with.json) {
        print_json(harvest::to_value(done));
    } else {
        std::fputs(harvest::to_text(done).c_str(), stdout);
    }
    if (!done.complete) {
        std::fprintf(stderr, "ferry: %s; run it again to go on\n", done.stopped_because.c_str());
    }
    co_return *interrupted ? exit_code::interrupted : done.exit_code;
}

/// Whether a full disk may be the cause. SQLite says "I/O error" if there is no room for its index
/// of the log, and a limit on the size of files is a disk as well.
bool is_disk_failure(const std::error_code& code)
{
    return code == condition::overloaded || code == std::errc::file_too_large ||
           code == sqlite::errc::full || code == sqlite::errc::io;
}

/// What a command exits with: 4 if the disk is full, which the run survives.
int report_failure(const error& e)
{
    std::fprintf(stderr, "ferry: %s\n", e.what());
    return is_disk_failure(e.code()) ? 4 : 1;
}

int run_and_report(const settings& with, bool workers_given)
{
    try {
        return ferry::run(run_it(with, workers_given));
    } catch (const harvest::recipe_error&) {
        throw;
    } catch (const cancelled&) {
        std::fputs("ferry: interrupted; run it again to go on\n", stderr);
        return exit_code::interrupted;
    } catch (const error& e) {
        const int code = report_failure(e);
        if (code == 4)
            std::fputs("ferry: stopped; make room, then run it again to go on\n", stderr);
        return code;
    }
}

int work(const settings& with)
{
    try {
        ferry::run(harvest::work(with.state));
        return 0;
    } catch (const error& e) {
        return report_failure(e);
    }
}

void add_recipe(CLI::App& to, settings& with)
{
    to.add_option("recipe", with.recipe, "the recipe")->required();
    to.add_option("--set", with.set,
                  "KEY=VALUE instead of what the recipe has, such as "
                  "politeness.per_host=4; may be repeated")
        ->allow_extra_args(false);
}

int dispatch(int argc, char** argv)
{
    settings with;
    CLI::App options{help, "ferry harvest"};
    options.require_subcommand(1);

    auto* init_verb = options.add_subcommand("init", "write a commented recipe");
    init_verb->add_option("recipe", with.recipe, "the file to write")->required();
    init_verb->add_option("--from", with.url, "where to start")->required();
    init_verb->add_flag("--force", with.force, "overwrite the file");
    init_verb->footer("Example:\n  ferry harvest init books.toml --from http://localhost:8080/");

    auto* check_verb = options.add_subcommand("check", "check a recipe, say what it does");
    add_recipe(*check_verb, with);
    check_verb->footer("Example:\n  ferry harvest check books.toml");

    auto* try_verb = options.add_subcommand("try", "fetch one page, show what it gives, as JSON");
    add_recipe(*try_verb, with);
    try_verb->add_option("url", with.url, "the page")->required();
    try_verb->footer("Example:\n  ferry harvest try books.toml http://localhost:8080/book/1");

    auto* run_verb = options.add_subcommand("run", "run a recipe, or go on with its run");
    add_recipe(*run_verb, with);
    run_verb->add_option("--state", with.state,
                         "the state directory, in which output files are too (the recipe's name)");
    auto* workers = run_verb->add_option("--workers", with.workers,
                                         "worker processes; 0 works in this one (the recipe's)");
    workers->check(CLI::Range(0, 64));
    run_verb->add_option("--limit", with.limit, "end after so many URLs")
        ->check(CLI::PositiveNumber);
    run_verb->add_flag("--fresh", with.fresh, "forget what an earlier run has done");
    run_verb->add_flag("--deterministic", with.deterministic,
                       "one request at a time, so that equal sites give equal files");
    run_verb->add_flag("--json", with.json, "print the report as JSON");
    run_verb->add_flag("--quiet,-q", with.quiet, "no progress");
    run_verb->footer(
        "Examples:\n  ferry harvest run books.toml --workers 2\n"
        "  ferry harvest run books.toml --limit 100 --set politeness.per_host=4 --state try");

    auto* status_verb = options.add_subcommand("status", "how far a run is");
    status_verb->add_option("state", with.state, "its state directory")->required();
    status_verb->add_flag("--json", with.json, "as JSON");
    status_verb->footer("Example:\n  ferry harvest status books");

    std::size_t shown = 10;
    auto* show_verb = options.add_subcommand("show", "the first records of a run as a table");
    show_verb->add_option("state", with.state, "its state directory")->required();
    show_verb->add_option("--limit", shown, "records of each file (10)")
        ->check(CLI::PositiveNumber);
    show_verb->footer("Example:\n  ferry harvest show books --limit 20");

    auto* worker_verb = options.add_subcommand("worker", "serve a run as one of its workers");
    worker_verb->group("");  // run starts it
    worker_verb->add_option("state", with.state, "the state directory")->required();

    if (const auto end = parse(options, argc, argv)) return *end;
    if (init_verb->parsed()) return init(with);
    if (check_verb->parsed()) return check(with);
    if (try_verb->parsed()) return run_until_interrupted(try_it(with));
    if (status_verb->parsed()) return status(with);
    if (show_verb->parsed()) {
        std::fputs(harvest::show(with.state, shown, terminal_width()).c_str(), stdout);
        return 0;
    }
    if (worker_verb->parsed()) return work(with);
    return run_and_report(with, workers->count() > 0);
}

}  // namespace

int harvest(int argc, char** argv)
{
    try {
        return dispatch(argc, argv);
    } catch (const harvest::recipe_error& e) {
        for (const auto& p : e.problems()) std::fprintf(stderr, "%s\n", p.text().c_str());
        return exit_code::usage;
    }
}

}  // namespace ferry::command
