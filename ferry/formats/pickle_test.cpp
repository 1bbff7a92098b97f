#include "ferry/formats/pickle.hpp"

#include "ferry/formats/pickle_document.hpp"
#include "ferry/testing/hex.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ferry::pickle {
namespace {

using testing::unhex;

bytes raw(std::string_view text)
{
    return to_bytes(text);
}

std::string text_of(const value& v)
{
    return v.to<std::string>();
}

TEST(pickle, reads_numbers_of_every_protocol)
{
    struct row {
        const char* name;
        std::string data;
        value wanted;
    };
    const row rows[] = {
        {"INT", "I42\n.", 42},
        {"INT negative", "I-7\n.", -7},
        {"INT hexadecimal", "I0x10\n.", 16},
        {"INT with underscores", "I1_0\n.", 10},
        {"INT octal", "I010\n.", 8},
        {"INT true", "I01\n.", true},
        {"INT false", "I00\n.", false},
        {"INT beyond 64 bits", "I9223372036854775808\n.", value::integer("9223372036854775808")},
        {"LONG", "L5L\n.", 5},
        {"LONG without L", "L-5\n.", -5},
        {"LONG beyond 64 bits", "L-9223372036854775809L\n.",
         value::integer("-9223372036854775809")},
        {"FLOAT", "F1.5\n.", 1.5},
        {"FLOAT small", "F-1e-320\n.", -1e-320},
        {"LONG1 nothing", std::string("\x8a\0.", 3), 0},
        {"LONG1", std::string("\x8a\x05\0\0\0\0\x80.", 8), -549755813888},
        {"LONG1 2^63", std::string("\x8a\x09\0\0\0\0\0\0\0\x80\0.", 12),
         value::integer("9223372036854775808")},
        {"LONG1 not minimal", std::string("\x8a\x09\x01\0\0\0\0\0\0\0\0.", 12), 1},
        {"LONG4", std::string("\x8b\x02\0\0\0\xff\x7f.", 8), 32767},
        {"BININT", "J\xff\xff\xff\xff.", -1},
        {"BINFLOAT", std::string("G\x3f\xf8\0\0\0\0\0\0.", 10), 1.5},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.name);
        const value v = load(raw(r.data));
        EXPECT_EQ(v, r.wanted);
        EXPECT_EQ(v.kind(), r.wanted.kind());
    }
    EXPECT_EQ(text_of(load(raw("Fnan\n."))), "nan");
}

TEST(pickle, reads_texts_of_every_protocol)
{
    struct row {
        const char* name;
        std::string data;
        std::string wanted;
    };
    const row rows[] = {
        {"STRING", "S'it\\'s \\x41\\101\\n\\\\ \\q'\n.", "it's AA\n\\ \\q"},
        {"STRING other quotes", "S\"a'b\"\n.", "a'b"},
        {"UNICODE", "Va\\u20ac\\U0001f600\xe9\\\\u0041\\\n.", "a\u20ac\U0001f600\u00e9\\\\u0041\\"},
        {"BINUNICODE", std::string("X\x02\0\0\0\xc3\xa9.", 8), "\u00e9"},
        {"SHORT_BINUNICODE", "\x8c\x01x.", "x"},
        {"BINUNICODE8", std::string("\x8d\x01\0\0\0\0\0\0\0x.", 11), "x"},
        {"SHORT_BINSTRING", "U\x02hi.", "hi"},
        {"BINSTRING", std::string("T\x02\0\0\0hi.", 8), "hi"},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.name);
        EXPECT_EQ(load(raw(r.data)), value{r.wanted});
    }
}

TEST(pickle, texts_of_python_2_are_read_as_the_options_say)
{
    const bytes data = raw("U\x02\xc3\xa9.");
    EXPECT_THROW(load(data), parse_error);
    EXPECT_EQ(load(data, load_options().encoding(text_encoding::latin1)), value{"\u00c3\u00a9"});
    EXPECT_EQ(load(data, load_options().encoding(text_encoding::utf8)), value{"\u00e9"});
    EXPECT_EQ(load(data, load_options().encoding(text_encoding::bytes)),
              value{to_bytes("\xc3\xa9")});
}

