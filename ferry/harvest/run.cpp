#include "ferry/harvest/run.hpp"

#include "ferry/async/blocking.hpp"
#include "ferry/core/file.hpp"
#include "ferry/crypto/hash.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/harvest/detail/crawl.hpp"
#include "ferry/harvest/detail/reporting.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>

namespace ferry::harvest {
namespace {

using namespace detail;

std::string hash_of(const recipe& r)
{
    hash::hasher all(hash::algorithm::sha256);
    all.update(r.source);
    for (const auto& o : r.overrides) all.update("\n--set " + o);
    return all.digest().hex();
}

void forget(const recipe& r, const std::string& directory)
{
    for (const auto* name : {"state.db", "state.db-wal", "state.db-shm", "report.json"}) {
        std::filesystem::remove(std::filesystem::path{directory} / name);
    }
    for (const auto& o : r.outputs) discard(output_path(directory, o));
}

/// What a run has open, once it may go on.
struct opened_run {
    std::unique_ptr<file_lock> lock;
    std::shared_ptr<ledger> book;
    std::shared_ptr<fetcher> fetch;
    bool complete = false;
};

opened_run open_run(const std::shared_ptr<const recipe>& r, const run_options& with,
                    const std::string& directory, const std::string& hash)
{
    std::error_code failed;
    std::filesystem::create_directories(directory, failed);
    if (failed) throw error{failed, "make " + directory + ": " + failed.message()};
    opened_run made;
    made.lock = std::make_unique<file_lock>(directory + "/lock", directory);
    if (with.fresh()) forget(*r, directory);
    auto opened = std::make_unique<state>(directory);
    const auto before = opened->fact("recipe_hash");
    if (before && *before != hash) {
        throw error{errc::invalid_state,
                    directory + ": was begun with another recipe; --fresh begins anew"};
    }
    if (!before) {
        value overrides = value::array();
        for (const auto& o : r->overrides) overrides.push_back(o);
        sqlite::transaction together{opened->database()};
        opened->set_fact("name", r->name);
        opened->set_fact("recipe", r->source);
        opened->set_fact("overrides", json::dump(overrides));
        opened->set_fact("layout", layout_of(*r));
        opened->set_fact("recipe_hash", hash);
        together.commit();
    }
    made.complete = opened->fact("complete").has_value();
    if (made.complete) return made;
    made.fetch = std::make_shared<fetcher>(r);
    made.book = std::make_shared<ledger>(r, directory, std::move(opened));
    made.book->start(made.fetch->reader().rules());
    return made;
}

report finish(const recipe& r, const std::string& directory, std::string stopped_because)
{
    sqlite::database db{directory + "/state.db"};
    report made = make_report(db, directory);
    made.stopped_because = std::move(stopped_because);
    made.exit_code = !made.complete ? 4 : made.failed > r.max_failures || made.pages == 0 ? 3 : 0;
    const auto path = directory + "/report.json";
    std::ofstream file{path + ".part"};
    file << json::dump(to_value(made), json::dump_options().indent(2)) << '\n';
    file.close();
    if (!file) throw system_failure(errno, "write " + path);
    std::filesystem::rename(path + ".part", path);
    return made;
}

awaitable<report> run_all(recipe given, run_options with)
{
    if (with.deterministic()) {
        given.politeness.total = given.politeness.per_host = 1;
        given.politeness.jitter = 0;
    }
    const auto r = std::make_shared<const recipe>(std::move(given));
    const std::string directory = with.directory().empty() ? r->name : with.directory();
    const std::string hash = hash_of(*r);
    auto open = [r, with, directory, hash] { return open_run(r, with, directory, hash); };
    auto opening = run_blocking(std::move(open));
    opened_run now = co_await std::move(opening);

    std::string stopped;
    if (!now.complete) {
        const auto workers = with.deterministic() ? 0 : with.workers().value_or(r->workers);
        auto work = workers == 0
                        ? make_local_executor(now.fetch, r->politeness.total)
                        : make_worker_executor(directory, hash, workers, with.worker_command(),
                                               r->http.total_timeout);
        const auto going = std::make_shared<crawl>(r, with, now.book, now.fetch, std::move(work));
        auto running = going->run();
        stopped = co_await std::move(running);
        if (stopped.empty()) {
            auto end = [book = now.book] { book->publish(); };
            auto publishing = run_blocking(std::move(end));
            co_await std::move(publishing);
        }
    }
    now.book.reset();
    co_return finish(*r, directory, std::move(stopped));
}

awaitable<value> try_one(recipe given, std::string url)
{
    check_start_url(url);
    // One page that a person asked for: its host is as good as a start.
    start one;
    one.url = url;
    given.starts.push_back(one);
    given.scope.hosts.clear();
    const auto r = std::make_shared<const recipe>(std::move(given));
    const auto fetch = std::make_shared<fetcher>(r);
    const auto t = canonical(url, r->dedupe);
    const auto page = t ? fetch->reader().rules().page_of(*t) : std::nullopt;
    if (!page) throw error{errc::not_found, url + ": no page of the recipe matches"};
    waiting_url u;
    u.url = t->url;
    u.page = *page;
    auto fetching = fetch->fetch(u);
    const page_outcome got = co_await std::move(fetching);

    value made = value::object("url", u.url, "page", r->pages[*page].name, "status", got.status,
                               "bytes", got.bytes);
    if (!got.cause.empty()) made.insert("cause", got.cause);
    if (!got.detail.empty()) made.insert("detail", got.detail);
    const auto names = all_records(*r);
    value records = value::array();
    for (const auto& one_record : got.records) {
        records.push_back(
            value::object("record", names[one_record.record]->name, "fields",
                          json::parse(one_record.line, json::parse_options().decimals())));
    }
    made.insert("records", std::move(records));
    value missing = value::array();
    for (const auto& name : got.missing) missing.push_back(name);
    if (!missing.empty()) made.insert("missing", std::move(missing));
    value links = value::array();
    for (const auto& link : got.links) {
        links.push_back(value::object("url", link.url, "page", r->pages[link.page].name));
    }
    made.insert("links", std::move(links));
    co_return made;
}

}  // namespace

awaitable<report> run(recipe r, run_options with)
{
    return run_all(std::move(r), std::move(with));
}

awaitable<value> try_page(recipe r, std::string url)
{
    return try_one(std::move(r), std::move(url));
}

}  // namespace ferry::harvest
