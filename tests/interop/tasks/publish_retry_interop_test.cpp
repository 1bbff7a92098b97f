// Calls that are sent while their broker is away, and what Celery's worker makes of them when it is
// back: a RabbitMQ and a Redis that come and go.
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/tasks/tasks.hpp"
#include "ferry/testing/fault_server.hpp"
#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;

// Long enough for any machine, however busy.
constexpr auto patience = 90s;
const publish_retry as_long_as_it_takes{1'000'000, 50ms, 0ms};

/// Calls of ferry.add from an app whose broker this test starts and stops.
class broker_that_comes_and_goes : public ::testing::Test {
protected:
    broker_that_comes_and_goes()
    {
        log::set_level(log::level::info);
        log::set_sink([this](const log::record& r) {
            if (r.message == "a message is sent again") sent_again_ = true;
        });
    }
    ~broker_that_comes_and_goes() override
    {
        log::set_sink({});
        log::set_level(log::level::warning);
        if (!HasFailure()) return;
        for (const char* const said : {"redis.out", "celery.err"}) {
            std::cerr << said << ":\n" << testing::read_file(folder_ / said);
        }
    }

    using sending = std::future<async_result<int>>;

    /// Sends a call, and returns when the first try has failed.
    sending send_in_vain(const app& from, int x)
    {
        sent_again_ = false;
        auto call = from.signature("ferry.add", x, 1).set(as_long_as_it_takes);
        sending going = std::async(std::launch::async, [call] {
            return async_result<int>(ferry::run(timeout(patience, call.delay())));
        });
        auto failing = [](const std::atomic<bool>* again) -> awaitable<void> {
            while (!*again) co_await sleep(1ms);
        };
        ferry::run(timeout(patience, failing(&sent_again_), "a try that fails"));
        return going;
    }

    static bool cannot_be_sent(const app& from)
    {
        try {
            ferry::run(from.signature("ferry.add", 1, 1).set(publish_retry(0)).delay());
            return false;
        } catch (const error& e) {
            EXPECT_EQ(e.code(), condition::disconnected) << e.what();
            return true;
        }
    }

    static std::int64_t waiting(const app& at)
    {
        return ferry::run(timeout(patience, at.open_broker()->size("celery")));
    }

    std::unique_ptr<testing::program> celerys_worker(const std::string& url,
                                                     const std::string& backend)
    {
        return run(
            {"/usr/bin/env", "FERRY_BROKER=" + url, "FERRY_BACKEND=" + backend,
             "PYTHONPATH=" FERRY_INTEROP_DIR, "PYTHONDONTWRITEBYTECODE=1", "C_FORCE_ROOT=1",
             FERRY_PYTHON, "-m", "celery", "-A", "celery_app", "worker", "-c", "1", "-l", "INFO"},
            "celery");
    }

    std::unique_ptr<testing::program> run(const std::vector<std::string>& arguments,
                                          const std::string& name) const
    {
        return std::make_unique<testing::program>(arguments, folder_ / (name + ".out"),
                                                  folder_ / (name + ".err"));
    }

    testing::temporary_directory folder_;
    std::atomic<bool> sent_again_ = false;
};

TEST_F(broker_that_comes_and_goes, gets_each_call_once_if_it_is_redis)
{
    const std::string port = [] {
        const testing::fault_server free(testing::script().close());
        return std::to_string(free.port());
    }();
    const auto start = [&] {
        return run({"/usr/bin/env", "redis-server", "--port", port, "--bind", "127.0.0.1", "--dir",
                    folder_.path().string(), "--save", "", "--appendonly", "yes"},
                   "redis");
    };
    const std::string url = "redis://127.0.0.1:" + port + "/0";
    const app shop("shop", broker(url + "?socket_timeout=1"), results(url));
    ASSERT_TRUE(cannot_be_sent(shop));
    sending first = send_in_vain(shop, 1);
    auto server = start();
    const async_result<int> two = first.get();
    EXPECT_EQ(waiting(shop), 1);

    server->signal(SIGTERM);
    EXPECT_EQ(server->wait(patience), 0);
    ASSERT_TRUE(cannot_be_sent(shop));
    sending second = send_in_vain(shop, 2);
    server = start();
    const async_result<int> three = second.get();
    EXPECT_EQ(waiting(shop), 2);

    const auto worker = celerys_worker(url, url);
    EXPECT_EQ(ferry::run(two.get(patience)), 2);
    EXPECT_EQ(ferry::run(three.get(patience)), 3);
}

class own_rabbitmq {
public:
    own_rabbitmq() { run("start"); }
    own_rabbitmq(const own_rabbitmq&) = delete;
    own_rabbitmq& operator=(const own_rabbitmq&) = delete;
    ~own_rabbitmq() { run("stop"); }

    std::string url() const
    {
        return "amqp://guest:guest@127.0.0.1:" +
               std::to_string(std::stoi(testing::read_file(folder_ / "port"))) + "/";
    }
    void go() const { run("ctl", "stop_app"); }
    void come_back() const { run("ctl", "start_app"); }

private:
    template <class... Arguments>
    void run(const char* verb, const Arguments&... arguments) const
    {
        const auto ran = testing::run_program({FERRY_INTEROP_DIR "/../../services/rabbitmq", verb,
                                               folder_.path().string(), arguments...},
                                              {}, 3min);
        EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
    }

    testing::temporary_directory folder_;
};

TEST_F(broker_that_comes_and_goes, gets_each_call_once_if_it_is_rabbitmq)
{
    const own_rabbitmq server;
    const std::string url = server.url();
    // Results are messages: where they go is asked of the broker, too.
    const app shop("shop", broker(url + "?connection_timeout=1000"), results("rpc://"));
    server.go();
    ASSERT_TRUE(cannot_be_sent(shop));
    sending first = send_in_vain(shop, 1);
    server.come_back();
    const async_result<int> two = first.get();
    EXPECT_EQ(waiting(shop), 1);

    server.go();
    ASSERT_TRUE(cannot_be_sent(shop));
    sending second = send_in_vain(shop, 2);
    server.come_back();
    const async_result<int> three = second.get();
    EXPECT_EQ(waiting(shop), 2);

    // The result of another program's call comes here, if it says so.
    const app other("other", broker(url), results("rpc://"));
    const std::string here = ferry::run(timeout(patience, shop.open_results()->reply_to()));
    const auto call = other.signature("ferry.add", 3, 1).set(reply_to(here));
    const std::string id = ferry::run(timeout(patience, call.delay())).id();

    const auto worker = celerys_worker(url, "rpc://");
    EXPECT_EQ(ferry::run(two.get(patience)), 2);
    EXPECT_EQ(ferry::run(three.get(patience)), 3);
    EXPECT_EQ(ferry::run(shop.result<int>(id).get(patience)), 4);
}

}  // namespace
}  // namespace ferry::tasks