TEST(pickle, lone_surrogates_are_kept_in_a_document_and_in_a_value_if_asked)
{
    const bytes data = unhex("80 04 95 07 00 00 00 00 00 00 00 8c 03 ed a0 80 94 2e");
    EXPECT_EQ(parse(data).root().text(), "\xed\xa0\x80");
    EXPECT_THROW(load(data), type_error);
    const value v = load(data, load_options().lone_surrogates());
    EXPECT_EQ(v, value{"\xed\xa0\x80"});
    EXPECT_TRUE(dump(v) == data);
    EXPECT_THROW(dump("a\xff"), type_error);
    EXPECT_THROW(dump(value::object("\xed\xa0", 1)), type_error);
    // A path's text is put together of its parts.
    const bytes path =
        raw("\x80\x04\x8c\x07pathlib\x8c\x0dPurePosixPath\x93\x8c\x03\xed\xa0\x80\x85R.");
    EXPECT_THROW(load(path), type_error);
    EXPECT_EQ(load(path, load_options().lone_surrogates()), value{"\xed\xa0\x80"});
}

TEST(pickle, writes_what_python_writes)
{
    struct row {
        const char* name;
        value v;
        const char* wanted;
    };
    const row rows[] = {
        {"None", {}, "80044e2e"},
        {"256", 256, "80049504000000000000004d00012e"},
        {"-2^39", -(std::int64_t{1} << 39U), "80049508000000000000008a0500000000802e"},
        {"empty tuple", value::tuple(), "8004292e"},
        {"list of one", value::array(1), "80049506000000000000005d944b01612e"},
        {"object", value::object("a", 1), "8004950a000000000000007d948c0161944b01732e"},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.name);
        EXPECT_TRUE(dump(r.v) == unhex(r.wanted)) << disassemble(dump(r.v));
    }
    EXPECT_TRUE(dump(value{}, dump_options().protocol(2)) == unhex("80024e2e"));
    EXPECT_THROW(dump_options().protocol(1), error);
    EXPECT_THROW(dump_options().protocol(6), error);
}

TEST(pickle, keys_that_occur_again_are_references)
{
    value rows = value::array();
    for (int i = 0; i < 100; ++i) rows.push_back(value::object("a rather long name", i));
    const bytes data = dump(rows);
    EXPECT_LT(data.size(), 1200U);
    EXPECT_EQ(load(data), rows);
}

TEST(pickle, shared_values_are_one_node_and_are_copied_into_a_value)
{
    // l = [1]; [l, l]
    const bytes data = unhex("5d94 285d94 4b0161 6801 652e");
    const document d = parse(data);
    const auto items = d.root().elements();
    ASSERT_EQ(items.size(), 2U);
    EXPECT_TRUE(items[0] == items[1]);
    EXPECT_EQ(d.root().to_value(), value::array(value::array(1), value::array(1)));
}

TEST(pickle, cycles_are_read_and_refused_in_a_value)
{
    struct row {
        const char* name;
        const char* data;
    };
    const row rows[] = {
        {"list", "80 04 95 06 00 00 00 00 00 00 00 5d 94 68 00 61 2e"},
        {"dict", "7d 94 8c 01 6b 94 68 00 73 2e"},
        {"tuple in its list", "5d 94 68 00 85 94 61 30 68 01 2e"},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.name);
        const document d = parse(unhex(r.data));
        EXPECT_NE(d.root().kind(), kind::none);
        EXPECT_THROW(d.root().to_value(), type_error);
    }
    // An object that is its own attribute.
    const std::string object("\x8c\x03geo\x8c\x05Point\x93)\x81\x94}\x94\x8c\x02me\x94h\0sb.", 28);
    EXPECT_THROW(load(raw(object), load_options().allow("geo", "Point")), type_error);
}

