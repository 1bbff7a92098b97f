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
