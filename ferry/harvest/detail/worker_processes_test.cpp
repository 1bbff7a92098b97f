#include "ferry/harvest/detail/worker_processes.hpp"

#include "ferry/core/error.hpp"

#include <gtest/gtest.h>

#include <system_error>
#include <thread>

namespace ferry::harvest::detail {
namespace {

// Replaces dead workers until that fails.
std::error_code fate_of(const char* script)
{
    worker_processes workers({"/bin/sh", "-c", script}, ".", 2);
    for (;;) {
        try {
            workers.replace_dead();
        } catch (const error& e) {
            return e.code();
        }
        std::this_thread::yield();
    }
}

TEST(worker_processes, stop_at_once_when_the_disk_is_full)
{
    EXPECT_EQ(fate_of("exit 4"), std::errc::no_space_on_device);
}

TEST(worker_processes, are_replaced_only_so_often)
{
    EXPECT_EQ(fate_of("exit 1"), errc::disconnected);
}

}  // namespace
}  // namespace ferry::harvest::detail