TEST(pickle, nothing_is_called)
{
    const bytes data = raw("cos\nsystem\n(S'echo hacked'\ntR.");
    const document d = parse(data);
    ASSERT_EQ(d.root().kind(), kind::object);
    EXPECT_EQ(d.root().callable().module(), "os");
    EXPECT_EQ(d.root().callable().qualified_name(), "system");
    EXPECT_EQ(d.root().arguments().elements().at(0).text(), "echo hacked");
    const std::vector<global_name> wanted{{"os", "system"}};
    EXPECT_EQ(scan(data), wanted);
    try {
        load(data);
        FAIL();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::forbidden_global);
        EXPECT_EQ(e.code(), condition::denied);
        EXPECT_STREQ(e.what(), "$: pickle: os.system is no plain data");
    }
    EXPECT_THROW(parse(data, load_options().strict()), parse_error);
    EXPECT_EQ(load(data, load_options().describe_objects()),
              value::object("$class", "os.system", "args", value::tuple("echo hacked")));
}

TEST(pickle, classes_that_are_allowed_become_their_attributes)
{
    // geo.Point with {"x": 1, "y": 2}
    const bytes data =
        raw("\x80\x04\x8c\x03geo\x8c\x05Point\x93)\x81}(\x8c\x01xK\x01\x8c\x01yK\x02ub.");
    EXPECT_EQ(load(data, load_options().allow("geo", "Point").strict()),
              value::object("x", 1, "y", 2));
    EXPECT_THROW(load(data, load_options().allow("geo", "Line")), error);
    try {
        load(data);
        FAIL();
    } catch (const error& e) {
        EXPECT_NE(std::string_view{e.what()}.find("geo.Point"), std::string_view::npos);
    }
}

TEST(pickle, names_of_python_2_are_those_of_python_3)
{
    const std::vector<global_name> wanted{{"builtins", "range"}, {"urllib.request", "urlopen"}};
    EXPECT_EQ(scan(raw("(c__builtin__\nxrange\ncurllib\nurlopen\nt.")), wanted);
    const std::vector<global_name> kept{{"__builtin__", "xrange"}};
    EXPECT_EQ(scan(raw("\x80\x03"
                       "c__builtin__\nxrange\n.")),
              kept);
}

TEST(pickle, out_of_band_buffers_are_views)
{
    const std::string first = "writable";
    const std::string second = "constant";
    const bytes data = unhex("80 05 97 97 98 86 2e");
    const auto with = load_options().buffers({as_bytes(first), as_bytes(second)});
    const document d = parse(data, with);
    const auto items = d.root().elements();
    EXPECT_EQ(items.at(0).kind(), kind::bytearray);
    EXPECT_EQ(items.at(0).text().data(), first.data());
    EXPECT_EQ(items.at(1).kind(), kind::bytes);
    EXPECT_EQ(items.at(1).text().data(), second.data());
    EXPECT_EQ(load(data, with), value::tuple(to_bytes(first), to_bytes(second)));
    EXPECT_THROW(parse(data, load_options().buffers({as_bytes(first)})), parse_error);
}

TEST(pickle, several_stand_one_behind_another)
{
    bytes data = dump(value{1});
    const std::size_t size = data.size();
    append(data, dump(value{"two"}));
    const prefix first = load_prefix(data);
    EXPECT_EQ(first.loaded, value{1});
    EXPECT_EQ(first.consumed, size);
    EXPECT_EQ(load(std::span{data}.subspan(size)), value{"two"});
    EXPECT_EQ(load(data), value{1});
    EXPECT_THROW(load(data, load_options().strict()), parse_error);
}

