#include "ferry/harvest/detail/convert.hpp"

#include "ferry/documents/json.hpp"
#include "ferry/harvest/detail/syntax.hpp"

#include <gtest/gtest.h>

namespace ferry::harvest::detail {
namespace {

TEST(convert, reads_each_type_or_nothing)
{
    const struct {
        const char* type;
        const char* format;
        std::string text;
        const char* made;  ///< as JSON
    } rows[] = {
        {"bool", "", "Yes", "true"},
        {"bool", "", "0", "false"},
        {"bool", "", "maybe", nullptr},
        {"int32", "", "2147483647", "2147483647"},
        {"int32", "", "2147483648", nullptr},
        {"int32", "", "+5", "5"},
        {"int32", "", "+-5", nullptr},
        {"int32", "", "5.0", nullptr},
        {"int32", "", "5 items", nullptr},
        {"int32", "", "", nullptr},
        {"int64", "", "-9223372036854775808", "-9223372036854775808"},
        {"int64", "", "9223372036854775808", nullptr},
        {"double", "", "1e3", "1000.0"},
        {"float", "", "-0.5", "-0.5"},
        {"double", "", "inf", nullptr},
        {"double", "", "nan", nullptr},
        {"double", "", "1e999", nullptr},
        {"double", "", "1,5", nullptr},
        {"decimal(10,2)", "", "29.9", "29.90"},
        {"decimal(10,2)", "", "00029.950", "29.95"},
        {"decimal(10,2)", "", "-.5", "-0.50"},
        {"decimal(10,2)", "", "+7", "7.00"},
        {"decimal(10,2)", "", "7.", "7.00"},
        {"decimal(10,2)", "", "29.955", nullptr},
        {"decimal(4,2)", "", "99.99", "99.99"},
        {"decimal(4,2)", "", "100", nullptr},
        {"decimal(3,0)", "", "12", "12"},
        {"decimal(10,2)", "", ".", nullptr},
        {"decimal(10,2)", "", "1e2", nullptr},
        {"decimal(10,2)", "", "1.2.3", nullptr},
        {"decimal(10,2)", "", "--1", nullptr},
        {"string", "", " as it is ", "\" as it is \""},
        {"url", "", "../b?c#d", "\"http://a.local/b?c#d\""},
        {"url", "", "http://[", nullptr},
        {"date", "", "2024-02-29", "\"2024-02-29\""},
        {"date", "", "2023-02-29", nullptr},
        {"date", "", "2024-01-01T23:30:00-05:00", "\"2024-01-01\""},
        {"date", "%d.%m.%Y", "29.02.2024", "\"2024-02-29\""},
        {"date", "%d.%m.%Y", "29.02.2023", nullptr},
        {"date", "%d.%m.%Y", "1.1.2024 or so", nullptr},
        {"date", "%d.%m.%Y", "today", nullptr},
        {"date", "%B %d, %Y", "March 7, 2024", "\"2024-03-07\""},
        {"time", "", "12:34", "\"12:34:00\""},
        {"time", "", "12:34:56.5", "\"12:34:56.500000\""},
        {"time", "", "25:00", nullptr},
        {"time", "%I:%M %p", "01:05 PM", "\"13:05:00\""},
        {"timestamp", "", "2024-01-01T00:00:00+01:00", "\"2023-12-31T23:00:00+00:00\""},
        {"timestamp", "%Y-%m-%d %H:%M:%S %z", "2024-01-01 00:00:00 +0100",
         "\"2023-12-31T23:00:00+00:00\""},
        {"timestamp", "%Y-%m-%d", "2024-13-01", nullptr},
        {"timestamp", "%Y", std::string("2024\0x", 6), nullptr},
        {"timestamp", "", "never", nullptr},
        {"duration", "", "90", "90"},
        {"duration", "", "1h30m", "5400"},
        {"duration", "", "0.5", "0.5"},
        {"duration", "", "long", nullptr},
        {"enum(new, used)", "", "used", "\"used\""},
        {"enum(new, used)", "", "Used", nullptr},
        {"int64", "", std::string(1'000, '1'), nullptr},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(std::string{r.type} + ' ' + r.text.substr(0, 40));
        field f;
        f.format = r.format;
        ASSERT_FALSE(parse_type(r.type, f.type));
        const auto made = convert(f, r.text, "http://a.local/x/y");
        ASSERT_EQ(made.has_value(), r.made != nullptr);
        if (made) {
            EXPECT_EQ(json::dump(*made), r.made);
        }
    }
}

TEST(convert, collapses_white_space_as_a_browser_shows_it)
{
    EXPECT_EQ(collapse_space("  a \n\t b\xC2\xA0\xC2\xA0 c\r\n"), "a b c");
    EXPECT_EQ(collapse_space(" \n "), "");
    EXPECT_EQ(collapse_space("\xC2"), "\xC2");
}

TEST(field_type, is_written_as_it_is_read)
{
    for (const auto* text :
         {"bool", "int32", "int64", "double", "decimal(10,2)", "string", "url", "date", "time",
          "timestamp", "duration", "enum(a, b)", "list<string>", "list<decimal(38,0)>"}) {
        SCOPED_TRACE(text);
        field_type type;
        ASSERT_FALSE(parse_type(text, type));
        EXPECT_EQ(type.text(), text);
    }
    for (const auto* text :
         {"", "list", "list<>", "list<list<int32>>", "decimal", "decimal()", "decimal(2,3)",
          "decimal(39,0)", "decimal(1,-1)", "decimal(x,y)", "enum", "enum()", "enum(a,,b)",
          "int32(5)", "int", "bytes", "map<string,string>", "list<int32"}) {
        SCOPED_TRACE(text);
        field_type type;
        EXPECT_TRUE(parse_type(text, type));
    }
}

TEST(start_urls, are_expanded)
{
    const struct {
        const char* from;
        std::vector<std::string> to;
    } rows[] = {
        {"x", {"x"}},
        {"x{1..3}", {"x1", "x2", "x3"}},
        {"{08..10}y", {"08y", "09y", "10y"}},
        {"{a,b}{1..2}", {"a1", "a2", "b1", "b2"}},
        {"{a,}", {"a", ""}},
        {"{5..5}", {"5"}},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.from);
        EXPECT_EQ(expand(r.from), r.to);
    }
    for (const auto* bad : {"{", "{1..}", "{3..1}", "{x}", "{}", "{..}", "{1..200000}",
                            "{1..1000}{1..1000}", "{0..18446744073709551615}"}) {
        SCOPED_TRACE(bad);
        EXPECT_THROW(expand(bad), error);
    }
}

}  // namespace
}  // namespace ferry::harvest::detail
