#include "ferry/redis/detail/client_core.hpp"

#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/core/random.hpp"
#include "ferry/redis/error.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>

namespace ferry::redis::detail {
namespace {

using namespace std::chrono_literals;

constexpr auto first_pause = 50ms;
constexpr auto longest_pause = 5000ms;
/// What a blocking command may take over its own time.
constexpr auto blocking_slack = 2000ms;

// The server cannot serve now, or not here, and has done nothing.
bool try_elsewhere(const reply& r)
{
    if (!r.is_error()) return false;
    const response_error e(r.text());
    return e.code() == errc::read_only || e.code() == errc::master_down;
}

bool is_loading(const reply& r)
{
    return r.is_error() && r.text().starts_with("LOADING");
}

bool are_all(const std::vector<reply>& answers, bool (*so)(const reply&))
{
    return !answers.empty() && std::ranges::all_of(answers, so);
}

// How long and how often to try: pauses that double, up to a deadline.
class patience {
public:
    explicit patience(std::chrono::milliseconds limit)
        : end_{std::chrono::steady_clock::now() + limit}
    {
    }

    // The next pause, with jitter; none if the time would be over.
    std::optional<std::chrono::milliseconds> next()
    {
        std::array<std::byte, 1> dice;
        fill_random(dice);
        const auto pause = pause_ / 2 + pause_ * std::to_integer<int>(dice[0]) / 512;
        pause_ = std::min<std::chrono::milliseconds>(pause_ * 2, longest_pause);
        if (std::chrono::steady_clock::now() + pause >= end_) return std::nullopt;
        return pause;
    }

private:
    std::chrono::steady_clock::time_point end_;
    std::chrono::milliseconds pause_ = first_pause;
};

}  // namespace

client_core::lease::~lease()
{
    if (!connection_) return;
    if (connection_->busy() || connection_->closed()) {
        connection_->close();
    } else {
        core_->idle_.push_back(std::move(connection_));
    }
}

// A connection that is being made, where a sentinel's news can end it.
class client_core::attempt {
public:
    explicit attempt(std::shared_ptr<client_core> core)
        : core_{std::move(core)}, opening_{spawn(connect_to_master(core_), "redis connect")}
    {
        core_->attempts_.push_back(this);
    }
    attempt(const attempt&) = delete;
    attempt& operator=(const attempt&) = delete;
    ~attempt()
    {
        std::erase(core_->attempts_, this);
        opening_.cancel();
    }

