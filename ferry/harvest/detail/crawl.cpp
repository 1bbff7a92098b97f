#include "ferry/harvest/detail/crawl.hpp"

#include "ferry/async/blocking.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/harvest/detail/canonical.hpp"

#include <algorithm>
#include <ctime>

namespace ferry::harvest::detail {
namespace {

using std::chrono::milliseconds;

/// Results that may wait for the disk before no more work is begun.
constexpr std::size_t max_results = 8 * crawl::batch_pages;
constexpr std::uint64_t pages_before_layout_check = 100;
constexpr auto longest_wait = std::chrono::seconds{1};

double process_cpu()
{
    std::timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace

crawl::crawl(std::shared_ptr<const recipe> r, const run_options& with, std::shared_ptr<ledger> book,
             std::shared_ptr<fetcher> fetch, std::unique_ptr<executor> work)
    : recipe_{std::move(r)},
      ledger_{std::move(book)},
      fetcher_{std::move(fetch)},
      executor_{std::move(work)},
      on_progress_{with.on_progress()},
      stop_{with.stop()},
      limit_{with.limit()},
      frontier_{recipe_->politeness}
{
}

awaitable<std::string> crawl::drive(std::shared_ptr<crawl> self)
{
    self->began_ = self->counted_wall_ = clock::now();
    self->counted_cpu_ = process_cpu();
    for (const auto& host : self->ledger_->state().hosts()) {
        self->frontier_.add_host(static_cast<std::uint32_t>(self->hosts_.size()), true);
        self->hosts_.push_back(host);
    }
    self->totals_ = self->ledger_->totals();
    self->finished_ = self->totals_.done();
    task<void> watching;
    if (self->stop_) watching = spawn(watch_stop(self, self->stop_));
    const auto keeping = spawn(keep_alive(self));
    try {
        for (;;) {
            self->start_work();
            self->start_commit();
            if (self->finished()) break;
            auto waiting = wait_for_change(self);
            co_await std::move(waiting);
        }
        if (self->failure_) self->group_.cancel();
        auto joining = self->group_.join();
        co_await std::move(joining);
        keeping.cancel();
        auto closing = self->executor_->close();
        co_await std::move(closing);
        const auto elsewhere = static_cast<std::int64_t>(self->executor_->cpu_seconds() * 1e6);
        if (!self->failure_) self->ledger_->state().count("cpu_us", elsewhere);
    } catch (...) {
        // Cancelled, as a rule: nothing can be waited for any more.
        self->failure_ = std::current_exception();
        self->group_.cancel();
        keeping.cancel();
        self->executor_.reset();
    }
    if (self->stop_) watching.cancel();
    if (self->failure_) std::rethrow_exception(self->failure_);
    co_return self->stopped_because_;
}

awaitable<void> crawl::watch_stop(std::shared_ptr<crawl> self, std::shared_ptr<event> stop)
{
    auto waiting = stop->wait();
    co_await std::move(waiting);
    if (!self->stopping()) self->stopped_because_ = "stopped on request";
    self->change_.set();
}

awaitable<void> crawl::keep_alive(std::shared_ptr<crawl> self)
{
    try {
        auto keeping = self->executor_->keep_alive();
        co_await std::move(keeping);
    } catch (const error&) {
        self->failure_ = std::current_exception();
        self->change_.set();
    }
}

awaitable<void> crawl::wait_for_change(std::shared_ptr<crawl> self)
{
    auto until = clock::now() + longest_wait;
    if (const auto due = self->frontier_.due()) until = std::min(until, *due);
    if (!self->results_.empty()) until = std::min(until, self->oldest_result_ + batch_age);
    const auto limit = std::max<clock::duration>(until - clock::now(), milliseconds{1});
    try {
        auto waiting = timeout(limit, self->change_.wait());
        co_await std::move(waiting);
    } catch (const timeout_error&) {
        // Something is due.
    }
    self->change_.clear();
}

bool crawl::at_limit() const
{
    return finished_ + urls_in_flight_ >= limit_;
}

bool crawl::finished() const
{
    if (failure_) return !committing_;
    if (in_flight_ > 0 || committing_ || !results_.empty() || !given_up_.empty()) return false;
    return stopping() || at_limit() || (frontier_.exhausted() && robots_running_ == 0);
}

void crawl::start_work()
{
    if (failure_ || stopping()) return;
    while (const auto host = frontier_.wants_robots()) {
        ++robots_running_;
        group_.spawn(learn_robots(shared_from_this(), *host));
    }
    const auto now = clock::now();
    while (in_flight_ < executor_->parallel() && results_.size() < max_results && !at_limit()) {
        // Small portions while there is little to do, so that everybody has some of it.
        const auto share = frontier_.queued() / (2 * executor_->parallel()) + 1;
        const auto most = std::min<std::uint64_t>(
            {executor_->batch(), share, limit_ - finished_ - urls_in_flight_});
        auto g = frontier_.next(now, static_cast<std::size_t>(most));
        if (!g) break;
        take_denied(std::move(g->denied));
        if (g->urls.empty()) continue;
        ++in_flight_;
        urls_in_flight_ += g->urls.size();
        group_.spawn(work_on(shared_from_this(), std::move(*g)));
    }
}

awaitable<void> crawl::work_on(std::shared_ptr<crawl> self, frontier::grant g)
{
    auto working = self->executor_->fetch(g.urls);
    std::vector<page_outcome> outcomes = co_await std::move(working);
    --self->in_flight_;
    self->urls_in_flight_ -= g.urls.size();
    for (std::size_t i = 0; i < g.urls.size() && i < outcomes.size(); ++i) {
        self->take(std::move(g.urls[i]), std::move(outcomes[i]));
    }
    self->frontier_.release(g.host);
    self->change_.set();
}

awaitable<void> crawl::learn_robots(std::shared_ptr<crawl> self, std::uint32_t host)
{
    const auto& schemes = self->recipe_->scope.schemes;
    const auto& starts = self->recipe_->starts;
    const bool starts_in_clear = std::any_of(
        starts.begin(), starts.end(), [](const start& s) { return s.url.starts_with("http:"); });
    const bool in_clear =
        starts_in_clear && std::find(schemes.begin(), schemes.end(), "http") != schemes.end();
    const std::string origin = (in_clear ? "http://" : "https://") + self->hosts_[host];
    fetcher::robots_answer answer;
    waiting_url tried;
    for (;;) {
        auto asking = self->fetcher_->fetch_robots(origin);
        answer = co_await std::move(asking);
        if (answer.reached || tried.tries >= self->recipe_->retry.times || self->stopping()) break;
        ++tried.tries;
        auto waiting = sleep(self->wait_before(tried, page_outcome()));
        co_await std::move(waiting);
    }
    if (!answer.reached) self->unreachable_.insert(host);
    self->frontier_.set_robots(host, std::move(answer.rules));
    --self->robots_running_;
    self->change_.set();
}

std::chrono::milliseconds crawl::wait_before(const waiting_url& u, const page_outcome& got) const
{
    auto wait = recipe_->retry.first_wait;
    for (std::uint32_t i = 1; i < u.tries && wait < recipe_->retry.longest_wait; ++i) wait *= 2;
    return std::max(std::min(wait, recipe_->retry.longest_wait), got.retry_after);
}

void crawl::take(waiting_url u, page_outcome got)
{
    if (results_.empty()) oldest_result_ = clock::now();
    const auto host = u.host;
    const bool lives = frontier_.observe(host, got, clock::now());
    if (!lives) {
        frontier_.give_up(host);
        given_up_.push_back(host);
    }
    finished_url f;
    if (lives && got.what == page_outcome::kind::failed && got.transient &&
        u.tries < recipe_->retry.times) {
        f.again = true;
        ++u.tries;
        frontier_.add_again(u, clock::now() + wait_before(u, got));
    }
    f.what = std::move(u);
    f.got = std::move(got);
    finished_ += f.again ? 0 : 1;
    results_.push_back(std::move(f));
}

void crawl::take_denied(std::vector<waiting_url> urls)
{
    for (auto& u : urls) {
        if (results_.empty()) oldest_result_ = clock::now();
        finished_url f;
        f.got.cause = unreachable_.contains(u.host) ? "robots.txt unreachable" : "robots.txt";
        f.what = std::move(u);
        ++finished_;
        results_.push_back(std::move(f));
    }
}

void crawl::start_commit()
{
    if (committing_ || failure_) return;
    auto refills = frontier_.wants_refill();
    const bool due = results_.size() >= batch_pages ||
                     (!results_.empty() && (frontier_.starved() || stopping() || at_limit() ||
                                            clock::now() - oldest_result_ >= batch_age));
    if (!due && refills.empty() && given_up_.empty()) return;
    batch b;
    b.finished = std::exchange(results_, {});
    b.given_up = std::exchange(given_up_, {});
    b.refills = std::move(refills);
    const auto wall = clock::now();
    const double cpu = process_cpu();
    b.counts.emplace_back(
        "wall_us",
        std::chrono::duration_cast<std::chrono::microseconds>(wall - counted_wall_).count());
    b.counts.emplace_back("cpu_us", static_cast<std::int64_t>((cpu - counted_cpu_) * 1e6));
    counted_wall_ = wall;
    counted_cpu_ = cpu;
    committing_ = true;
    group_.spawn(commit(shared_from_this(), std::move(b)));
}

awaitable<void> crawl::commit(std::shared_ptr<crawl> self, batch b)
{
    auto work = [book = self->ledger_, b = std::move(b)]() mutable {
        return book->commit(std::move(b));
    };
    try {
        auto committing = run_blocking(std::move(work));
        committed made = co_await std::move(committing);
        self->take_committed(std::move(made));
        self->check_layout();
        self->show_progress();
    } catch (const error&) {
        self->failure_ = std::current_exception();
    }
    self->committing_ = false;
    self->change_.set();
}

void crawl::take_committed(committed made)
{
    for (auto& host : made.new_hosts) {
        frontier_.add_host(static_cast<std::uint32_t>(hosts_.size()), false);
        hosts_.push_back(std::move(host));
    }
    for (auto& u : made.added) frontier_.add(std::move(u));
    totals_ = ledger_->totals();
    for (auto& [what, urls] : made.refilled) frontier_.refilled(what, std::move(urls));
}

void crawl::check_layout()
{
    const tally& t = totals_;
    if (t.pages < pages_before_layout_check || stopping()) return;
    const auto missed = static_cast<double>(t.missed);
    if (missed > recipe_->max_miss_rate * static_cast<double>(t.missed + t.records)) {
        stopped_because_ = "required fields are missing from " + std::to_string(t.missed) + " of " +
                           std::to_string(t.missed + t.records) +
                           " records: the pages' layout has changed, or the recipe is wrong";
    }
}

void crawl::show_progress()
{
    if (!on_progress_) return;
    const tally& t = totals_;
    progress p;
    p.known = t.known;
    p.pages = t.pages;
    p.redirects = t.redirects;
    p.failed = t.failed;
    p.records = t.records;
    p.bytes = t.bytes;
    p.in_flight = in_flight_;
    p.elapsed = clock::now() - began_;
    on_progress_(p);
}

}  // namespace ferry::harvest::detail