TEST(pickle, hostile_data_is_refused_by_name)
{
    struct row {
        const char* name;
        std::string data;
        errc wanted;
    };
    const row rows[] = {
        {"empty", "", errc::truncated},
        {"no STOP", "N", errc::truncated},
        {"short bytes",
         "C\x05"
         "ab.",
         errc::truncated},
        {"2 GiB of bytes", std::string("B\xff\xff\xff\x7f.", 6), errc::truncated},
        {"2^63 of bytes", std::string("\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.", 10),
         errc::truncated},
        {"line without end", "I12", errc::truncated},
        {"frame too long", std::string("\x80\x04\x95\x05\0\0\0\0\0\0\0N.", 13), errc::truncated},
        {"unknown opcode", "\xff", errc::bad_opcode},
        {"protocol 6", "\x80\x06N.", errc::bad_protocol},
        {"STOP alone", ".", errc::bad_stack},
        {"TUPLE alone", "t.", errc::bad_stack},
        {"REDUCE alone", "R.", errc::bad_stack},
        {"TUPLE2 across a mark", "N(N\x86.", errc::bad_stack},
        {"POP of nothing", "0.", errc::bad_stack},
        {"odd DICT", "(Nd.", errc::bad_stack},
        {"odd SETITEMS", "}(Nu.", errc::bad_stack},
        {"GET", "g5\n.", errc::bad_memo},
        {"BINGET", "h\x05.", errc::bad_memo},
        {"LONG4 of negative length", "\x8b\xff\xff\xff\xff.", errc::bad_argument},
        {"PUT of -1", "Np-1\n.", errc::bad_argument},
        {"EXT1 0", std::string("\x82\0.", 3), errc::bad_argument},
        {"list as key", "}]Ns.", errc::unhashable},
        {"list in a tuple as key", "}]\x85Ns.", errc::unhashable},
        {"dict in a set", "\x8f(}\x90.", errc::unhashable},
        {"REDUCE of a number", "K\x01)R.", errc::bad_argument},
        {"REDUCE without a tuple", "cos\nsystem\nNR.", errc::bad_argument},
        {"STACK_GLOBAL of numbers", "K\x01K\x01\x93.", errc::bad_argument},
        {"APPEND to a number", "K\x01Na.", errc::bad_argument},
        {"BUILD of a list", "]}b.", errc::bad_argument},
        {"not UTF-8", "\x8c\x01\xff.", errc::bad_utf8},
        {"no integer", "Ix\n.", errc::bad_argument},
        {"no float", "Fx\n.", errc::bad_argument},
        {"float too large", "F1e400\n.", errc::bad_argument},
        {"no quotes", "Sx\n.", errc::bad_argument},
        {"code point too large", "V\\U00110000\n.", errc::bad_argument},
        {"no buffers", "\x97.", errc::no_buffer},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.name);
        try {
            load(raw(r.data));
            ADD_FAILURE();
        } catch (const parse_error& e) {
            EXPECT_EQ(e.code(), make_error_code(r.wanted)) << e.what();
            EXPECT_LE(e.where().offset, r.data.size());
        }
    }
}

TEST(pickle, every_cut_is_refused)
{
    const value v = value::object("a", value::array(1, 2.5, "text", value::tuple(1, 2)), "b",
                                  to_bytes("bytes"), "c", value::integer("99999999999999999999"));
    for (int protocol = 2; protocol <= 5; ++protocol) {
        const bytes data = dump(v, dump_options().protocol(protocol));
        for (std::size_t size = 0; size < data.size(); ++size) {
            EXPECT_THROW(load(std::span{data}.first(size)), parse_error) << size;
        }
    }
}

