#include "ferry/tasks/result.hpp"

#include "ferry/documents/json.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <ios>
#include <stdexcept>

namespace ferry::tasks {
namespace {

TEST(result_document, is_celerys)
{
    const char* captured = R"({"status":"SUCCESS","result":5,"traceback":null,"children":[],)"
                           R"("date_done":"2026-11-22T06:43:45.461024+00:00","task_id":"f52e"})";
    const result_document d = result_from_json(captured);
    EXPECT_EQ(d.task_id, "f52e");
    EXPECT_EQ(d.result, value(5));
    EXPECT_TRUE(d.ready());
    EXPECT_EQ(to_json(d), captured);
    const result_document naive = result_from_json(
        R"({"status":"RETRY","result":null,"date_done":"2026-11-22T06:43:45.461024","task_id":"a"})");
    EXPECT_EQ(naive.date_done, d.date_done) << "without an offset it is UTC";
    EXPECT_FALSE(naive.ready());
}

TEST(result_document, refuses_what_is_none)
{
    for (const char* text : {"", "[]", "5", "{}", R"({"status":"SUCCESS"})", R"({"task_id":"x"})",
                             R"({"status":1,"task_id":"x"})"}) {
        SCOPED_TRACE(text);
        EXPECT_THROW(result_from_json(text), error);
    }
}

TEST(task_error, shows_the_workers_exception)
{
    struct row {
        const char* status;
        const char* result;
        const char* type;
        const char* message;
        std::error_code code;
    };
    for (const row& r : {
             row{"FAILURE",
                 R"({"exc_type":"ValueError","exc_message":["boom"],"exc_module":"builtins"})",
                 "ValueError", "boom", errc::task_failed},
             row{"FAILURE", R"({"exc_type":"Odd","exc_message":[1,"a"],"exc_module":null})", "Odd",
                 "(1, 'a')", errc::task_failed},
             row{"FAILURE", R"({"exc_type":"Old","exc_message":"text"})", "Old", "text",
                 errc::task_failed},
             row{"FAILURE", R"({"exc_type":"NotRegistered","exc_message":["x"]})", "NotRegistered",
                 "x", errc::not_registered},
             row{"REVOKED", R"({"exc_type":"TaskRevokedError","exc_message":["expired"]})",
                 "TaskRevokedError", "expired", errc::task_revoked},
             row{"FAILURE", "null", "", "", errc::task_failed},
             row{"FAILURE", "[1]", "", "[1]", errc::task_failed},
             row{"FAILURE", R"("by hand")", "", "by hand", errc::task_failed},
             row{"FAILURE", R"({"why":"by hand"})", "", "{'why': 'by hand'}", errc::task_failed},
             row{"REVOKED", "null", "", "", errc::task_revoked},
         }) {
        SCOPED_TRACE(r.result);
        result_document d;
        d.task_id = "1";
        d.status = r.status;
        d.result = json::parse(r.result);
        const task_error e{d};
        EXPECT_EQ(e.exc_type(), r.type);
        EXPECT_EQ(e.message(), r.message);
        EXPECT_EQ(e.code(), r.code);
        const std::string kind = *r.type == '\0' ? r.status : r.type;
        EXPECT_EQ(e.what(), "1: " + kind + (*r.message == '\0' ? "" : ": ") + r.message);
    }
}

template <class E>
std::string named(const E& e)
{
    const value v = exception_to_value(std::make_exception_ptr(e));
    return json::dump(v["exc_module"]) + v["exc_type"].as<std::string>() + "|" + exception_repr(v);
}

namespace shop {
struct sold_out : std::runtime_error {
    using std::runtime_error::runtime_error;
};
template <class T>
struct of : std::exception {};
}  // namespace shop

TEST(exception, gets_pythons_name_if_it_has_one)
{
    const std::string b = "\"builtins\"";
    EXPECT_EQ(named(std::invalid_argument{"no"}), b + "ValueError|ValueError('no')");
    EXPECT_EQ(named(std::out_of_range{"5"}), b + "IndexError|IndexError('5')");
    EXPECT_EQ(named(std::runtime_error{"x"}), b + "RuntimeError|RuntimeError('x')");
    EXPECT_EQ(named(std::bad_alloc{}), b + "MemoryError|MemoryError('std::bad_alloc')");
    EXPECT_EQ(named(lookup_error{"$.a"}), b + "KeyError|KeyError('$.a: not found')");
    EXPECT_EQ(named(timeout_error{"x", std::chrono::seconds{1}}),
              b + "TimeoutError|TimeoutError('x: no answer within 1 s')");
    EXPECT_EQ(named(resolve_error{ferry::errc::unresolved, "h"}),
              b + "ConnectionError|ConnectionError('h')");
    EXPECT_EQ(named(error{ferry::errc::denied, "no"}), b + "RuntimeError|RuntimeError('no')");
    EXPECT_EQ(named(std::string{"text"}), b + "Exception|Exception('unknown exception')");
    EXPECT_EQ(named(task_error{"Odd", "py.mod", "m"}), "\"py.mod\"Odd|Odd('m')");
    EXPECT_EQ(named(limit_error{"max", 1}),
              "\"ferry\"limit_error|limit_error('limit max = 1 exceeded')");
    EXPECT_EQ(named(cancelled()), "\"ferry\"cancelled|cancelled('cancelled')");
    EXPECT_NE(named(shop::sold_out{"pens"}).find("sold_out|sold_out('pens')"), std::string::npos);
    EXPECT_NE(named(shop::of<std::string>{}).find(".shop\"of<"), std::string::npos);
}

}  // namespace
}  // namespace ferry::tasks
