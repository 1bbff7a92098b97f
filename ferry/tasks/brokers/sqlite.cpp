#include "ferry/tasks/brokers/sqlite.hpp"

#include "ferry/tasks/detail/ledger_io.hpp"
#include "ferry/tasks/detail/sqlite_consumer.hpp"

#include <functional>
#include <utility>

namespace ferry::tasks {
namespace {

using detail::ledger;
using detail::new_task;
using detail::outcome;
using detail::read;
using detail::result_row;
using detail::row_of;
using detail::task_of;
using detail::task_table;
using detail::write;

std::shared_ptr<ledger> open(const std::string& path, const sqlite_options& with)
{
    return std::make_shared<ledger>(
        path, ledger::settings{
                  .durable = with.durable(), .lease = with.lease(), .max_pages = with.max_pages()});
}

awaitable<result_document> wait_for(std::shared_ptr<ledger> in, std::string task_id)
{
    class watch {
    public:
        watch(ledger& where, std::string id, ledger::answer done)
            : ledger_{where}, number_{where.watch(std::move(id), std::move(done))}
        {
        }
        watch(const watch&) = delete;
        watch& operator=(const watch&) = delete;
        ~watch()
        {
            if (!answered_) ledger_.unwatch(number_);
        }
        void answered() noexcept { answered_ = true; }

    private:
        ledger& ledger_;
        std::uint64_t number_;
        bool answered_ = false;
    };

    const outcome<result_row> done;
    ledger::answer answer = [done](std::exception_ptr e, std::optional<result_row> row) {
        done.set(std::move(e), std::move(row));
    };
    watch watching{*in, std::move(task_id), std::move(answer)};
    auto waiting = outcome<result_row>::get(done);
    const result_row row = co_await std::move(waiting);
    watching.answered();
    co_return result_from_json(row.document);
}

awaitable<std::int64_t> purge_queue(std::shared_ptr<ledger> in, std::string name)
{
    const auto count = std::make_shared<std::int64_t>(0);
    detail::ledger::work act = [count, name = std::move(name)](task_table& t) {
        *count = t.purge(name);
    };
    auto written = write(std::move(in), detail::ledger::leaves::nothing, std::move(act));
    co_await std::move(written);
    co_return *count;
}

awaitable<std::vector<chord_part>> note_part(std::shared_ptr<ledger> in, std::string group,
                                             chord_part part)
{
    const auto all = std::make_shared<std::vector<chord_part>>();
    detail::ledger::work act = [all, group = std::move(group), part = std::move(part)](
                                   task_table& t) { *all = t.end_part(group, part); };
    auto written = write(std::move(in), detail::ledger::leaves::nothing, std::move(act));
    co_await std::move(written);
    co_return std::move(*all);
}

}  // namespace

sqlite_broker::sqlite_broker(const std::string& path, const sqlite_options& with)
    : ledger_{open(path, with)}
{
}

sqlite_broker::~sqlite_broker() = default;

const std::string& sqlite_broker::path() const noexcept
{
    return ledger_->path();
}

awaitable<void> sqlite_broker::publish(std::string queue, envelope e)
{
    new_task task = task_of(std::move(queue), std::move(e));
    detail::ledger::work act = [task = std::move(task)](task_table& t) { t.insert(task); };
    return write(ledger_, detail::ledger::leaves::news, std::move(act));
}

awaitable<std::unique_ptr<consumer>> sqlite_broker::consume(std::vector<std::string> queues,
                                                            std::size_t prefetch,
                                                            std::shared_ptr<result_store> results)
{
    const auto* own = dynamic_cast<const sqlite_results*>(results.get());
    std::optional<std::chrono::seconds> expiry;
    if (own != nullptr && own->ledger() == ledger_) expiry = own->expiry();
    co_return std::make_unique<detail::sqlite_consumer>(ledger_, std::move(queues), prefetch,
                                                        std::move(results), expiry);
}

awaitable<std::int64_t> sqlite_broker::size(std::string queue)
{
    std::function<std::int64_t(task_table&)> look = [queue = std::move(queue)](task_table& t) {
        return t.size(queue);
    };
    return read<std::int64_t>(ledger_, std::move(look));
}

awaitable<std::int64_t> sqlite_broker::purge(std::string queue)
{
    return purge_queue(ledger_, std::move(queue));
}

broker_info sqlite_broker::info() const
{
    broker_info i;
    i.transport = "sqlite";
    i.virtual_host = path();
    return i;
}

sqlite_results::sqlite_results(const std::string& path, std::chrono::seconds expiry,
                               const sqlite_options& with)
    : ledger_{open(path, with)}, expiry_{expiry}
{
}

sqlite_results::sqlite_results(const sqlite_broker& beside, std::chrono::seconds expiry)
    : ledger_{beside.ledger()}, expiry_{expiry}
{
}

sqlite_results::~sqlite_results() = default;

awaitable<void> sqlite_results::store(result_document d)
{
    detail::ledger::work act = [row = row_of(d, expiry_)](task_table& t) { t.store(row); };
    return write(ledger_, detail::ledger::leaves::news, std::move(act));
}

awaitable<result_document> sqlite_results::find(std::string task_id)
{
    std::function<result_document(task_table&)> look = [id = std::move(task_id)](task_table& t) {
        if (const auto row = t.result(id)) return result_from_json(row->document);
        result_document unknown;
        unknown.task_id = id;
        return unknown;
    };
    return read<result_document>(ledger_, std::move(look));
}

awaitable<result_document> sqlite_results::wait(std::string task_id)
{
    return wait_for(ledger_, std::move(task_id));
}

awaitable<void> sqlite_results::forget(std::string task_id)
{
    detail::ledger::work act = [id = std::move(task_id)](task_table& t) { t.forget(id); };
    return write(ledger_, detail::ledger::leaves::nothing, std::move(act));
}

awaitable<void> sqlite_results::begin_chord(std::string group, std::int64_t size, value header)
{
    const auto expires = detail::stored_now() + std::chrono::milliseconds{expiry_}.count();
    detail::ledger::work act = [group = std::move(group), size, header = std::move(header),
                                expires](task_table& t) {
        t.begin_chord(group, size, header, expires);
    };
    return write(ledger_, detail::ledger::leaves::nothing, std::move(act));
}

awaitable<void> sqlite_results::add_part(std::string group)
{
    detail::ledger::work act = [group = std::move(group)](task_table& t) { t.add_part(group); };
    return write(ledger_, detail::ledger::leaves::nothing, std::move(act));
}

awaitable<std::vector<chord_part>> sqlite_results::end_part(std::string group, chord_part part)
{
    return note_part(ledger_, std::move(group), std::move(part));
}

}  // namespace ferry::tasks
