#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/async/loop.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/waiter.hpp"

#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace ferry::tasks::detail {

class broker_core;
class home;
class mailbox;

/// A message as its broker carries it. See broker_core::pack().
struct parcel {
    std::string queue;
    std::string exchange;  ///< as in envelope
    std::string exchange_type;
    int priority = 0;
    std::string head;  ///< AMQP: the properties; Redis: empty
    std::string body;  ///< AMQP: as such; Redis: all of the message
};

/// A message on its way to the broker, and the broker's word on its way back. Who sends it waits on
/// a loop of its own; all else is home's.
class letter {
public:
    letter(std::shared_ptr<mailbox> via, parcel what);

    const parcel content;
    std::optional<ferry::task<void>> carrier;  ///< what brings it to the broker, if that takes long

    /// The broker has it, or will not: the first word counts. At home.
    static void end(const std::shared_ptr<letter>& self, std::exception_ptr failure = nullptr);

    /// Whether nobody waits for it any more. Any thread.
    bool abandoned() const noexcept { return abandoned_; }

private:
    friend class mailbox;
    class visit;

    std::shared_ptr<mailbox> via_;
    std::optional<loop> origin_;
    std::exception_ptr failure_;
    bool over_ = false;         ///< at home
    waiter* parked_ = nullptr;  ///< of the origin's thread
    std::atomic<bool> abandoned_ = false;
};

/// Takes messages from coroutines on any loop home to their broker: those of one turn together,
/// and what becomes of them as well.
class mailbox : public std::enable_shared_from_this<mailbox> {
public:
    /// Publishes, and waits for the broker's word. Cancelled: the message may be sent all the same.
    static awaitable<void> send(std::shared_ptr<mailbox> self, std::shared_ptr<home> at,
                                std::shared_ptr<broker_core> core, std::shared_ptr<letter> mine);

private:
    friend class letter;
    using letters = std::vector<std::shared_ptr<letter>>;

    /// When home has to be called.
    enum class call : unsigned char { none, now, soon };
    call put(const std::shared_ptr<letter>& mine);
    void hand_over(broker_core& core);
    void bring_back();

    std::mutex mutex_;
    letters outgoing_;               ///< guarded
    std::optional<loop> gathering_;  ///< guarded: at whose turn's end home is called for them
    bool flows_ = false;             ///< guarded: many come at once
    letters ended_;                  ///< at home
};

}  // namespace ferry::tasks::detail
