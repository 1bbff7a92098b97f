#include "ferry/documents/json_lines.hpp"

#include "ferry/documents/json_stream.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <sstream>
#include <string>

namespace shop {

struct tick {
    std::string symbol;
    double price = 0;
};
BOOST_DESCRIBE_STRUCT(tick, (), (symbol, price))

}  // namespace shop

namespace ferry::json {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

/// Everything that comes out when a text is fed in pieces, errors as their text.
std::string read(std::string_view text, const lines_options& options, std::size_t piece)
{
    document_reader reader(options);
    std::string seen;
    const auto take = [&] {
        for (;;) {
            try {
                const auto v = reader.next();
                if (!v) return;
                seen += dump(*v) + ' ';
            } catch (const error& e) {
                seen += "<"s + e.what() + "> ";
            }
        }
    };
    for (std::size_t at = 0; at < text.size(); at += piece) {
        reader.feed(text.substr(at, piece));
        take();
    }
    reader.finish();
    take();
    EXPECT_TRUE(reader.at_end());
    if (reader.bad() != 0) seen += "bad:" + std::to_string(reader.bad()) + ' ';
    return seen;
}

struct framing_row {
    const char* name;
    std::string text;
    std::string seen;
};

void check(const lines_options& options, std::initializer_list<framing_row> rows)
{
    for (const framing_row& r : rows) {
        SCOPED_TRACE(r.name);
        for (const std::size_t piece : {1UL, 2UL, 3UL, 7UL, 1000UL}) {
            EXPECT_EQ(read(r.text, options, piece), r.seen);
        }
    }
}

TEST(document_reader, reads_lines_in_any_pieces)
{
    check(lines_options(),
          {
              {"nothing", "", ""},
              {"blank", "\n \r\n\t", ""},
              {"one without an end", "1", "1 "},
              {"several", "{\"a\":1}\n[2]\r\n\n  \"\u00e9\"  \n3\n", "{\"a\":1} [2] \"\u00e9\" 3 "},
              {"bad ones", "1\n[2\n3\n4 5\n",
               "1 <Expecting ',' delimiter (line 2 column 3)> 3 <Extra data (line 4 column 3)> "},
              {"a line break is no white space here", "[1,\n2]\n",
               "<Expecting value (line 1 column 4)> <Extra data (line 2 column 2)> "},
              {"a bad end", "1\n\"x", "1 <Unterminated string starting at (line 2 column 1)> "},
          });
    check(lines_options().skip_bad(),
          {{"skipped", "1\n[2\n3\nx\n", "1 3 bad:2 "}, {"all bad", "x\ny", "bad:2 "}});
    check(lines_options().max_line_bytes(5), {
                                                 {"as long as allowed", "12345\n1\n", "12345 1 "},
                                             });
    check(lines_options().max_line_bytes(5).skip_bad(),
          {{"too long", "1\n1234567890123\n2\n\"abcdefgh", "1 2 bad:2 "}});
}

TEST(document_reader, a_line_that_is_too_long_is_an_error_once)
{
    for (const std::size_t piece : {1UL, 4UL, 100UL}) {
        const std::string seen =
            read("1\n[1,2,3,4,5,6,7,8,9]\n2\n", lines_options().max_line_bytes(8), piece);
        EXPECT_EQ(seen, "1 <limit max_line_bytes = 8 exceeded (2:1)> 2 bad:1 ") << piece;
    }
}

TEST(document_reader, reads_concatenated_documents)
{
    check(lines_options().framing(framing::concatenated),
          {
              {"nothing", " \n ", ""},
              {"containers", "{\"a\":[1,\n2]}[]\n{}", "{\"a\":[1,2]} [] {} "},
              {"strings", R"("a\"]\\""b"[" "])", "\"a\\\"]\\\\\" \"b\" [\" \"] "},
              {"scalars", "1 2\ntrue\"x\"null[3]4", "1 2 true \"x\" null [3] 4 "},
              {"bad", "1 x [2]", "1 <Expecting value (line 1 column 3)> [2] "},
              {"unfinished", "1\n[2", "1 <Expecting ',' delimiter (line 2 column 3)> "},
          });
    check(lines_options().framing(framing::concatenated).skip_bad(),
          {{"the first bad one is the last", "1 x [2]", "1 bad:1 "}});
    check(lines_options().framing(framing::concatenated).max_line_bytes(4).skip_bad(),
          {{"too long", "[1][2,3,4,5][6]", "[1] bad:1 "}});
}