TEST(pickle, limits_have_names)
{
    const auto hits = [](const bytes& data, const load_options& options, std::string_view name) {
        try {
            load(data, options);
            ADD_FAILURE() << name;
        } catch (const limit_error& e) {
            EXPECT_EQ(e.name(), name);
        }
    };
    hits(raw("N."), load_options().max_bytes(1), "max_bytes");
    hits(raw("]]]]]]N."), load_options().max_nodes(5), "max_nodes");
    hits(raw("Nq\x01q\x02q\x03."), load_options().max_memo(2), "max_memo");
    hits(raw("N\x85\x85\x85\x85."), load_options().max_depth(3), "max_depth");
    hits(raw(std::string("\x8a\x09\x01\0\0\0\0\0\0\0\0.", 12)), load_options().max_int_bytes(8),
         "max_int_bytes");
    hits(raw("L12345L\n."), load_options().max_digits(4), "max_digits");
    // Every tuple holds the one before it twice.
    std::string laughs = "N";
    for (int i = 0; i < 40; ++i) laughs += "2\x86";
    hits(raw(laughs + "."), load_options().max_expanded(100'000), "max_expanded");
    // A thousand times the same 100 KB.
    std::string copies = "](X";
    copies += std::string("\xa0\x86\x01\x00", 4) + std::string(100'000, 'x') + "q\x01";
    for (int i = 0; i < 1000; ++i) copies += "h\x01";
    hits(raw(copies + "e."), load_options().max_expanded(1'000'000), "max_expanded");
}

TEST(pickle, a_huge_memo_index_costs_nothing)
{
    EXPECT_EQ(load(raw("Kar\xff\xff\xff\x7f"
                       "0j\xff\xff\xff\x7f.")),
              value{97});
}

TEST(pickle, deep_nesting_uses_no_stack)
{
    std::string data(9'999, ']');
    data += 'N';
    data.append(9'999, 'a');
    data += '.';
    value v = load(raw(data));
    EXPECT_EQ(load(dump(v)), v);
    const std::string deeper = "]" + std::string(200'000, ']') + std::string(200'000, 'a') + ".";
    EXPECT_NO_THROW(parse(raw(deeper)));
    EXPECT_THROW(load(raw(deeper)), limit_error);
}

TEST(pickle, equal_elements_of_a_set_are_kept_once)
{
    EXPECT_EQ(load(raw("\x8f(K\x01K\x02K\x01\x90.")), value::set(1, 2));
}

TEST(pickle, keys_that_collide_as_text_are_refused)
{
    EXPECT_EQ(load(raw("}K\x01Ns.")), value::object("1", nullptr));
    EXPECT_THROW(load(raw("}(K\x01N\x8c\x01"
                          "1Nu.")),
                 type_error);
    EXPECT_THROW(load(raw("})Ns.")), type_error);
    EXPECT_EQ(load(raw("}(\x8c\x01"
                       "aN\x8c\x01"
                       "aK\x01u.")),
              value::object("a", 1));
}

TEST(pickle, sets_can_only_hold_what_python_can_hash)
{
    EXPECT_THROW(dump(value::set(value::array(1))), type_error);
    EXPECT_THROW(dump(value::set(value::tuple(value::object()))), type_error);
    EXPECT_NO_THROW(dump(value::set(value::tuple(value::set(1)))));
}

struct trade {
    std::string symbol;
    double price;
};
BOOST_DESCRIBE_STRUCT(trade, (), (symbol, price))

TEST(pickle, described_structs_are_read_and_written)
{
    const std::vector<trade> trades{{"A", 1.5}, {"B", 2}};
    const auto again = load<std::vector<trade>>(dump(trades));
    ASSERT_EQ(again.size(), 2U);
    EXPECT_EQ(again[1].symbol, "B");
    try {
        load<std::vector<trade>>(dump(value::array(value::object("symbol", "A", "price", "x"))));
        FAIL();
    } catch (const type_error& e) {
        EXPECT_EQ(e.path(), "$[0].price");
    }
}

TEST(pickle, disassembles_as_pickletools)
{
    EXPECT_EQ(disassemble(unhex("80049504000000000000004d00012e")),
              "    0: PROTO 4\n    2: FRAME 4\n   11: BININT2 256\n   14: STOP\n");
}

}  // namespace
}  // namespace ferry::pickle
