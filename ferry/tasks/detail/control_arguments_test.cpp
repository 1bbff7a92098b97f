#include "ferry/tasks/detail/control_arguments.hpp"

#include "ferry/core/error.hpp"
#include "ferry/documents/json.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ferry::tasks::detail {
namespace {

TEST(control_arguments, are_named_or_in_celerys_order)
{
    struct row {
        const char* method;
        std::vector<std::string> words;
        const char* arguments;
    };
    for (const row& r : {
             row{"ping", {}, "{}"},
             row{"autoscale", {"3", "2"}, R"({"max":3,"min":2})"},
             row{"autoscale", {"min=2", "3"}, R"({"min":2,"max":3})"},
             row{"pool_grow", {"n=2"}, R"({"n":2})"},
             row{"rate_limit", {"1", "10"}, R"({"task_name":"1","rate_limit":"10"})"},
             row{"time_limit", {"a", "1.5", "3"}, R"({"task_name":"a","soft":1.5,"hard":3})"},
             row{"revoke", {"1", "true"}, R"({"task_id":["1","true"]})"},
             row{"revoke",
                 {"id", "terminate=true", "signal=KILL"},
                 R"({"task_id":["id"],"terminate":true,"signal":"KILL"})"},
             row{"terminate", {"KILL", "1", "2"}, R"({"signal":"KILL","task_id":["1","2"]})"},
             row{"registered", {"name", "acks_late"}, R"({"taskinfoitems":["name","acks_late"]})"},
             row{"conf", {"true"}, R"({"with_defaults":true})"},
             row{"hello", {"from_node=w"}, R"({"from_node":"w"})"},
             row{"own", {"a=[1]"}, R"({"a":[1]})"},
         }) {
        SCOPED_TRACE(r.method);
        EXPECT_EQ(control_arguments(r.method, r.words), json::parse(r.arguments));
    }
    EXPECT_THROW(control_arguments("ping", {"1"}), error);
    EXPECT_THROW(control_arguments("pool_grow", {"1", "2"}), error);
    EXPECT_THROW(control_arguments("hello", {"w"}), error);
    EXPECT_THROW(control_arguments("own", {"a"}), error);
    EXPECT_THROW(control_arguments("own", {"=a"}), error);
}

}  // namespace
}  // namespace ferry::tasks::detail