TEST(document_reader, reads_rfc_7464_sequences)
{
    const auto sequence = lines_options().framing(framing::sequence);
    check(sequence,
          {
              {"nothing", "", ""},
              {"records", "\x1e{\"a\":\n1}\n\x1e[2]\n", "{\"a\":1} [2] "},
              {"separators in a row",
               "\x1e\x1e\x1e"
               "1\n\x1e",
               "1 "},
              {"strings and containers show their end", "\x1e\"a\"\x1e[1]\x1e{}", "\"a\" [1] {} "},
              {"a number may be cut off",
               "\x1e"
               "12\x1e"
               "3\n",
               "<Truncated record (line 1 column 1)> 3 "},
              {"a cut container", "\x1e[1,\x1e[2]\n", "<Expecting value (line 1 column 5)> [2] "},
              {"nothing in front",
               "1\n\x1e"
               "2\n",
               "<Expecting a record separator (line 1 column 1)> 2 "},
          });
    check(lines_options(sequence).skip_bad(), {{"skipped",
                                                "x\x1e"
                                                "1\x1etrue\x1e"
                                                "2\n\x1e[",
                                                "2 bad:4 "}});
}

TEST(lines, reads_files_texts_and_sources)
{
    constexpr auto text = "{\"symbol\":\"A\",\"price\":1}\n{\"symbol\":\"B\",\"price\":2}\n"sv;
    std::istringstream file{std::string{text}};
    double total = 0;
    for (const shop::tick& t : lines<shop::tick>(file)) total += t.price;
    EXPECT_EQ(total, 3);

    std::string_view left = text;
    const lines<shop::tick>::source source = [&left](std::span<char> into) {
        const std::size_t size = std::min<std::size_t>({into.size(), left.size(), 5});
        std::copy_n(left.begin(), size, into.begin());
        left.remove_prefix(size);
        return size;
    };
    for (const shop::tick& t : lines<shop::tick>(source)) total += t.price;
    EXPECT_EQ(total, 6);

    const lines<> again(text);
    for (int i = 0; i < 2; ++i) EXPECT_EQ(std::ranges::distance(again), 2);

    std::ifstream missing("/nonexistent/file");
    EXPECT_THROW(lines<>(missing).begin(), error);
}

TEST(lines, counts_what_does_not_fit)
{
    const lines<shop::tick> some(
        "{\"symbol\":\"A\",\"price\":1}\n{\"symbol\":\"B\"}\nx\n[]\n"
        "{\"symbol\":\"C\",\"price\":3}\n",
        lines_options().skip_bad());
    std::string symbols;
    for (const auto& t : some) symbols += t.symbol;
    EXPECT_EQ(symbols, "AC");
    EXPECT_EQ(some.bad(), 3U);
    try {
        for (const auto& t :
             lines<shop::tick>("{\"symbol\":\"A\",\"price\":1}\n\n{\"symbol\":1}")) {
            EXPECT_EQ(t.symbol, "A");
        }
        FAIL();
    } catch (const type_error& e) {
        EXPECT_STREQ(e.what(), "line 3: $.symbol: expected string, got integer");
    }
}

TEST(lines, are_read_as_they_were_written)
{
    for (const auto kind : {framing::lines, framing::sequence, framing::concatenated}) {
        std::string text;
        lines_writer out([&text](std::string_view line) { text += line; }, dump_options(), kind);
        out.write(shop::tick{"A", 1.5});
        out.write(value::array(1, "x\ny"));
        out.write(2);
        std::string seen;
        for (const value& v : lines<>(text, lines_options().framing(kind))) seen += dump(v);
        EXPECT_EQ(seen, R"({"symbol":"A","price":1.5}[1,"x\ny"]2)");
    }
}

std::string elements(std::string_view text, std::string_view path, std::size_t piece,
                     const stream_options& options = stream_options())
{
    std::string seen;
    std::string_view left = text;
    try {
        stream<> all(
            [&](std::span<char> into) {
                const std::size_t size = std::min({into.size(), left.size(), piece});
                std::copy_n(left.begin(), size, into.begin());
                left.remove_prefix(size);
                return size;
            },
            path, options);
        for (const value& v : all) seen += dump(v) + ' ';
    } catch (const error& e) {
        seen += "<"s + e.what() + ">";
    }
    return seen;
}

TEST(stream, gives_the_values_at_a_path)
{
    constexpr auto text =
        "\xEF\xBB\xBF {\"head\":{\"items\":[0]},\"items\":[1,{\"id\":2,\"tags\":[\"a\",\"b]\"]},\n"
        "[3],\"\\u0034\",null ] , \"\\u0069tems\":[5.5], \"tail\":[[1,2,3,4],[5,6,7]]} \n"sv;
    struct row {
        const char* path;
        const char* seen;
    };
    for (const row& r : {
             row{"$.items[*]", "1 {\"id\":2,\"tags\":[\"a\",\"b]\"]} [3] \"4\" null 5.5 "},
             row{"$.items[1].tags[*]", "\"a\" \"b]\" "},
             row{"$.items[1:3]", "{\"id\":2,\"tags\":[\"a\",\"b]\"]} [3] "},
             row{"$.items[::3]", "1 \"4\" 5.5 "},
             row{"$.tail[*][1:]", "2 3 4 6 7 "},
             row{"$['tail'][1][0]", "5 "},
             row{"$.*[0]", "1 5.5 [1,2,3,4] "},
             row{"$.head.items", "[0] "},
             row{"$.none[*]", ""},
             row{"$.items.id", ""},
             row{"$.items[0:0]", ""},
         }) {
        SCOPED_TRACE(r.path);
        for (const std::size_t piece : {1UL, 2UL, 5UL, 1000UL}) {
            EXPECT_EQ(elements(text, r.path, piece), r.seen);
        }
    }
    EXPECT_EQ(elements("[1,2]", "$", 1), "[1,2] ");
    EXPECT_EQ(elements(" 7 ", "$", 1), "7 ");
    EXPECT_EQ(elements("7", "$.a", 1), "");
}

