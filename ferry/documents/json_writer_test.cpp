#include "ferry/documents/json_writer.hpp"

#include "ferry/documents/json_canonical.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>

namespace ferry::json {
namespace {

using namespace std::string_view_literals;

/// Takes a value apart and writes its pieces, containers up to `levels` deep by events.
void write_pieces(writer& out, const value& v, int levels)
{
    if (levels > 0 && v.is_array()) {
        out.begin_array();
        for (const value& element : v) write_pieces(out, element, levels - 1);
        out.end_array();
    } else if (levels > 0 && v.is_object()) {
        out.begin_object();
        for (const auto& [key, member] : v.items()) {
            out.key(key);
            write_pieces(out, member, levels - 1);
        }
        out.end_object();
    } else {
        out.value(v);
    }
}

TEST(json_writer, writes_the_bytes_of_dump)
{
    const value doc = parse(
        R"({"a":[1,2.5,[],{},[[3]],{"b":null,"\u00e9<":"x"}],"":{"c":{"d":[true]}},"e":"","f":[{}]})");
    for (const auto& options :
         {dump_options(), dump_options().python(), dump_options().indent(2),
          dump_options().python().indent("\t"), dump_options().indent(0).ascii(),
          dump_options().html_safe(), dump_options().separators(" , ", " : "),
          dump_options().separators(";", "=").indent(1)}) {
        for (int levels = 0; levels < 5; ++levels) {
            std::ostringstream text;
            writer out(text, options);
            write_pieces(out, doc, levels);
            out.finish();
            EXPECT_EQ(text.str(), dump(doc, options));
        }
    }
    std::string scalar;
    writer out([&scalar](std::string_view piece) { scalar += piece; });
    out.value(1.5).finish();
    EXPECT_EQ(scalar, "1.5");
}

TEST(json_writer, hands_on_pieces_as_it_goes)
{
    std::size_t pieces = 0;
    std::size_t largest = 0;
    std::size_t total = 0;
    writer out([&](std::string_view piece) {
        ++pieces;
        largest = std::max(largest, piece.size());
        total += piece.size();
    });
    out.begin_array();
    for (int i = 0; i < 100'000; ++i) out.value(std::vector<int>{i, i});
    out.end_array().finish();
    EXPECT_GT(pieces, 20U);
    EXPECT_LT(largest, writer::piece_bytes + 100);
    EXPECT_EQ(total, 1'377'781U);
}

TEST(json_writer, refuses_what_would_not_be_json)
{
    std::string text;
    const auto sink = [&text](std::string_view piece) { text += piece; };
    writer out(sink);
    EXPECT_THROW(out.key("a"), error);
    EXPECT_THROW(out.end_array(), error);
    EXPECT_THROW(out.finish(), error);
    out.begin_object();
    EXPECT_THROW(out.value(1), error);
    EXPECT_THROW(out.begin_array(), error);
    EXPECT_THROW(out.end_array(), error);
    out.key("a");
    EXPECT_THROW(out.key("b"), error);
    EXPECT_THROW(out.end_object(), error);
    EXPECT_THROW(out.value(std::nan("")), type_error);
    out.begin_array().value(1);
    EXPECT_THROW(out.end_object(), error);
    EXPECT_THROW(out.finish(), error);
    EXPECT_EQ(out.depth(), 2U);
    out.end_array().end_object();
    EXPECT_THROW(out.value(1), error);
    EXPECT_THROW(out.begin_array(), error);
    out.finish();
    EXPECT_EQ(text, R"({"a":[1]})");

    writer shallow(sink, dump_options().max_depth(1));
    shallow.begin_array();
    EXPECT_THROW(shallow.begin_array(), limit_error);
    EXPECT_THROW(shallow.value(value::array(1)), limit_error);
    shallow.value(1);

    std::ofstream closed;
    writer broken(closed);
    broken.value(1);
    EXPECT_THROW(broken.finish(), error);
}

TEST(json_dump, limits_depth_and_sets_separators)
{
    const value nested = parse("[[[1]]]");
    EXPECT_EQ(dump(nested, dump_options().max_depth(3)), "[[[1]]]");
    EXPECT_THROW(dump(nested, dump_options().max_depth(2)), limit_error);
    EXPECT_EQ(dump(parse("[[]]"), dump_options().max_depth(1)), "[[]]");
    EXPECT_EQ(dump(parse(R"({"a":[1,2],"b":3})"), dump_options().separators("; ", "=")),
              R"({"a"=[1; 2]; "b"=3})");
}

TEST(json_canonical, writes_numbers_as_rfc_8785_shows)
{
    struct row {
        std::uint64_t bits;
        const char* text;
    };
    for (const row& r : {
             row{0x0000000000000000, "0"},
             row{0x8000000000000000, "0"},
             row{0x0000000000000001, "5e-324"},
             row{0x8000000000000001, "-5e-324"},
             row{0x7fefffffffffffff, "1.7976931348623157e+308"},
             row{0xffefffffffffffff, "-1.7976931348623157e+308"},
             row{0x4340000000000000, "9007199254740992"},
             row{0xc340000000000000, "-9007199254740992"},
             row{0x4430000000000000, "295147905179352830000"},
             row{0x44b52d02c7e14af5, "9.999999999999997e+22"},
             row{0x44b52d02c7e14af6, "1e+23"},
             row{0x44b52d02c7e14af7, "1.0000000000000001e+23"},
             row{0x444b1ae4d6e2ef4e, "999999999999999700000"},
             row{0x444b1ae4d6e2ef4f, "999999999999999900000"},
             row{0x444b1ae4d6e2ef50, "1e+21"},
             row{0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
             row{0x3eb0c6f7a0b5ed8d, "0.000001"},
             row{0x41b3de4355555553, "333333333.3333332"},
             row{0x41b3de4355555554, "333333333.33333325"},
             row{0x41b3de4355555555, "333333333.3333333"},
             row{0x41b3de4355555556, "333333333.3333334"},
             row{0x41b3de4355555557, "333333333.33333343"},
             row{0xbecbf647612f3696, "-0.0000033333333333333333"},
             row{0x43143ff3c1cb0959, "1424953923781206.2"},
         }) {
        SCOPED_TRACE(r.text);
        const auto n = std::bit_cast<double>(r.bits);
        EXPECT_EQ(canonical(n), r.text);
        EXPECT_EQ(parse(r.text).to<double>(), n);
    }
}

TEST(json_canonical, sorts_and_escapes_as_rfc_8785_shows)
{
    EXPECT_EQ(
        canonical(parse(
            R"({"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
                "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]})")),
        "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
        "\"string\":\"\u20ac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
    std::string order;
    const value sorted = parse(canonical(parse(
        R"({"\u20ac":"Euro","\r":"Return","\ufb33":"Dalet","1":"One","\ud83d\ude00":"Emoji",
            "\u0080":"Control","\u00f6":"o","\ue000":"private","\ud7ff":"last before"})")));
    for (const auto& [key, name] : sorted.items()) order += name.as<std::string>() + ' ';
    EXPECT_EQ(order, "Return One Control o Euro last before Emoji private Dalet ");
    EXPECT_EQ(canonical(parse(R"({"b":{"aa":1,"a":2},"a":[{"y":1,"x":[]}],"":{}})")),
              R"({"":{},"a":[{"x":[],"y":1}],"b":{"a":2,"aa":1}})");
}

TEST(json_canonical, refuses_what_would_not_come_back)
{
    EXPECT_EQ(canonical(std::int64_t{1} << 60U), "1152921504606847000");
    EXPECT_EQ(canonical(parse("[1e2,100,1.10]", parse_options().decimals())), "[100,100,1.1]");
    EXPECT_THROW(canonical((std::int64_t{1} << 53U) + 1), range_error);
    EXPECT_THROW(canonical(parse("123456789012345678901234567890")), range_error);
    EXPECT_THROW(canonical(value::integer("1" + std::string(400, '0'))), range_error);
    EXPECT_THROW(canonical(std::nan("")), type_error);
    EXPECT_THROW(canonical(value{to_bytes("a")}), type_error);
    EXPECT_THROW(canonical("\xED\xA0\x80"), type_error);
    const std::size_t depth = 100'000;
    const std::string deep = std::string(depth, '[') + std::string(depth, ']');
    EXPECT_EQ(canonical(parse(deep, parse_options().max_depth(depth))), deep);
}

}  // namespace
}  // namespace ferry::json
