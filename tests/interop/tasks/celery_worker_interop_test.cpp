// Real Celery's clients and tools against examples/celery_worker.cpp: celery_checks.py has the
// checks. Wants FERRY_REDIS and FERRY_RABBITMQ, which tests/services/with_redis and with_rabbitmq
// set.
#include "ferry/testing/environment.hpp"
#include "ferry/testing/program.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace ferry::tasks {
namespace {

using testing::server;

void check(const std::string& broker, const std::string& backend,
           const char* script = "/celery_checks.py", const char* program = FERRY_CELERY_WORKER,
           const char* pool = "processes", const char* checks = "")
{
    const auto ran = testing::run_program(
        {"/usr/bin/env", std::string{"CHECKS="} + checks, FERRY_PYTHON,
         std::string{FERRY_INTEROP_DIR} + script, program, broker, backend, pool},
        {}, std::chrono::minutes{10});
    EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
}

TEST(celery_worker, serves_celery_through_redis)
{
    const std::string redis = server("FERRY_REDIS");
    check(redis, redis);
}

TEST(celery_worker, serves_celery_through_rabbitmq_with_results_in_redis)
{
    check(server("FERRY_RABBITMQ"), server("FERRY_REDIS"));
}

TEST(celery_worker, serves_celery_through_rabbitmq_with_results_as_messages)
{
    check(server("FERRY_RABBITMQ"), "rpc://");
}

TEST(celery_worker, serves_celery_with_threads)
{
    const std::string redis = server("FERRY_REDIS");
    // Those that a pool could make a difference to.
    check(redis, redis, "/celery_checks.py", FERRY_CELERY_WORKER, "threads",
          "calls_and_keywords,values_survive,megabytes,serializers_and_compression,"
          "chains_and_groups,chords,links,chord_error_links,failures,retries,limits,control_"
          "replies,revocation,events,"
          "burst,warm_stop,killed_with_late_acks");
}

TEST(celery_worker, is_one_of_celerys_cluster)
{
    const std::string redis = server("FERRY_REDIS");
    check(redis, redis, "/cluster_checks.py");
    check(server("FERRY_RABBITMQ"), redis, "/cluster_checks.py");
}

TEST(celery_worker, replies_and_tells_what_celerys_does)
{
    const std::string redis = server("FERRY_REDIS");
    check(server("FERRY_RABBITMQ"), redis, "/fields_checks.py");
    check(redis, redis, "/fields_checks.py");
}

TEST(celery_worker, gives_callers_what_celerys_gives)
{
    const std::string redis = server("FERRY_REDIS");
    check(redis, redis, "/likeness_checks.py");
    check(server("FERRY_RABBITMQ"), redis, "/likeness_checks.py");
}

TEST(celery_worker, hears_what_is_told_to_all)
{
    const std::string redis = server("FERRY_REDIS");
    check(redis, redis, "/broadcast_checks.py");
    check(server("FERRY_RABBITMQ"), redis, "/broadcast_checks.py");
}

TEST(celery_worker, is_written_and_run_as_the_guide_tells)
{
    const std::string redis = server("FERRY_REDIS");
    check(server("FERRY_RABBITMQ"), redis, "/guide_checks.py", FERRY_CELERY_SHOP);
    check(redis, redis, "/guide_checks.py", FERRY_CELERY_SHOP);
}

TEST(celery_beat, sends_to_celerys_worker_and_one_of_two_leads)
{
    const std::string redis = server("FERRY_REDIS");
    for (const std::string& broker : {redis, server("FERRY_RABBITMQ")}) {
        SCOPED_TRACE(broker);
        check(broker, redis, "/beat_checks.py", FERRY_CELERY_WORKER, FERRY_COMMAND);
    }
}

TEST(celery_worker, goes_on_after_a_restart_of_its_server)
{
    for (const char* server : {"redis", "rabbitmq"}) {
        SCOPED_TRACE(server);
        const auto ran =
            testing::run_program({FERRY_PYTHON, FERRY_INTEROP_DIR "/restart_checks.py",
                                  FERRY_CELERY_WORKER, FERRY_INTEROP_DIR "/../../services", server},
                                 {}, std::chrono::minutes{8});
        EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
    }
}

TEST(celery_client, is_served_by_celerys_worker_through_redis)
{
    const std::string redis = server("FERRY_REDIS");
    check(redis, redis, "/client_checks.py", FERRY_CELERY_CLIENT);
}

TEST(celery_client, is_served_by_celerys_worker_through_rabbitmq)
{
    check(server("FERRY_RABBITMQ"), "rpc://", "/client_checks.py", FERRY_CELERY_CLIENT);
}

}  // namespace
}  // namespace ferry::tasks
