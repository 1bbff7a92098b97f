#include "ferry/tasks/detail/result_table.hpp"

#include "ferry/core/bytes.hpp"
#include "ferry/formats/pickle.hpp"
#include "ferry/tasks/serializer.hpp"

#include <gtest/gtest.h>

namespace ferry::tasks::detail {
namespace {

using namespace std::string_literals;

TEST(result_columns, are_celerys)
{
    result_document d;
    d.task_id = "1";
    d.status = "FAILURE";
    d.result = value::object("exc_type", "ValueError", "exc_message", value::array("no"),
                             "exc_module", "builtins");
    d.date_done = iso8601::parse("2026-11-22T06:43:45Z").utc;
    const result_columns row = columns_of(d);
    EXPECT_EQ(row.date_done, "2026-11-22 06:43:45.000000");
    EXPECT_FALSE(row.traceback);
    EXPECT_FALSE(row.name);
    const value kept = pickle::load(as_bytes(row.result));
    EXPECT_TRUE(kept["exc_message"].is_tuple()) << "as Celery has it";
    const result_document again = document_of(row);
    EXPECT_EQ(again.date_done, d.date_done);
    EXPECT_EQ(again.status, d.status);
}

TEST(result_columns, of_a_pickled_exception_are_read_and_nothing_is_run)
{
    // pickle.dumps(ValueError('no', 1), 2)
    const std::string pickled{
        "\x80\x02\x63"s
        "builtins\nValueError\nX\x02\x00\x00\x00noK\x01\x86R."s};
    result_columns row;
    row.task_id = "1";
    row.status = "FAILURE";
    row.result = pickled;
    const result_document d = document_of(row);
    EXPECT_EQ(d.result["exc_type"], value("ValueError"));
    EXPECT_EQ(d.result["exc_module"], value("builtins"));
    EXPECT_EQ(d.result["exc_message"], value::array("no", 1));
}

TEST(result_from_bytes, reads_every_serializer_of_celerys)
{
    const value document = value::object("status", "SUCCESS", "result", value::array(1, "x"),
                                         "traceback", nullptr, "children", value::array(),
                                         "date_done", "2026-11-22T06:43:45", "task_id", "1");
    for (const char* const serializer : {"json", "pickle", "yaml", "msgpack"}) {
        SCOPED_TRACE(serializer);
        const result_document d = result_from_bytes(find_codec(serializer).dump(document));
        EXPECT_EQ(d.task_id, "1");
        EXPECT_EQ(d.result, value::array(1, "x"));
        EXPECT_TRUE(d.date_done);
        const value list = value::array(4, 5);
        EXPECT_EQ(parse_serialized(find_codec(serializer).dump(list)), list);
    }
    for (const char* const text : {"", "\x80", "\x81", "{", "[", "- 1\n -", "x: ["}) {
        SCOPED_TRACE(text);
        EXPECT_THROW(result_from_bytes(text), error);
    }
}

TEST(result_columns, refuse_garbage)
{
    for (const char* const pickled : {"x", "\x80\x04", "\x80\x09."}) {
        SCOPED_TRACE(pickled);
        result_columns row;
        row.task_id = "1";
        row.status = "SUCCESS";
        row.result = pickled;
        EXPECT_THROW(document_of(row), error);
    }
}

}  // namespace
}  // namespace ferry::tasks::detail
