// A call as ferry publishes it, taken by kombu: all that Celery's protocol wants is there.
#include "ferry/async/run.hpp"
#include "ferry/tasks/tasks.hpp"
#include "ferry/testing/program.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <string>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;

TEST(celery_message, what_ferry_publishes_is_what_celery_would)
{
    for (const char* const variable : {"FERRY_REDIS", "FERRY_RABBITMQ"}) {
        SCOPED_TRACE(variable);
        const char* const url = std::getenv(variable);
        ASSERT_NE(url, nullptr) << "names no server";
        app a("shop", broker(url), queue("published"));
        auto call = a.signature("shop.add", 2, "é");
        call = call.set(kwarg("k", nullptr), priority(3), countdown(30min), expires(2h),
                        time_limit(30s, 20s), header("tenant", 7));
        ferry::run(call.delay());
        const auto looked = testing::run_program(
            {FERRY_PYTHON, FERRY_INTEROP_DIR "/published_peer.py", url, "published"}, {}, 5min);
        EXPECT_EQ(looked.status, 0) << looked.out << looked.err;
    }
}

}  // namespace
}  // namespace ferry::tasks
