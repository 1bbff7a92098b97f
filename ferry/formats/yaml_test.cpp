#include "ferry/formats/yaml.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ferry::yaml {
namespace {

TEST(yaml, plain_scalars_are_those_of_yaml_1_1)
{
    struct row {
        const char* text;
        value wanted;
    };
    const row rows[] = {
        {"yes", true},
        {"Off", false},
        {"y", "y"},
        {"yEs", "yEs"},
        {"~", {}},
        {"null", {}},
        {"010", 8},
        {"0o10", "0o10"},
        {"0x1F", 31},
        {"-0b11", -3},
        {"1_000", 1000},
        {"12:30:45", 45045},
        {"1e3", "1e3"},
        {"1.5e3", "1.5e3"},
        {"1.5e+3", 1500.0},
        {"1.", 1.0},
        {"1:30.5", 90.5},
        {"08", "08"},
        {"+.5", "+.5"},
        {"-", "-"},
        {"2001-1-1", "2001-1-1"},
        {"99999999999999999999", value::integer("99999999999999999999")},
        {"0xffffffffffffffffff", value::integer("4722366482869645213695")},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.text);
        const value v = load("{a: " + std::string{r.text} + "}");
        EXPECT_EQ(v["a"], r.wanted);
        EXPECT_EQ(v["a"].kind(), r.wanted.kind());
    }
    EXPECT_TRUE(load("2001-12-14").is_timestamp());
    EXPECT_EQ(load(""), value{});
}

TEST(yaml, merges_and_aliases)
{
    EXPECT_EQ(load("base: &b {x: 1, y: 2}\nd:\n  <<: *b\n  y: 3\n")["d"],
              value::object("x", 1, "y", 3));
    EXPECT_EQ(load("a: &x [1]\nb: *x"), value::object("a", value::array(1), "b", value::array(1)));
    EXPECT_THROW(load("&a [*a]"), type_error);
    EXPECT_EQ(load("&a {<<: *a}"), value::object());
    EXPECT_THROW(load("&a {x: {<<: *a}}"), parse_error);
    EXPECT_EQ(load("<<: {a: 1}\na: 2", load_options().duplicates(duplicate_keys::error)),
              value::object("a", 2));
    EXPECT_THROW(load("a: 1\na: 2", load_options().duplicates(duplicate_keys::error)), parse_error);
    EXPECT_EQ(load("a: 1\na: 2"), value::object("a", 2));
}

TEST(yaml, errors_name_line_and_column)
{
    try {
        load("a: 1\nb: !!python/object:os.system {}\n");
        FAIL();
    } catch (const parse_error& e) {
        EXPECT_EQ(e.where().line, 2U);
        EXPECT_EQ(e.where().column, 4U);
        EXPECT_EQ(e.where().offset, 8U);
        EXPECT_EQ(e.excerpt(), "b: !!python/object:os.system {}");
    }
    const char* const bad[] = {"\ta: 1",    "@x",         "{a: 1", "'x",
                               "a\n---\nb", "*x",         "=",     "? [a]\n: 1",
                               "- !!int x", "2020-13-01", "\x01",  "\xff"};
    for (const char* const text : bad) {
        SCOPED_TRACE(text);
        EXPECT_THROW(load(text), parse_error);
    }
}

TEST(yaml, limits_have_names)
{
    const auto hits = [](const std::string& text, const load_options& options,
                         std::string_view name) {
        try {
            load(text, options);
            ADD_FAILURE() << name;
        } catch (const limit_error& e) {
            EXPECT_EQ(e.name(), name);
        }
    };
    hits(std::string(300, '['), load_options(), "max_depth");
    hits("12345", load_options().max_digits(4), "max_digits");
    std::string laughs = "- &a0 [x]\n";
    std::string merges = "- &a0 {x: 1, y: 2}\n";
    for (int i = 1; i < 30; ++i) {
        const std::string before = "*a" + std::to_string(i - 1);
        laughs += "- &a" + std::to_string(i) + " [" + before + ", " + before + "]\n";
        merges += "- &a" + std::to_string(i) + " {<<: [" + before + ", " + before + "]}\n";
    }
    hits(laughs, load_options(), "max_expanded");
    hits(merges, load_options(), "max_expanded");
}

