#include "ferry/amqp/outbox.hpp"

#include "ferry/amqp/error.hpp"
#include "ferry/async/blocking.hpp"
#include "ferry/async/sync.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/task_group.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/sqlite.hpp"
#include "ferry/core/uuid.hpp"

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace ferry::amqp {
namespace {

using namespace std::chrono_literals;

/// Before a message that the broker did not take, or whose fate is unknown, is sent again.
constexpr auto retry_pause = 100ms;
/// Rows of an earlier run that are read together.
constexpr int rows_at_once = 256;

// A message as the file has it.
struct stored {
    std::int64_t id = 0;
    std::string exchange;
    std::string routing_key;
    std::string properties;  ///< as on the wire
    buffer body;
};

// The file. Any thread: they take turns.
class store {
public:
    explicit store(const std::string& path)
        : file_{path, sqlite::options().durable(sqlite::durability::full)}
    {
        file_.script(
            "CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, exchange "
            "TEXT NOT NULL, routing_key TEXT NOT NULL, properties BLOB NOT NULL, body BLOB NOT "
            "NULL)");
    }

    // Adds the new messages, whose ids it sets, and drops those that are done.
    void commit(std::vector<stored>& added, const std::vector<std::int64_t>& done)
    {
        const std::lock_guard lock{gate_};
        sqlite::transaction all(file_);
        for (stored& m : added) {
            file_.execute(
                "INSERT INTO outbox (exchange, routing_key, properties, body) VALUES (?, ?, ?, ?)",
                m.exchange, m.routing_key, as_bytes(m.properties), m.body.span());
            m.id = file_.last_row_id();
        }
        for (const std::int64_t id : done) file_.execute("DELETE FROM outbox WHERE id = ?", id);
        all.commit();
    }

    std::int64_t last_id()
    {
        const std::lock_guard lock{gate_};
        auto rows = file_.query("SELECT coalesce(max(id), 0) FROM outbox");
        rows.step();
        return rows.integer(0);
    }

    std::vector<stored> read(std::int64_t after, std::int64_t last)
    {
        const std::lock_guard lock{gate_};
        std::vector<stored> all;
        auto rows = file_.query(
            "SELECT id, exchange, routing_key, properties, body FROM outbox WHERE id > ? AND id <= "
            "? ORDER BY id LIMIT ?",
            after, last, rows_at_once);
        while (rows.step()) {
            stored& m = all.emplace_back();
            m.id = rows.integer(0);
            m.exchange = rows.text(1);
            m.routing_key = rows.text(2);
            m.properties = as_text(rows.blob(3));
            m.body = buffer::copy(rows.blob(4));
        }
        return all;
    }

private:
    std::mutex gate_;
    sqlite::database file_;
};

}  // namespace

class outbox::impl : public std::enable_shared_from_this<impl> {
public:
    impl(channel over, std::shared_ptr<store> file, std::size_t window)
        : channel_{std::move(over)}, file_{std::move(file)}, room_{window}
    {
    }

    /// Works in this group until end().
    void begin(task_group& work, std::int64_t left_until)
    {
        work_ = &work;
        work.spawn(write(shared_from_this()));
        reading_ = left_until > 0;
        if (reading_) work.spawn(send_earlier(shared_from_this(), left_until));
    }
    void end() noexcept { work_ = nullptr; }

    static awaitable<void> publish(std::shared_ptr<impl> self, stored m)
    {
        self->check();
        auto entering = self->room_.acquire();
        auto permit = co_await std::move(entering);
        self->check();
        const auto mine = std::make_shared<waiting_message>(std::move(m), std::move(permit));
        self->arriving_.push_back(mine);
        self->work_to_do_.set();
        co_await mine->written.wait();
        if (mine->failure) std::rethrow_exception(mine->failure);
    }

    static awaitable<void> flush(std::shared_ptr<impl> self)
    {
        while (self->pending_ > 0 || self->reading_) {
            self->check();
            self->settled_.clear();
            co_await self->settled_.wait();
        }
        self->check();
    }

    std::size_t pending() const noexcept { return pending_; }

private:
    // A publish() that waits for the file.
    struct waiting_message {
        waiting_message(stored m, semaphore::guard p) : message{std::move(m)}, permit{std::move(p)}
        {
        }
        stored message;
        semaphore::guard permit;
        event written;
        std::exception_ptr failure;
    };

    void check() const
    {
        if (failure_) std::rethrow_exception(failure_);
    }

    void fail(std::exception_ptr why)
    {
        if (!failure_) failure_ = std::move(why);
        settled_.set();
    }

    // Commits what has come and what is done, together.
    static awaitable<void> write(std::shared_ptr<impl> self)
    {
        for (;;) {
            while (self->arriving_.empty() && self->done_.empty()) {
                self->work_to_do_.clear();
                co_await self->work_to_do_.wait();
            }
            const auto came = std::exchange(self->arriving_, {});
            const auto batch = std::make_shared<std::vector<stored>>();
            for (const auto& w : came) batch->push_back(std::move(w->message));
            auto commit = [file = self->file_, batch, done = std::exchange(self->done_, {})] {
                file->commit(*batch, done);
            };
            std::exception_ptr failure;
            try {
                auto committing = run_blocking(std::move(commit));
                co_await std::move(committing);
            } catch (const error&) {
                failure = std::current_exception();
            }
            for (const auto& w : came) {
                w->failure = failure;
                w->written.set();
            }
            if (failure) {
                self->fail(failure);
                co_return;
            }
            for (std::size_t i = 0; i < batch->size(); ++i) {
                self->start(std::move((*batch)[i]), std::move(came[i]->permit));
            }
            self->settled_.set();
        }
    }

    void start(stored m, semaphore::guard permit)
    {
        if (work_ == nullptr) return;
        ++pending_;
        work_->spawn(send(shared_from_this(), std::move(m), std::move(permit)));
    }

    static awaitable<void> send(std::shared_ptr<impl> self, stored m, semaphore::guard permit)
    {
        const properties with = properties::parse(m.properties);
        for (;;) {
            try {
                auto sending =
                    self->channel_.basic_publish(m.exchange, m.routing_key, m.body, with);
                co_await std::move(sending);
                break;
            } catch (const error& e) {
                const bool again = self->channel_.is_open() ||
                                   e.code() == condition::disconnected ||
                                   e.code() == condition::timed_out;
                if (!again || e.code() == errc::closed || e.code() == errc::bad_argument) {
                    self->fail(std::current_exception());
                    co_return;
                }
            }
            auto pause = sleep(retry_pause);
            co_await std::move(pause);
        }
        --self->pending_;
        self->done_.push_back(m.id);
        self->work_to_do_.set();
        permit.release();
    }

    static awaitable<void> send_earlier(std::shared_ptr<impl> self, std::int64_t last)
    {
        for (std::int64_t after = 0;;) {
            auto read = [file = self->file_, after, last] { return file->read(after, last); };
            auto reading = run_blocking(std::move(read));
            std::vector<stored> some = co_await std::move(reading);
            if (some.empty()) break;
            for (stored& m : some) {
                after = m.id;
                auto entering = self->room_.acquire();
                auto permit = co_await std::move(entering);
                self->start(std::move(m), std::move(permit));
            }
        }
        self->reading_ = false;
        self->settled_.set();
    }

    channel channel_;
    std::shared_ptr<store> file_;
    semaphore room_;
    std::vector<std::shared_ptr<waiting_message>> arriving_;
    std::vector<std::int64_t> done_;
    event work_to_do_;
    event settled_;
    std::size_t pending_ = 0;
    bool reading_ = false;
    std::exception_ptr failure_;
    task_group* work_ = nullptr;
};

/// What the handles share: with the last of them the work ends.
class outbox::owner {
public:
    owner(std::shared_ptr<impl> made, std::int64_t left_until) : box{std::move(made)}
    {
        box->begin(work_, left_until);
    }
    owner(const owner&) = delete;
    owner& operator=(const owner&) = delete;
    ~owner() { box->end(); }

    const std::shared_ptr<impl> box;

private:
    task_group work_;
};

outbox::outbox(std::shared_ptr<owner> made) noexcept : owner_{std::move(made)} {}

awaitable<outbox> outbox::open(connection over, std::string file, std::size_t window)
{
    auto open_file = [path = std::move(file)] {
        auto opened = std::make_shared<store>(path);
        const std::int64_t last = opened->last_id();
        return std::pair(std::move(opened), last);
    };
    auto opening_file = run_blocking(std::move(open_file));
    auto opened = co_await std::move(opening_file);
    auto opening = over.channel(confirm());
    channel own = co_await std::move(opening);
    auto made = std::make_shared<impl>(std::move(own), std::move(opened.first), window);
    co_return outbox(std::make_shared<owner>(std::move(made), opened.second));
}

awaitable<void> outbox::publish(std::string exchange, std::string routing_key, publish_body body,
                                properties with)
{
    if (with.message_id().empty()) with.message_id(uuid4());
    stored m;
    m.exchange = std::move(exchange);
    m.routing_key = std::move(routing_key);
    with.append_to(m.properties);
    m.body = body.text().empty() ? body.data() : buffer(std::string(body.text()));
    return impl::publish(owner_->box, std::move(m));
}

awaitable<void> outbox::flush()
{
    return impl::flush(owner_->box);
}

std::size_t outbox::pending() const noexcept
{
    return owner_->box->pending();
}

}  // namespace ferry::amqp
