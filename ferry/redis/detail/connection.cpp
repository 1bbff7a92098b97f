#include "ferry/redis/detail/connection.hpp"

#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/error.hpp"
#include "ferry/net/connect.hpp"
#include "ferry/redis/error.hpp"

#include <fmt/format.h>

#include <utility>

namespace ferry::redis::detail {
namespace {

// From here on what is left of a string is read past the stream's buffer.
constexpr std::size_t direct_read_bytes = 64U << 10U;

/// Of silence, before the system asks whether the server's machine is still there.
constexpr std::chrono::seconds keepalive{15};

}  // namespace

class connection::pending final : public waiter, public timer {
public:
    std::chrono::steady_clock::time_point began;

    pending(connection& over, std::size_t answers) : over_{over}, left_{answers}
    {
        number_ = over.first_due_ + over.due_.size();
        over.due_.push_back({this, answers});
        if (answers > 1) more_.reserve(answers);
    }
    ~pending() override
    {
        if (number_ >= over_.first_due_) over_.due_[number_ - over_.first_due_].owner = nullptr;
    }

    void answer(reply r)
    {
        if (more_.capacity() == 0) {
            one_ = std::move(r);
        } else {
            more_.push_back(std::move(r));
        }
        if (--left_ == 0) wake();
    }
    void fail(std::exception_ptr why) noexcept
    {
        failure_ = std::move(why);
        wake();
    }

    /// \throws what it failed for
    reply take()
    {
        finish();
        return std::move(one_);
    }
    std::vector<reply> take_all()
    {
        finish();
        if (more_.empty()) more_.push_back(std::move(one_));
        return std::move(more_);
    }
    bool timed_out() const noexcept { return timed_out_; }

private:
    void finish()
    {
        stop();
        if (failure_) std::rethrow_exception(failure_);
    }
    void expired() noexcept override
    {
        timed_out_ = true;
        abort();
    }