TEST(yaml, lone_surrogates_are_read_if_asked_and_written_as_python_does)
{
    const auto read = [](std::string_view text) {
        return load(text, load_options().lone_surrogates());
    };
    struct row {
        const char* text;
        value wanted;
    };
    const row rows[] = {
        {R"("a\uD800b\udfFF")",
         "a\xed\xa0\x80"
         "b\xed\xbf\xbf"},
        {R"(["\uD83D\uDE00", "\uD7FF\uE000"])",
         value::array("\xed\xa0\xbd\xed\xb8\x80", "\uD7FF\uE000")},
        {R"("\\uD800")", "\\uD800"},
        {R"("\\\uD800")", "\\\xed\xa0\x80"},
        {R"({"\uD800": 'not \uD800', plain \ud8aF: x})",
         value::object("\xed\xa0\x80", "not \\uD800", "plain \\ud8aF", "x")},
        {"- |\n  \\uD800\n- \"\\uD800\"\n", value::array("\\uD800\n", "\xed\xa0\x80")},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.text);
        EXPECT_EQ(read(r.text), r.wanted);
        EXPECT_EQ(read(dump(r.wanted)), r.wanted);
    }
    EXPECT_THROW(load(rows[0].text), parse_error);
    EXPECT_EQ(dump("a\xed\xa0\x80"), "\"a\\uD800\"\n");
    EXPECT_EQ(dump("\u00e9\xed\xa0\x80", dump_options().allow_unicode()), "\"\u00e9\\uD800\"\n");
    // Characters that stand for surrogates meanwhile are read and written as ever, but not together
    // with them.
    EXPECT_EQ(read(R"("\U0010D800")"), value{"\U0010D800"});
    EXPECT_EQ(dump("\U0010D800"), "\"\\U0010D800\"\n");
    EXPECT_THROW(read(R"(["\U0010D800", "\uD800"])"), parse_error);
    EXPECT_THROW(dump(value::array("\U0010D800", "\xed\xa0\x80")), error);
    EXPECT_THROW(dump(value::array("\xed\xa0\x80", "\\U0010D800")), error);
    EXPECT_THROW(dump("\xed\xa0"), error);
}

TEST(yaml, several_documents)
{
    EXPECT_EQ(load_all("a\n---\n- 1\n---\n"), (std::vector<value>{"a", value::array(1), value{}}));
    EXPECT_TRUE(load_all("").empty());
    const std::vector<value> all{1, value::object("a", 2)};
    EXPECT_EQ(dump_all(all), "--- 1\n---\na: 2\n");
}

TEST(yaml, writes_as_the_options_say)
{
    const value v =
        value::object("b", value::array(1, value::object("x", "yes")), "a", "caf\u00e9");
    EXPECT_EQ(dump(v), "a: \"caf\\xE9\"\nb:\n- 1\n- x: 'yes'\n");
    EXPECT_EQ(dump(v, dump_options().sort_keys(false).allow_unicode()),
              "b:\n- 1\n- x: 'yes'\na: caf\u00e9\n");
    EXPECT_EQ(dump(value::object("a", value::array(1, 2)), dump_options().default_flow_style()),
              "{a: [1, 2]}\n");
    EXPECT_EQ(dump(value::set("b", "a")), "!!set\na: null\nb: null\n");
    EXPECT_EQ(dump(value::decimal("1.10")), "1.10\n...\n");
    value deep = value::array();
    for (int i = 0; i < 1001; ++i) deep = value::array(std::move(deep));
    EXPECT_THROW(dump(deep), limit_error);
}

TEST(yaml, what_fails_behind_libyaml_is_told_as_it_was)
{
    // Longer than what libyaml gathers before it writes.
    const value all = value::array(std::string(100'000, 'x'), "behind");
    const std::string text = dump(all);
    EXPECT_EQ(dump(all, dump_options().max_bytes(text.size())), text);
    for (const std::size_t limit : {std::size_t{0}, std::size_t{20'000}, text.size() - 1}) {
        SCOPED_TRACE(limit);
        try {
            (void)dump(all, dump_options().max_bytes(limit));
            ADD_FAILURE() << "no failure";
        } catch (const limit_error& e) {
            EXPECT_STREQ(e.what(), limit_error("max_bytes", limit).what());
        }
    }
    EXPECT_THROW((void)dump(value(1), dump_options().max_bytes(4)), limit_error);
    EXPECT_EQ(dump(value(1), dump_options().max_bytes(6)), "1\n...\n");
}

struct settings {
    int port;
    bool debug;
};
BOOST_DESCRIBE_STRUCT(settings, (), (port, debug))

TEST(yaml, described_structs_are_read_and_written)
{
    const auto s = load<settings>("port: 0x1F90\ndebug: no\n");
    EXPECT_EQ(s.port, 8080);
    EXPECT_FALSE(s.debug);
    EXPECT_EQ(dump(s), "debug: false\nport: 8080\n");
    EXPECT_THROW(load<settings>("port: x\ndebug: no\n"), type_error);
}

}  // namespace
}  // namespace ferry::yaml
