#include "ferry/core/file.hpp"
#include "ferry/tasks/detail/worker_core.hpp"
#include "ferry/tasks/tasks.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;

class state_db_test : public ::testing::Test {
protected:
    worker_settings settings() const
    {
        worker_settings with;
        const state_db in{path_};
        in(with);
        return with;
    }

    testing::temporary_directory dir_;
    std::string path_ = dir_ / "state.json";
    app app_{"shop", broker("sqlite://" + (dir_ / "t.db"))};
};

TEST_F(state_db_test, what_was_revoked_stays_so_over_a_restart)
{
    {
        detail::worker_core before{app_.core(), settings()};
        before.recall();
        before.revoked_ids.add("one");
        before.revoked_ids.add("old", 2h);
        before.revoked_by_stamp.add("customer", value("17"));
        before.clock->saw(40);
        before.write_down();
    }
    detail::worker_core after{app_.core(), settings()};
    after.recall();
    EXPECT_TRUE(after.revoked_ids.contains("one"));
    EXPECT_TRUE(after.revoked_ids.contains("old"));
    EXPECT_GE(after.revoked_ids.ages()[0].second, 2h) << "it does not grow younger";
    EXPECT_TRUE(after.revoked_by_stamp.contain(
        value::object("stamps", value::object("customer", value::array("17")))));
    EXPECT_GT(after.clock->now(), 40);
}

TEST_F(state_db_test, a_file_that_is_something_else_is_an_error)
{
    for (const char* const text :
         {"", "[]", R"({"revoked": {"x": "soon"}, "stamps": {}, "clock": 1})",
          R"({"revoked": []})"}) {
        SCOPED_TRACE(text);
        replace_file(path_, text);
        detail::worker_core core{app_.core(), settings()};
        EXPECT_THROW(core.recall(), error);
    }
}

TEST(revoked_stamps, are_found_in_lists_and_alone)
{
    detail::revoked_stamps revoked;
    const auto stamped = [](value stamps) {
        return value::object("stamps", value::object("customer", std::move(stamps)));
    };
    EXPECT_FALSE(revoked.contain(stamped("17")));
    revoked.add("customer", value::array("17", 18));
    revoked.add("order", value("x"));
    EXPECT_TRUE(revoked.contain(stamped("17")));
    EXPECT_TRUE(revoked.contain(stamped(value::array("1", "17"))));
    EXPECT_TRUE(revoked.contain(stamped(18)));
    EXPECT_FALSE(revoked.contain(stamped("x"))) << "of another header";
    EXPECT_FALSE(revoked.contain(value::object("stamps", "17")));
    EXPECT_FALSE(revoked.contain(value::object()));
    for (std::size_t i = 0; i <= detail::revoked_stamps::most; ++i) {
        revoked.add("n", value(std::to_string(i)));
    }
    EXPECT_FALSE(revoked.contain(stamped("17"))) << "only the latest are kept";
}

TEST(stamp, is_a_header_of_the_call)
{
    call_settings call;
    stamp("customer", 17)(call);
    stamp("customer", 18)(call);
    stamp("order", "x")(call);
    EXPECT_EQ(call.message.headers["stamped_headers"], value::array("customer", "order"));
    EXPECT_EQ(call.message.headers["stamps"]["customer"], value::array(17, 18));
}

}  // namespace
}  // namespace ferry::tasks
