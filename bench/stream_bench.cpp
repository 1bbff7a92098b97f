// Documents of 1 GB, made as they are read, through everything that streams: what memory the
// process needs at most, and how fast it is. Each case runs in a process of its own.
// `stream_bench BYTES` takes another size, FERRY_BENCH_ONLY some of the cases.

#include "ferry/core/describe.hpp"
#include "ferry/documents/html_stream.hpp"
#include "ferry/documents/json_lines.hpp"
#include "ferry/documents/json_stream.hpp"
#include "ferry/documents/xml_stream.hpp"

#include "bench/bench.hpp"
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace stream_bench {

struct trade {
    std::int64_t id = 0;
    std::string symbol;
    double price = 0;
};
BOOST_DESCRIBE_STRUCT(trade, (), (id, symbol, price))

}  // namespace stream_bench

namespace {

using namespace ferry;
using stream_bench::trade;

/// A text of about a megabyte between a start and an end, as often as it takes to be that long.
class repeated_text {
public:
    repeated_text(std::string start, const std::string& record, std::string end, std::size_t bytes)
        : pending_(std::move(start)), end_(std::move(end))
    {
        while (block_.size() < (1U << 20U)) block_ += record;
        blocks_ = std::max<std::size_t>(bytes / block_.size(), 1);
    }

    /// What comes next, at most `most` bytes; empty at the end.
    std::string_view next(std::size_t most)
    {
        if (!pending_.empty()) {
            taken_ = std::exchange(pending_, {});
            return taken_;
        }
        if (blocks_ == 0) {
            taken_ = std::exchange(end_, {});
            return taken_;
        }
        const std::string_view part = std::string_view(block_).substr(at_, most);
        at_ += part.size();
        if (at_ == block_.size()) {
            at_ = 0;
            --blocks_;
        }
        return part;
    }

    template <class Char>
    std::size_t fill(std::span<Char> to)
    {
        const std::string_view part = next(to.size());
        std::memcpy(to.data(), part.data(), part.size());
        return part.size();
    }

private:
    std::string pending_, end_, block_, taken_;
    std::size_t at_ = 0;
    std::size_t blocks_ = 0;
};

const std::string xml_record =
    "<trade id=\"17\" status=\"settled\"><symbol>ABC</symbol><price currency=\"EUR\">12.50</price>"
    "<note>t&amp;c apply &#8212; caf\xC3\xA9</note></trade>\n";
const std::string json_record =
    R"({"id":17,"symbol":"ABC","price":12.5,"tags":["a","b\n"],"note":null})";
const std::string html_record =
    "<tr class=trade><td>17<td>ABC<td>12.50<td><a href='/t?id=17&amp;x'>caf&eacute;</a>\n";

std::size_t xml_stream(std::size_t bytes)
{
    repeated_text text("<?xml version=\"1.0\"?><trades>", xml_record, "</trades>", bytes);
    xml::stream trades([&](std::span<std::byte> to) { return text.fill(to); }, "trade");
    std::size_t count = 0;
    while (const auto t = trades.next()) count += t->root().find("price") ? 1 : 0;
    return count;
}

std::size_t xml_push(std::size_t bytes)
{
    class counter : public xml::handler {
    public:
        void start_element(const xml::name&, std::span<const xml::attribute>) override { ++count; }
        std::size_t count = 0;
    };
    repeated_text text("<?xml version=\"1.0\"?><trades>", xml_record, "</trades>", bytes);
    counter to;
    xml::push_parser parser(to);
    for (auto part = text.next(65536); !part.empty(); part = text.next(65536)) parser.feed(part);
    parser.close();
    return to.count;
}

std::size_t ndjson(std::size_t bytes)
{
    repeated_text text("", json_record + "\n", "", bytes);
    std::size_t count = 0;
    for (const trade& t : json::lines<trade>([&](std::span<char> to) { return text.fill(to); }))
        count += t.price > 0 ? 1 : 0;
    return count;
}

std::size_t json_array(std::size_t bytes)
{
    repeated_text text("{\"items\":[", json_record + ",\n", json_record + "]}", bytes);
    std::size_t count = 0;
    json::stream<trade> trades([&](std::span<char> to) { return text.fill(to); }, "$.items[*]");
    for (const trade& t : trades) count += t.price > 0 ? 1 : 0;
    return count;
}

std::size_t html_stream(std::size_t bytes)
{
    repeated_text text("<!DOCTYPE html><title>t</title><table>", html_record, "</table>", bytes);
    std::size_t count = 0;
    html::stream rows("tr.trade",
                      [&](const html::element& row) { count += row.select_one("a") ? 1 : 0; });
    for (auto part = text.next(65536); !part.empty(); part = text.next(65536)) rows.feed(part);
    rows.finish();
    return count;
}

std::size_t html_tokens(std::size_t bytes)
{
    repeated_text text("<!DOCTYPE html><title>t</title><table>", html_record, "</table>", bytes);
    std::size_t count = 0;
    html::tokens tokens([&](const html::token&) { ++count; });
    for (auto part = text.next(65536); !part.empty(); part = text.next(65536)) tokens.feed(part);
    tokens.finish();
    return count;
}

/// \returns whether it went well.
bool run(const char* name, std::size_t (*stream)(std::size_t), std::size_t bytes)
{
    if (!bench::wanted("stream", name)) return true;
    std::fflush(stdout);
    const pid_t child = ::fork();
    if (child == 0) {
        const std::size_t count = stream(bytes);
        ::_exit(count > 0 ? 0 : 1);
    }
    int status = 0;
    rusage usage{};
    if (::wait4(child, &status, 0, &usage) != child || status != 0) return false;
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    const double cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    const std::string who = std::string("ferry/") + name;
    bench::print("stream", who, "peak", {static_cast<double>(usage.ru_maxrss) / 1024}, "MiB");
    bench::print("stream", who, "cpu", {static_cast<double>(bytes) / 1e6 / cpu}, "MB/s");
    return true;
}

}  // namespace

int main(int argc, char** argv)
{
    const std::size_t bytes = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000'000;
    const bool good = run("xml-stream", xml_stream, bytes) && run("xml-push", xml_push, bytes) &&
                      run("ndjson", ndjson, bytes) && run("json-array", json_array, bytes) &&
                      run("html-stream", html_stream, bytes) &&
                      run("html-tokens", html_tokens, bytes);
    return good ? 0 : 1;
}