    void leave() noexcept
    {
        left_ = true;
        opening_.cancel();
    }
    bool was_left() const noexcept { return left_ && opening_.cancelled(); }
    const task<std::shared_ptr<connection>>& opening() const noexcept { return opening_; }

private:
    std::shared_ptr<client_core> core_;
    task<std::shared_ptr<connection>> opening_;
    bool left_ = false;
};

awaitable<std::shared_ptr<connection>> client_core::connect(std::shared_ptr<client_core> self)
{
    if (self->options_.sentinels().empty()) {
        auto opening = connection::open(self->options_, self->options_.at());
        auto made = co_await std::move(opening);
        self->was_connected_ = true;
        co_return made;
    }
    if (!self->watch_) {
        self->watch_ = std::make_unique<master_watch>(
            self->options_, [of = self.get()](const master_change& c) { of->master_moved(c); });
    }
    for (;;) {
        const attempt trying(self);
        co_await trying.opening().wait();
        if (trying.was_left()) continue;
        auto made = co_await trying.opening().join();
        self->was_connected_ = true;
        co_return made;
    }
}

awaitable<std::shared_ptr<connection>> client_core::connect_to_master(
    std::shared_ptr<client_core> self)
{
    if (auto promoted = std::exchange(self->promoted_, std::nullopt)) {
        try {
            auto opening = open_master(self, std::move(*promoted));
            co_return co_await std::move(opening);
        } catch (const error& e) {
            log::warning("redis: the promoted master is asked for again", "failure", e.what());
        }
    }
    auto finding = find_master(self->options_);
    net::endpoint at = co_await std::move(finding);
    auto opening = open_master(self, std::move(at));
    co_return co_await std::move(opening);
}

awaitable<std::shared_ptr<connection>> client_core::open_master(std::shared_ptr<client_core> self,
                                                                net::endpoint at)
{
    auto opening = connection::open(self->options_, at);
    auto made = co_await std::move(opening);
    const command question("ROLE");
    auto asking = connection::send(made, &question, self->options_.timeout());
    const reply role = co_await std::move(asking);
    if (role.items().empty() || role[0].text() != "master") {
        made->close();
        throw connection_error(errc::read_only, at.text() + " is not the master any more",
                               at.text());
    }
    std::erase_if(self->of_masters_, [](const auto& one) { return one.second.expired(); });
    self->of_masters_.emplace_back(std::move(at), made);
    co_return made;
}

// Without waiting for time limits: one that stands still would only be found by those.
void client_core::master_moved(const master_change& change) noexcept
{
    if (change.to == master_) return;  // another sentinel has said so
    master_ = change.to;
    promoted_ = change.to;
    for (attempt* const one : attempts_) one->leave();
    for (const auto& [at, held] : of_masters_) {
        const auto c = held.lock();
        if (c && at == change.from) c->close("the master is " + change.to.text() + " now");
    }
}

/// Whether it is so lately used that nobody need ask whether its server is still there.
bool client_core::is_fresh(const connection& c) const noexcept
{
    const auto interval = options_.health_check_interval();
    if (c.busy() || interval == 0ms) return true;
    return std::chrono::steady_clock::now() - c.last_used() < interval;
}

awaitable<bool> client_core::healthy(std::shared_ptr<client_core> self,
                                     std::shared_ptr<connection> c)
{
    if (c->closed()) co_return false;
    if (self->is_fresh(*c)) co_return true;
    try {
        const command ping("PING");
        auto asking = connection::send(c, &ping, self->options_.timeout());
        co_await std::move(asking);
        co_return true;
    } catch (const error&) {
        c->close();
        co_return false;
    }
}

std::shared_ptr<connection> client_core::at_hand() const noexcept
{
    if (!shared_ || shared_->closed() || (!bound_ && !is_fresh(*shared_))) return nullptr;
    return shared_;
}

awaitable<std::shared_ptr<connection>> client_core::shared(std::shared_ptr<client_core> self)
{
    if (self->bound_) {
        if (self->shared_->closed()) std::rethrow_exception(self->shared_->failure());
        co_return self->shared_;
    }
    if (self->shared_) {
        auto checking = healthy(self, self->shared_);
        const bool good = co_await std::move(checking);
        if (good && self->shared_) co_return self->shared_;
    }
    auto entering = self->connecting_.acquire();
    const auto held = co_await std::move(entering);
    if (!self->shared_ || self->shared_->closed()) {
        auto connecting = connect(self);
        self->shared_ = co_await std::move(connecting);
    }
    co_return self->shared_;
}

awaitable<client_core::lease> client_core::dedicated(std::shared_ptr<client_core> self)
{
    auto entering = self->places_.acquire();
    auto place = co_await std::move(entering);
    while (!self->idle_.empty()) {
        auto c = std::move(self->idle_.back());
        self->idle_.pop_back();
        auto checking = healthy(self, c);
        const bool good = co_await std::move(checking);
        if (good) co_return lease(self, std::move(place), std::move(c));
    }
    auto connecting = connect(self);
    auto made = co_await std::move(connecting);
    co_return lease(self, std::move(place), std::move(made));
}

awaitable<reply> client_core::execute(std::shared_ptr<client_core> self, command c)
{
    patience left(self->options_.timeout());
    for (;;) {
        std::exception_ptr failure;
        bool again = false;
        try {
            auto over = self->at_hand();
            if (!over) {
                auto getting = shared(self);
                over = co_await std::move(getting);
            }
            auto sending = connection::send(over, &c, self->options_.timeout());
            reply answer = co_await std::move(sending);
            if (!answer.is_error()) co_return answer;
            failure = std::make_exception_ptr(response_error(answer.text()));
            if (try_elsewhere(answer) && !self->options_.sentinels().empty()) {
                over->close();
                again = true;
            }
            again = again || is_loading(answer);
        } catch (const connection_lost&) {
            again = c.is_repeatable();
            failure = std::current_exception();
        } catch (const connection_error&) {
            again = self->was_connected_;
            failure = std::current_exception();
        }
        const auto pause = left.next();
        if (!again || !pause) std::rethrow_exception(failure);
        auto waiting = sleep(*pause);
        co_await std::move(waiting);
    }
}

awaitable<std::vector<reply>> client_core::execute_all(std::shared_ptr<client_core> self,
                                                       std::vector<command> all)
{
    const bool repeatable = std::ranges::all_of(all, &command::is_repeatable);
    patience left(self->options_.timeout());
    for (;;) {
        std::vector<reply> answers;
        std::exception_ptr failure;
        bool again = false;
        try {
            auto over = self->at_hand();
            if (!over) {
                auto getting = shared(self);
                over = co_await std::move(getting);
            }
            auto sending = connection::send_all(over, all, self->options_.timeout());
            answers = co_await std::move(sending);
            // A server that refuses all of it has done nothing.
            const bool elsewhere =
                !self->options_.sentinels().empty() && are_all(answers, try_elsewhere);
            if (elsewhere) over->close();
            again = elsewhere || are_all(answers, is_loading);
        } catch (const connection_lost&) {
            again = repeatable;
            failure = std::current_exception();
        } catch (const connection_error&) {
            again = self->was_connected_;
            failure = std::current_exception();
        }
        const auto pause = again ? left.next() : std::nullopt;
        if (!pause && failure) std::rethrow_exception(failure);
        if (!pause) co_return answers;
        auto waiting = sleep(*pause);
        co_await std::move(waiting);
    }
}

awaitable<reply> client_core::execute_blocking(std::shared_ptr<client_core> self, command c,
                                               duration block)
{
    const duration limit = block == duration::zero() ? block : block + blocking_slack;
    auto getting = dedicated(self);
    const lease over = co_await std::move(getting);
    auto sending = connection::send(over.get(), &c, limit);
    reply answer = co_await std::move(sending);
    if (answer.is_error()) throw response_error(answer.text());
    co_return answer;
}

void client_core::close() noexcept
{
    if (bound_) return;
    if (shared_) shared_->close();
    shared_.reset();
    for (const auto& c : idle_) c->close();
    idle_.clear();
}

}  // namespace ferry::redis::detail
