// What streams needs memory for what is open, not for what went by. bench/stream_bench.cpp does the
// same with a gigabyte.

#include "ferry/documents/html_stream.hpp"
#include "ferry/documents/json_lines.hpp"
#include "ferry/documents/json_stream.hpp"
#include "ferry/documents/xml_stream.hpp"
#include "ferry/documents/xmltodict.hpp"
#include "ferry/testing/memory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <istream>
#include <streambuf>

namespace ferry {
namespace {

// Under the sanitizers each byte costs fifty times as much.
#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t document_bytes = std::size_t{128} << 10;
#else
constexpr std::size_t document_bytes = std::size_t{4} << 20;
#endif
constexpr std::size_t most_bytes = std::size_t{1} << 20;

/// A text of that many records, which is made as it is read.
class records {
public:
    records(std::string start, std::string record, std::string end)
        : start_{std::move(start)},
          record_{std::move(record)},
          end_{std::move(end)},
          left_{document_bytes / record_.size()}
    {
    }

    std::size_t fill(std::span<char> to)
    {
        if (piece_.empty()) piece_ = next();
        const std::size_t size = piece_.copy(to.data(), to.size());
        piece_.remove_prefix(size);
        return size;
    }
    std::size_t expected() const { return document_bytes / record_.size(); }

private:
    std::string_view next()
    {
        if (!std::exchange(started_, true) && !start_.empty()) return start_;
        if (left_ > 0) {
            --left_;
            return record_;
        }
        return std::exchange(ended_, true) ? std::string_view() : std::string_view(end_);
    }

    std::string start_, record_, end_;
    std::string_view piece_;
    std::size_t left_;
    bool started_ = false;
    bool ended_ = false;
};

/// Notes how much more is allocated than when it was made.
class watch {
public:
    void look()
    {
        if (++count % 512 != 0) return;
        const std::size_t now = testing::allocated_bytes();
        most = std::max(most, now - std::min(now, before_));
    }
    std::size_t count = 0;
    std::size_t most = 0;

private:
    std::size_t before_ = testing::allocated_bytes();
};

void expect_little(const watch& w, const records& from)
{
    EXPECT_EQ(w.count, from.expected());
    EXPECT_LT(w.most, most_bytes);
}

TEST(stream_memory, xml_needs_that_of_one_element)
{
    records from("<r>", "<e id='1'><t>text &amp; more</t><n>12.5</n></e>\n", "</r>");
    watch w;
    xml::stream elements(
        [&](std::span<std::byte> to) {
            return from.fill({reinterpret_cast<char*>(to.data()), to.size()});
        },
        "e");
    while (elements.next()) w.look();
    expect_little(w, from);
}

TEST(stream_memory, xmltodict_needs_that_of_one_item)
{
    class buffer : public std::streambuf {
    public:
        explicit buffer(records& from) : from_{from} {}

    private:
        int_type underflow() override
        {
            const std::size_t size = from_.fill(chunk_);
            setg(chunk_, chunk_, chunk_ + size);
            return size == 0 ? traits_type::eof() : traits_type::to_int_type(chunk_[0]);
        }
        records& from_;
        char chunk_[4096] = {};
    };
    records from("<r>", "<e id='1'><t>text &amp; more</t><n>12.5</n></e>\n", "</r>");
    watch w;
    buffer in(from);
    std::istream source(&in);
    xmltodict::parse(source,
                     xmltodict::parse_options().items(2, [&](xmltodict::path, const value&) {
                         w.look();
                         return true;
                     }));
    expect_little(w, from);
}

TEST(stream_memory, ndjson_needs_that_of_one_line)
{
    records from("", "{\"id\": 1, \"text\": \"text and more\", \"price\": 12.5}\n", "");
    watch w;
    for (const value& v : json::lines<>([&](std::span<char> to) { return from.fill(to); }))
        if (v.is_object()) w.look();
    expect_little(w, from);
}

TEST(stream_memory, json_needs_that_of_one_element)
{
    records from("[", "{\"id\": 1, \"text\": \"text and more\", \"price\": 12.5},\n", "{}]");
    watch w;
    json::stream<> elements([&](std::span<char> to) { return from.fill(to); }, "$[*]");
    for (const value& v : elements)
        if (v.size() > 0) w.look();
    expect_little(w, from);
}

TEST(stream_memory, html_needs_that_of_one_element)
{
    records from("<table>", "<tr class=t><td>1<td>text &amp; more<td><a href=x>y</a>\n",
                 "</table>");
    watch w;
    html::stream rows("tr.t", [&](const html::element&) { w.look(); });
    char chunk[4096];
    while (const std::size_t size = from.fill(chunk)) rows.feed(std::string_view(chunk, size));
    rows.finish();
    expect_little(w, from);
}

}  // namespace
}  // namespace ferry
