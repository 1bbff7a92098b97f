#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

namespace ferry {
namespace {

using testing::run_program;

TEST(json_verb, prints_what_python_json_tool_prints)
{
    struct row {
        const char* name;
        const char* input;
        std::vector<std::string> options;
    };
    for (const row& r : {
             row{"nested", R"({"b":[1,2.0,{"x":null}],"a":"é\u20ac"})", {}},
             row{"empty containers", R"([[],{},""])", {}},
             row{"numbers", "[1e16,1e-5,123456789012345678901234567890,-0.0,5e-324]", {}},
             row{"sorted", R"({"b":1,"a":{"d":1,"c":2}})", {"--sort-keys"}},
             row{"two spaces", R"({"b":[1]})", {"--indent", "2"}},
             row{"tab", R"({"b":[1]})", {"--tab"}},
             row{"one line", R"({"b":[1,2]})", {"--no-indent"}},
             row{"compact", R"({"b":[1,2]})", {"--compact"}},
             row{"other letters", "[\"é\"]", {"--no-ensure-ascii"}},
             row{"lines", "{\"a\":1}\n[2]\n", {"--json-lines"}},
             row{"compact lines", "{\"a\": 1}\n[2, 3]\n", {"--json-lines", "--compact"}},
             row{"not a number", "[NaN,-Infinity,Infinity,1e400]", {}},
             row{"half a pair", R"(["\ud800"])", {}},
             row{"duplicates", R"({"a":1,"b":2,"a":3})", {}},
             row{"no indent at all", R"([1,[2]])", {"--indent", "0"}},
             row{"sorted, one line, as it is",
                 R"({"b":"\u00e9","a":{}})",
                 {"--sort-keys", "--no-indent", "--no-ensure-ascii"}},
             row{"everything", R"( {"a" : [ ] , "b" : "\/\u007f\ud83d\ude00" } )", {"--tab"}},
         }) {
        SCOPED_TRACE(r.name);
        std::vector<std::string> ferry{FERRY_COMMAND, "json"};
        std::vector<std::string> python{"/usr/bin/python3", "-m", "json.tool"};
        ferry.insert(ferry.end(), r.options.begin(), r.options.end());
        python.insert(python.end(), r.options.begin(), r.options.end());
        const auto own = run_program(ferry, r.input);
        const auto pythons = run_program(python, r.input);
        EXPECT_EQ(own.status, 0) << own.err;
        EXPECT_EQ(pythons.status, 0) << pythons.err;
        EXPECT_EQ(own.out, pythons.out);
    }
}

TEST(json_verb, refuses_bad_documents_in_pythons_words)
{
    for (const char* input :
         {"", "{", "[1,\n 2,\n  x]", "{\"a\":1,}", "[1 2]", "\"abc", "[1] x", "\"é\" \"x\""}) {
        SCOPED_TRACE(input);
        const auto own = run_program({FERRY_COMMAND, "json"}, input);
        const auto pythons = run_program({"/usr/bin/python3", "-m", "json.tool"}, input);
        EXPECT_EQ(own.status, 1);
        EXPECT_EQ(pythons.status, 1);
        EXPECT_EQ(own.out, "");
        EXPECT_EQ(own.err, pythons.err);
    }
}

TEST(json_verb, prints_what_a_query_finds)
{
    constexpr auto store = R"({"items":[{"name":"pen","price":1.5,"tags":["a","b"]},
        {"name":"ink, \"blue\"","price":20,"stock":null},{"price":3,"name":"\u00e9"}],"n":7})";
    struct row {
        const char* name;
        std::vector<std::string> options;
        const char* out;
    };
    for (const row& r : {
             row{"values", {"--query", "$.items[?@.price < 10].name"}, "\"pen\"\n\"\\u00e9\"\n"},
             row{"as they are",
                 {"--query", "$..name", "--no-ensure-ascii"},
                 "\"pen\"\n\"ink, \\\"blue\\\"\"\n\"\u00e9\"\n"},
             row{"compact",
                 {"--query", "$.items[0]", "--compact"},
                 "{\"name\":\"pen\",\"price\":1.5,\"tags\":[\"a\",\"b\"]}\n"},
             row{"nothing", {"--query", "$.none"}, ""},
             row{"lines",
                 {"--query", "$.items[*]", "--to", "ndjson"},
                 "{\"name\":\"pen\",\"price\":1.5,\"tags\":[\"a\",\"b\"]}\n"
                 "{\"name\":\"ink, \\\"blue\\\"\",\"price\":20,\"stock\":null}\n"
                 "{\"price\":3,\"name\":\"\\u00e9\"}\n"},
             row{"csv",
                 {"--query", "$.items[*]", "--to", "csv"},
                 "name,price,tags,stock\npen,1.5,\"[\"\"a\"\",\"\"b\"\"]\",\n"
                 "\"ink, \"\"blue\"\"\",20,,\n\u00e9,3,,\n"},
             row{"csv of scalars", {"--query", "$..price", "--to", "csv"}, "1.5\n20\n3\n"},
         }) {
        SCOPED_TRACE(r.name);
        std::vector<std::string> command{FERRY_COMMAND, "json"};
        command.insert(command.end(), r.options.begin(), r.options.end());
        const auto ended = run_program(command, store);
        EXPECT_EQ(ended.status, 0) << ended.err;
        EXPECT_EQ(ended.out, r.out);
    }
    const auto spread = run_program({FERRY_COMMAND, "json", "--to", "csv"}, "[[1,\"a\"],[2]]");
    EXPECT_EQ(spread.out, "1,a\n2\n");
    const auto xml =
        run_program({FERRY_COMMAND, "json", "--to", "xml"}, R"({"a":{"@x":"1","b":["c","d"]}})");
    EXPECT_EQ(xml.out,
              "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
              "<a x=\"1\">\n\t<b>c</b>\n\t<b>d</b>\n</a>\n");
    const auto items = run_program({FERRY_COMMAND, "json", "--to", "xml"}, "[1,2]");
    EXPECT_EQ(items.out,
              "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
              "<root>\n\t<item>1</item>\n\t<item>2</item>\n</root>\n");
    const auto relaxed =
        run_program({FERRY_COMMAND, "json", "--relaxed", "--compact"}, "{a: [1, 0x10,], /* c */}");
    EXPECT_EQ(relaxed.out, "{\"a\":[1,16]}\n");
    const auto bad = run_program({FERRY_COMMAND, "json", "--query", "$.a["}, "{}");
    EXPECT_EQ(bad.status, 2);
    EXPECT_EQ(bad.err, "ferry: --query: JSONPath: expected a selector (line 1 column 5)\n$.a[\n");
    EXPECT_EQ(run_program({FERRY_COMMAND, "json", "--to", "yaml"}, "{}").status, 2);
}

TEST(json_verb, reads_and_writes_files)
{
    const testing::temporary_directory folder;
    const auto made = run_program({FERRY_COMMAND, "json", "-", folder / "out"}, "[1]");
    EXPECT_EQ(made.status, 0) << made.err;
    EXPECT_EQ(testing::read_file(folder / "out"), "[\n    1\n]\n");
    const auto missing = run_program({FERRY_COMMAND, "json", folder / "none"});
    EXPECT_EQ(missing.status, 11);
    EXPECT_EQ(missing.err, "ferry: open " + (folder / "none") + ": No such file or directory\n");
}

TEST(json_verb, refuses_options_that_contradict)
{
    EXPECT_EQ(run_program({FERRY_COMMAND, "json", "--tab", "--compact"}, "[]").status, 2);
    EXPECT_EQ(run_program({FERRY_COMMAND, "json", "--no-such"}, "[]").status, 2);
}

}  // namespace
}  // namespace ferry
