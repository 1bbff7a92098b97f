#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/async/patience.hpp"
#include "ferry/async/scope.hpp"
#include "ferry/async/waiter.hpp"
#include "ferry/tasks/broker.hpp"
#include "ferry/tasks/detail/gate.hpp"
#include "ferry/tasks/detail/home.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace ferry::tasks::detail {

/// The part of a consumer that lives at home, beside its connection, and what it shares with the
/// loops of the worker: deliveries go out through an inbox, settlements come in through an outbox,
/// many at a time: while acks come by the thousand, home looks for them by itself every two
/// milliseconds, and nobody has to wake it up.
class consumer_core : public std::enable_shared_from_this<consumer_core> {
public:
    consumer_core(std::shared_ptr<result_store> results, std::size_t prefetch)
        : prefetch_{prefetch}, results_{std::move(results)}
    {
    }
    consumer_core(const consumer_core&) = delete;
    consumer_core& operator=(const consumer_core&) = delete;
    virtual ~consumer_core() = default;

    /// \name For the loops of the worker
    /// @{
    static awaitable<std::vector<delivery>> receive(std::shared_ptr<consumer_core> self);
    static awaitable<void> settle(std::shared_ptr<consumer_core> self, std::shared_ptr<home> at,
                                  settlement s);
    void settle_later(const home& at, settlement s);
    void give_up() noexcept { *giving_up_ = true; }
    /// @}

    /// \name At home
    /// @{
    virtual awaitable<void> publish(std::string queue, envelope e) = 0;
    /// Sees to it that the broker learns what became of a delivery; of one that is settled already,
    /// nothing.
    virtual void finish(std::uint64_t tag, verdict how) = 0;
    /// What became of a delivery that leaves nothing else.
    struct ending {
        std::uint64_t tag;
        verdict how;
    };
    /// The same of many.
    virtual void finish_all(std::span<const ending> all)
    {
        for (const ending& e : all) finish(e.tag, e.how);
    }
    /// As consumer::prefetch().
    virtual void limit(std::size_t usual, std::size_t waiting) = 0;
    virtual awaitable<void> set_queue(std::string name, bool consume, queue_binding from) = 0;
    /// Gives back what is not settled.
    virtual awaitable<void> leave() = 0;

    static awaitable<void> settled(std::shared_ptr<consumer_core> self);
    static awaitable<void> close(std::shared_ptr<consumer_core> self);
    /// The end of it: closed if it is not yet, and without its result store, which may be what
    /// keeps this home.
    static awaitable<void> depart(std::shared_ptr<consumer_core> self, bool open,
                                  std::shared_ptr<std::promise<void>> gone);
    /// @}

    /// Any thread: false if the delivery will come again, to whomever.
    bool holds(std::uint64_t tag) const noexcept { return (tag >> epoch_bits) == epoch_; }

protected:
    std::uint64_t tag_of(std::uint64_t number) const noexcept
    {
        return (epoch_ << epoch_bits) | number;
    }
    static std::uint64_t number_of(std::uint64_t tag) noexcept
    {
        return tag & ((std::uint64_t{1} << epoch_bits) - 1);
    }
    /// What was handed out before is not held any more.
    void next_epoch() noexcept { ++epoch_; }

    /// Hands deliveries to the worker.
    void put(std::vector<delivery> arrived);

    std::size_t prefetch_;  ///< deliveries that may be held at once

private:
    static constexpr int epoch_bits = 40;

    using answer = std::optional<outcome<std::monostate>>;
    struct request {
        settlement what;
        answer done;  ///< if somebody waits for it
    };

    /// Looks into the outbox again after a while.
    class look final : public timer {
    public:
        explicit look(consumer_core& at) noexcept : at_{at} {}

    private:
        void expired() noexcept override { at_.drain(); }
        consumer_core& at_;
    };

    /// \param add  puts something into the outbox, with the lock held.
    template <class F>
    void put(const home& at, bool hurries, F add);
    void drain();
    static awaitable<void> publish_through(std::shared_ptr<consumer_core> self, const outgoing* o);
    static awaitable<void> carry_out(std::shared_ptr<consumer_core> self, const settlement* s);
    static awaitable<void> carry_out_for(std::shared_ptr<consumer_core> self, settlement s,
                                         outcome<std::monostate> done);
    static awaitable<void> carry_out_at_last(std::shared_ptr<consumer_core> self, settlement s);

    std::shared_ptr<result_store> results_;
    std::mutex mutex_;
    std::vector<delivery> inbox_;  ///< guarded
    std::vector<request> outbox_;  ///< guarded
    std::vector<ending> endings_;  ///< guarded; of the outbox, too
    std::vector<ending> spare_;    ///< memory for them
    bool draining_ = false;        ///< guarded: home knows that there is something, or will look
    bool unhurried_ = false;       ///< guarded: only after a while
    look look_{*this};
    ferry::patience patience_;  ///< with endings; not more than may be held would come
    bool closing_ = false;
    const std::shared_ptr<gate> arrival_ = std::make_shared<gate>();
    scope settling_;
    const std::shared_ptr<std::atomic<bool>> giving_up_ =
        std::make_shared<std::atomic<bool>>(false);
    std::atomic<std::uint64_t> epoch_ = 0;
};

/// The consumer of a broker that is reached over a network.
class remote_consumer final : public consumer {
public:
    remote_consumer(std::shared_ptr<home> at, std::shared_ptr<consumer_core> core)
        : home_{std::move(at)}, core_{std::move(core)}
    {
    }
    ~remote_consumer() override;

    awaitable<std::vector<delivery>> receive() override { return consumer_core::receive(core_); }
    awaitable<void> settle(settlement s) override
    {
        return consumer_core::settle(core_, home_, std::move(s));
    }
    bool settle_later(settlement& s) override
    {
        core_->settle_later(*home_, std::move(s));
        return true;
    }
    awaitable<void> settled() override;
    void prefetch(std::size_t usual, std::size_t waiting) override;
    void give_up() noexcept override { core_->give_up(); }
    bool holds(std::uint64_t tag) const noexcept override { return core_->holds(tag); }
    awaitable<void> set_queue(std::string name, bool consume, queue_binding from) override;
    awaitable<void> close() override;

private:
    std::shared_ptr<home> home_;
    std::shared_ptr<consumer_core> core_;
    bool open_ = true;
};

}  // namespace ferry::tasks::detail
