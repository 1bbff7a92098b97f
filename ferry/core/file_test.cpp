#include "ferry/core/file.hpp"

#include "ferry/core/error.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace ferry {
namespace {

/// A folder of its own for each test.
class file : public ::testing::Test {
protected:
    file()
    {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
    }
    ~file() override { std::filesystem::remove_all(folder_); }

    std::string path(const std::string& name) const { return (folder_ / name).string(); }

    const std::filesystem::path folder_ =
        std::filesystem::temp_directory_path() / ("ferry-file-test-" + std::to_string(::getpid()));
};

TEST_F(file, is_replaced_whole)
{
    replace_file(path("a"), "first");
    replace_file(path("a"), std::string(100'000, 'x'));
    EXPECT_EQ(read_whole_file(path("a"), 100'000), std::string(100'000, 'x'));
    struct stat about{};
    ASSERT_EQ(::stat(path("a").c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0600U);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(file, is_read_up_to_a_limit)
{
    replace_file(path("a"), "12345");
    EXPECT_EQ(read_whole_file(path("a"), 5), "12345");
    EXPECT_THROW(read_whole_file(path("a"), 4), limit_error);
    EXPECT_THROW(read_whole_file(path("none"), 4), error);
    EXPECT_THROW(replace_file(path("none/a"), "x"), error);
}

TEST_F(file, lock_keeps_others_out)
{
    EXPECT_EQ(file_lock::holder(path("lock")), 0);
    {
        const file_lock mine(path("lock"), "the shop");
        EXPECT_EQ(file_lock::holder(path("lock")), ::getpid());
        try {
            const file_lock second(path("lock"), "the shop");
            FAIL();
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::invalid_state);
            EXPECT_EQ(std::string(e.what()),
                      "the shop: in use by process " + std::to_string(::getpid()));
        }
    }
    EXPECT_EQ(file_lock::holder(path("lock")), 0);
    const file_lock again(path("lock"));
}

TEST_F(file, lock_ends_with_its_process)
{
    const pid_t child = ::fork();
    if (child == 0) {
        static const file_lock held(path("lock"));
        ::_exit(file_lock::holder(path("lock")) == ::getpid() ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    const file_lock mine(path("lock"));
}

}  // namespace
}  // namespace ferry
