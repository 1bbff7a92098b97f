#include "ferry/tasks/detail/mailbox.hpp"

#include "ferry/tasks/detail/broker_core.hpp"
#include "ferry/tasks/detail/home.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ferry::tasks::detail {
namespace {

// So many letters that come home together are worth waiting for.
constexpr std::size_t many = 4;

}  // namespace

letter::letter(std::shared_ptr<mailbox> via, parcel what)
    : content{std::move(what)}, via_{std::move(via)}
{
}

void letter::end(const std::shared_ptr<letter>& self, std::exception_ptr failure)
{
    if (std::exchange(self->over_, true)) return;
    self->failure_ = std::move(failure);
    self->carrier.reset();
    mailbox& via = *self->via_;
    if (via.ended_.empty()) loop::current().post([box = self->via_] { box->bring_back(); });
    via.ended_.push_back(self);
}

/// The time in which somebody waits for the broker's word.
class letter::visit {
public:
    visit(std::shared_ptr<letter> what, std::shared_ptr<home> at, waiter& parked)
        : letter_{std::move(what)}, home_{std::move(at)}
    {
        letter_->parked_ = &parked;
    }
    visit(const visit&) = delete;
    visit& operator=(const visit&) = delete;
    ~visit()
    {
        letter_->parked_ = nullptr;
        if (over) return;
        letter_->abandoned_ = true;
        home_->post([what = std::move(letter_)] {
            if (what->carrier) what->carrier->cancel();
        });
    }
    bool over = false;

private:
    std::shared_ptr<letter> letter_;
    std::shared_ptr<home> home_;
};

awaitable<void> mailbox::send(std::shared_ptr<mailbox> self, std::shared_ptr<home> at,
                              std::shared_ptr<broker_core> core, std::shared_ptr<letter> mine)
{
    mine->origin_ = loop::current();
    const auto held = mine->origin_->hold();
    waiter parked;
    letter::visit waiting{mine, at, parked};
    switch (self->put(mine)) {
        case call::none: break;
        case call::now: at->post([self, core] { self->hand_over(*core); }); break;
        case call::soon:
            mine->origin_->post(
                [self, at, core] { at->post([self, core] { self->hand_over(*core); }); });
            break;
    }
    co_await parked.park();
    waiting.over = true;
    if (mine->failure_) std::rethrow_exception(mine->failure_);
}

/// Home is called for the first letter. While there are many in each turn of a loop, it is called
/// at the turn's end, or it would come for the first few of them.
mailbox::call mailbox::put(const std::shared_ptr<letter>& mine)
{
    const std::lock_guard lock{mutex_};
    const bool first = outgoing_.empty();
    outgoing_.push_back(mine);
    if (first && flows_) {
        gathering_ = mine->origin_;
        return call::soon;
    }
    // Nobody waits for the end of another loop's turn.
    const bool others = gathering_ && gathering_ != mine->origin_;
    if (others) gathering_.reset();
    return first || others ? call::now : call::none;
}

void mailbox::hand_over(broker_core& core)
{
    letters all;
    {
        const std::lock_guard lock{mutex_};
        all.swap(outgoing_);
        gathering_.reset();
        if (!all.empty()) flows_ = all.size() >= many;
    }
    std::erase_if(all, [](const auto& l) { return l->abandoned(); });
    core.publish(std::move(all));
}

/// Each loop hears of all that it waits for at once.
void mailbox::bring_back()
{
    letters all = std::exchange(ended_, {});
    for (auto from = all.begin(); from != all.end();) {
        const loop to = *(*from)->origin_;
        const auto until =
            std::find_if(from, all.end(), [&](const auto& l) { return l->origin_ != to; });
        to.post([part = letters(std::make_move_iterator(from), std::make_move_iterator(until))] {
            for (const auto& l : part) {
                if (l->parked_ != nullptr) l->parked_->wake();
            }
        });
        from = until;
    }
}

}  // namespace ferry::tasks::detail
