// A lease in a database of tasks: a row with its holder, its end and the note.
#include "ferry/async/timeout.hpp"
#include "ferry/core/uuid.hpp"
#include "ferry/tasks/brokers/sqlite.hpp"
#include "ferry/tasks/detail/ledger_io.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;
using detail::ledger;
using detail::stored_now;
using detail::task_table;

/// Whose lease of which name; without the ledger, whose own thread may be the last to hold it.
struct claim {
    std::string name;
    std::chrono::milliseconds length;
    std::string holder = uuid4();
};

awaitable<std::string> acquire_in(std::shared_ptr<ledger> in, std::shared_ptr<const claim> what)
{
    const auto note = std::make_shared<std::optional<std::string>>();
    while (true) {
        ledger::work act = [what, note](task_table& t) {
            const auto now = stored_now();
            *note = t.claim_lease(what->name, what->holder, now, now + what->length.count());
        };
        auto claiming = detail::write(in, ledger::leaves::nothing, std::move(act));
        co_await std::move(claiming);
        if (*note) co_return std::move(**note);
        co_await sleep(std::min<std::chrono::milliseconds>(1s, what->length / 4));
    }
}

awaitable<bool> keep_in(std::shared_ptr<ledger> in, std::shared_ptr<const claim> what,
                        std::string note)
{
    const auto kept = std::make_shared<bool>(false);
    ledger::work act = [what, kept, note = std::move(note)](task_table& t) {
        const auto ends = stored_now() + what->length.count();
        *kept = t.keep_lease(what->name, what->holder, note, ends);
    };
    auto keeping = detail::write(std::move(in), ledger::leaves::nothing, std::move(act));
    co_await std::move(keeping);
    co_return *kept;
}

class sqlite_lease final : public lease {
public:
    sqlite_lease(std::shared_ptr<ledger> in, std::string name, std::chrono::milliseconds length)
        : ledger_{std::move(in)},
          claim_{std::make_shared<const claim>(claim{std::move(name), length})}
    {
    }
    awaitable<std::string> acquire() override { return acquire_in(ledger_, claim_); }
    awaitable<bool> keep(std::string note) override
    {
        return keep_in(ledger_, claim_, std::move(note));
    }
    awaitable<void> release() override
    {
        ledger::work act = [c = claim_](task_table& t) { t.leave_lease(c->name, c->holder); };
        return detail::write(ledger_, ledger::leaves::nothing, std::move(act));
    }

private:
    std::shared_ptr<ledger> ledger_;
    std::shared_ptr<const claim> claim_;
};

}  // namespace

std::unique_ptr<lease> sqlite_broker::open_lease(std::string name, std::chrono::milliseconds length)
{
    return std::make_unique<sqlite_lease>(ledger_, std::move(name), length);
}

}  // namespace ferry::tasks