    connection& over_;
    std::uint64_t number_ = 0;  ///< of its place
    std::size_t left_;
    reply one_;
    std::vector<reply> more_;
    std::exception_ptr failure_;
    bool timed_out_ = false;
};

connection::connection(net::stream over)
    : stream_{std::move(over)},
      remote_{stream_.remote_endpoint()},
      last_used_{std::chrono::steady_clock::now()},
      received_{last_used_}
{
    flowing_.set();
}

awaitable<std::shared_ptr<connection>> connection::open(options with, net::endpoint at)
{
    const auto limit = with.connect_timeout();
    if (with.tls()) at = net::tls(std::move(at), *with.tls());
    auto connecting =
        net::connect(std::move(at), net::connect_options().timeout(limit).keepalive(keepalive));
    net::stream over = co_await std::move(connecting);
    auto made = std::make_shared<connection>(std::move(over));
    made->start();
    try {
        auto login = ferry::timeout(limit, log_in(made, with), "log in at " + made->remote_);
        co_await std::move(login);
    } catch (...) {
        made->close();
        throw;
    }
    co_return made;
}

// Reads and writes until the stream ends: what is queued is written, what comes is handed out.
void connection::start()
{
    spawn(write_all(shared_from_this()), "redis writer");
    spawn(read_all(shared_from_this()), "redis reader");
}

awaitable<void> connection::log_in(std::shared_ptr<connection> self, options with)
{
    const auto none = duration::zero();
    const bool has_login = !with.user().empty() || !with.password().empty();
    if (with.protocol() >= 3) {
        command hello("HELLO", 3);
        if (has_login) {
            hello.add("AUTH")
                .add(with.user().empty() ? "default" : with.user())
                .add(with.password());
        }
        if (!with.client_name().empty()) hello.add("SETNAME").add(with.client_name());
        auto asking = send(self, &hello, none);
        const reply r = co_await std::move(asking);
        if (!r.is_error()) {
            self->protocol_ = 3;
        } else {
            const response_error refused(r.text());
            const bool old =
                refused.word() == "NOPROTO" || r.text().starts_with("ERR unknown command");
            if (!old) throw refused;
        }
    }
    std::vector<command> rest;
    if (self->protocol_ < 3 && has_login) {
        command auth("AUTH");
        if (!with.user().empty()) auth.add(with.user());
        rest.push_back(std::move(auth.add(with.password())));
    }
    if (self->protocol_ < 3 && !with.client_name().empty()) {
        rest.emplace_back("CLIENT", "SETNAME", with.client_name());
    }
    if (with.db() != 0) rest.emplace_back("SELECT", with.db());
    auto sending = send_all(self, rest, none);
    const std::vector<reply> answers = co_await std::move(sending);
    for (const reply& r : answers) {
        if (r.is_error()) throw response_error(r.text());
    }
}

awaitable<reply> connection::send(std::shared_ptr<connection> self, const command* c,
                                  duration limit)
{
    if (self->failure_) std::rethrow_exception(self->failure_);
    pending mine(*self, 1);
    c->append_to(self->out_);
    self->begin(mine, limit);
    try {
        co_await mine.park();
    } catch (const cancelled&) {
        self->end_of_patience(mine, c->name(), limit);
        throw;
    }
    co_return mine.take();
}

awaitable<std::vector<reply>> connection::send_all(std::shared_ptr<connection> self,
                                                   std::span<const command> all, duration limit)
{
    if (self->failure_) std::rethrow_exception(self->failure_);
    if (all.empty()) co_return std::vector<reply>();
    pending mine(*self, all.size());
    for (const command& c : all) c.append_to(self->out_);
    self->begin(mine, limit);
    try {
        co_await mine.park();
    } catch (const cancelled&) {
        self->end_of_patience(mine, all.front().name(), limit);
        throw;
    }
    co_return mine.take_all();
}

void connection::begin(pending& p, duration limit)
{
    last_used_ = std::chrono::steady_clock::now();
    p.began = last_used_;
    has_output_.set();
    if (limit > duration::zero()) p.start(last_used_ + limit);
}

void connection::end_of_patience(const pending& p, std::string_view name, duration limit)
{
    if (!p.timed_out()) return;
    // A peer that is cut off, or stands still, ends no connection by itself.
    if (received_ < p.began) close(fmt::format("nothing came for {} ms", limit.count()));
    throw timeout_error(std::string(name) + ' ' + remote_, limit);
}

void connection::tell(const command& c)
{
    if (failure_) std::rethrow_exception(failure_);
    c.append_to(out_);
    has_output_.set();
}

awaitable<void> connection::write_all(std::shared_ptr<connection> self)
{
    std::string leaving;
    try {
        for (;;) {
            while (self->out_.empty()) {
                if (self->failure_) co_return;
                self->has_output_.clear();
                co_await self->has_output_.wait();
            }
            leaving.clear();
            leaving.swap(self->out_);
            self->handed_ = self->first_due_ + self->due_.size();
            // Mostly the system takes it at once, without another turn of the loop.
            const auto bytes = as_bytes(leaving);
            const std::size_t sent = self->stream_.try_write(bytes);
            if (sent < bytes.size()) co_await self->stream_.write(bytes.subspan(sent));
        }
    } catch (const cancelled&) {
        self->close();
    } catch (...) {
        self->fail(std::current_exception());
    }
}

awaitable<void> connection::read_all(std::shared_ptr<connection> self)
{
    try {
        for (;;) {
            self->deliver();
            co_await self->flowing_.wait();
            co_await self->read_more();
        }
    } catch (const cancelled&) {
        self->listener_ = nullptr;  // the loop ends
        self->close();
    } catch (...) {
        self->fail(std::current_exception());
    }
}

awaitable<void> connection::read_more()
{
    std::size_t count = 0;
    const auto space = stream_.buffered().empty() ? parser_.bulk_space() : std::span<std::byte>();
    if (space.size() >= direct_read_bytes) {
        count = co_await stream_.read_some(space);
        parser_.bulk_received(count);
    } else {
        count = co_await stream_.fill();
    }
    received_ = std::chrono::steady_clock::now();
    if (count == 0) {
        throw connection_error(ferry::errc::disconnected, remote_ + " closed the connection",
                               remote_);
    }
}

void connection::deliver()
{
    std::string_view text = stream_.buffered_text();
    const std::size_t arrived = text.size();
    for (;;) {
        text.remove_prefix(parser_.parse(text));
        if (!parser_.ready()) break;
        take(parser_.take());
    }
    stream_.consume(arrived - text.size());
}

void connection::take(reply r)
{
    if (r.type() == reply::kind::push || due_.empty()) {
        if (listener_) listener_(&r);
        return;
    }
    place& next = due_.front();
    if (next.owner != nullptr) next.owner->answer(std::move(r));
    if (--next.answers > 0) return;
    due_.pop_front();
    ++first_due_;
}

void connection::fail(std::exception_ptr why) noexcept
{
    if (failure_) return;
    failure_ = std::move(why);
    std::string cause = "the connection ended";
    try {
        std::rethrow_exception(failure_);
    } catch (const std::exception& e) {
        cause = e.what();
    }
    const auto lost = std::make_exception_ptr(
        connection_lost(ferry::errc::disconnected, "redis " + remote_ + ": " + cause, remote_));
    for (std::size_t i = 0; i < due_.size(); ++i) {
        if (due_[i].owner == nullptr) continue;
        due_[i].owner->fail(first_due_ + i < handed_ ? lost : failure_);
    }
    first_due_ += due_.size();
    due_.clear();
    stream_.abort();
    has_output_.set();
    flowing_.set();
    if (listener_) listener_(nullptr);
}

void connection::close(std::string_view why) noexcept
{
    fail(std::make_exception_ptr(
        connection_error(ferry::errc::disconnected, std::string(why), remote_)));
}

}  // namespace ferry::redis::detail