TEST(stream, checks_what_it_leaves_out)
{
    struct row {
        const char* text;
        const char* seen;
    };
    for (const row& r : {
             row{"", "<Expecting value (line 1 column 1)>"},
             row{"{\"a\":[1,2", "1 <Expecting ',' delimiter (line 1 column 10)>"},
             row{"{\"a\":[1,2],",
                 "1 2 <Expecting property name enclosed in double quotes (line 1 "
                 "column 12)>"},
             row{"{\"a\":[1,2],}",
                 "1 2 <Expecting property name enclosed in double quotes (line 1 "
                 "column 12)>"},
             row{"{\"a\":[1 2]}", "1 <Expecting ',' delimiter (line 1 column 9)>"},
             row{"{\"a\":[,1]}", "<Expecting value (line 1 column 7)>"},
             row{"{\"a\":[1,]}", "1 <Expecting value (line 1 column 9)>"},
             row{"{\"a\" [1]}", "<Expecting ':' delimiter (line 1 column 6)>"},
             row{"{\"b\":tru,\"a\":[1]}", "<Expecting value (line 1 column 6)>"},
             row{"{\"b\":\"\\x\",\"a\":[1]}", "<Invalid \\escape (line 1 column 7)>"},
             row{"{\"b\":[1}", "<Expecting ',' delimiter (line 1 column 8)>"},
             row{"{\"b\":01}", "<Extra data (line 1 column 7)>"},
             row{"{\"a\":[1]} x", "1 <Extra data (line 1 column 11)>"},
             row{"{\"a\":[1,\n {\"b\":x}]}", "1 <Expecting value (line 2 column 7)>"},
             row{"{a:1}", "<Expecting property name enclosed in double quotes (line 1 column 2)>"},
             row{"{\"b\":\"\xff\"}", "<Invalid UTF-8 (line 1 column 7)>"},
         }) {
        SCOPED_TRACE(r.text);
        for (const std::size_t piece : {1UL, 3UL, 1000UL}) {
            // What is at the end of the input may be an element until the next byte comes.
            EXPECT_EQ(elements(r.text, "$.a[*]", piece), r.seen);
        }
    }
    EXPECT_EQ(elements(std::string(100'000, '['), "$.a", 1000),
              "<limit max_depth = 1024 exceeded (1:1025)>");
    EXPECT_EQ(elements("[\"" + std::string(1000, 'x') + "\"]", "$.a", 10,
                       stream_options().max_element_bytes(100)),
              "<limit max_element_bytes = 100 exceeded (1:2)>");
    EXPECT_EQ(elements("[[1,2,3,4,5,6,7,8,9]]", "$[*]", 10, stream_options().max_element_bytes(8)),
              "<limit max_element_bytes = 8 exceeded (1:2)>");
}

TEST(stream, refuses_paths_that_need_the_whole_document)
{
    for (const char* const path : {"$..a", "$[-1]", "$[?@.a]", "$[0,1]", "$[::-1]", "$[-2:]",
                                   "$[:-1]", "$['a','b']", "$[::0]"}) {
        SCOPED_TRACE(path);
        try {
            element_reader{path};
            FAIL();
        } catch (const error& e) {
            EXPECT_EQ(e.code(), condition::unsupported) << e.what();
        }
    }
    EXPECT_THROW(element_reader{"items"}, ferry::parse_error);
}

TEST(stream, a_large_document_needs_little_memory)
{
    // 40 MB that are never in memory at once: the reader's own buffer stays near one chunk.
    constexpr std::size_t count = 400'000;
    std::size_t written = 0;
    std::string pending = "{\"items\":[";
    stream<shop::tick> all(
        [&](std::span<char> into) {
            while (pending.size() < into.size() && written <= count) {
                if (written == count) {
                    pending += "]}";
                } else {
                    pending += written == 0 ? "" : ",";
                    pending +=
                        R"({"symbol":"ABCDEFGH","price":1.25,"more":"aaaaaaaaaaaaaaaaaaaaaaaaaa"})";
                }
                ++written;
            }
            const std::size_t size = std::min(into.size(), pending.size());
            std::copy_n(pending.begin(), size, into.begin());
            pending.erase(0, size);
            return size;
        },
        "$.items[*]");
    double total = 0;
    for (const shop::tick& t : all) total += t.price;
    EXPECT_EQ(total, 1.25 * count);
}

}  // namespace
}  // namespace ferry::json
