#include "ferry/tasks/detail/mailbox.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/tasks/brokers/remote.hpp"
#include "ferry/tasks/detail/arrival.hpp"
#include "ferry/tasks/detail/broker_core.hpp"
#include "ferry/tasks/detail/home.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ferry::tasks::detail {
namespace {

using namespace std::chrono_literals;

/// Takes messages, and says nothing until it is told to.
class silent_core final : public broker_core {
public:
    parcel pack(std::string queue, envelope e) const override
    {
        parcel p;
        p.queue = std::move(queue);
        p.body = std::move(e.body);
        return p;
    }
    void publish(std::vector<std::shared_ptr<letter>> all) override
    {
        for (auto& one : all) taken.push_back(std::move(one));
        ++count;
    }
    awaitable<void> publish(std::string, envelope) override { return nothing(); }
    awaitable<std::unique_ptr<consumer>> consume(std::shared_ptr<home>, std::vector<std::string>,
                                                 std::size_t,
                                                 std::shared_ptr<result_store>) override
    {
        throw error{ferry::errc::unsupported, "not here"};
    }
    awaitable<std::int64_t> size(std::string) override { return none(); }
    awaitable<std::int64_t> purge(std::string) override { return none(); }
    awaitable<std::unique_ptr<listener>> listen(std::shared_ptr<home>, bus, std::string,
                                                std::string) override
    {
        throw error{ferry::errc::unsupported, "not here"};
    }
    awaitable<void> announce(bus, std::string, envelope) override { return nothing(); }
    std::unique_ptr<lease> open_lease(std::shared_ptr<home>, std::string,
                                      std::chrono::milliseconds) override
    {
        return nullptr;
    }

    std::vector<std::shared_ptr<letter>> taken;  ///< at home
    std::atomic<int> count = 0;

private:
    static awaitable<void> nothing() { co_return; }
    static awaitable<std::int64_t> none() { co_return 0; }
};

class silent_broker final : public remote_broker {
public:
    explicit silent_broker(std::shared_ptr<silent_core> core) : remote_broker{core}, core_{core} {}
    broker_info info() const override { return {}; }

    /// The broker's word on all messages so far.
    void answer(std::exception_ptr failure) const
    {
        home()->post([core = core_, failure] {
            for (const auto& one : core->taken) letter::end(one, failure);
            core->taken.clear();
        });
    }

private:
    std::shared_ptr<silent_core> core_;
};

awaitable<void> until_taken(std::shared_ptr<silent_core> core, int count)
{
    while (core->count < count) co_await yield_now();
}

message some()
{
    message m;
    m.task = "t";
    m.id = "1";
    return m;
}

awaitable<void> send(std::shared_ptr<silent_broker> to, std::shared_ptr<arrival> result, bool* sent)
{
    auto publishing = to->publish("q", some(), result);
    co_await std::move(publishing);
    *sent = true;
}

awaitable<void> the_result_is_enough()
{
    const auto core = std::make_shared<silent_core>();
    const auto to = std::make_shared<silent_broker>(core);
    const auto result = std::make_shared<arrival>();
    bool sent = false;
    const auto sending = spawn(send(to, result, &sent));
    co_await until_taken(core, 1);
    for (int i = 0; i < 10; ++i) co_await yield_now();
    EXPECT_FALSE(sent) << "neither the broker nor a result has said anything";
    result->tell();
    co_await sending.join();
    EXPECT_TRUE(sent);
    // A word that comes later changes nothing.
    to->answer(std::make_exception_ptr(error{ferry::errc::disconnected, "late"}));
    bool again = false;
    const auto another = spawn(send(to, nullptr, &again));
    co_await until_taken(core, 2);
    to->answer(nullptr);
    co_await another.join();
    EXPECT_TRUE(again);
}

awaitable<void> the_brokers_word_is_enough()
{
    const auto core = std::make_shared<silent_core>();
    const auto to = std::make_shared<silent_broker>(core);
    const auto result = std::make_shared<arrival>();
    bool sent = false;
    const auto sending = spawn(send(to, result, &sent));
    co_await until_taken(core, 1);
    to->answer(std::make_exception_ptr(error{ferry::errc::disconnected, "refused"}));
    bool refused = false;
    try {
        co_await sending.join();
    } catch (const error& e) {
        refused = e.code() == condition::disconnected;
    }
    EXPECT_TRUE(refused);
    EXPECT_FALSE(sent);
    result->tell();
}

TEST(mailbox, a_result_ends_the_wait_for_the_brokers_word)
{
    run(the_result_is_enough());
}

TEST(mailbox, the_brokers_word_comes_first_mostly)
{
    run(the_brokers_word_is_enough());
}

}  // namespace
}  // namespace ferry::tasks::detail
