// However the bytes of a stream are cut into pieces, read_line and read_until find the same in
// them.
#include "ferry/async/async.hpp"
#include "ferry/net/net.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace ferry;

awaitable<void> feed(net::stream to, std::string text, std::size_t piece)
{
    for (std::size_t at = 0; at < text.size(); at += piece) {
        std::string part = text.substr(at, piece);
        co_await to.write(std::move(part));
        co_await yield_now();
    }
    co_await to.close();
}

awaitable<std::string> lines(net::stream from)
{
    std::string all;
    for (;;) {
        const auto line = co_await from.read_line();
        if (!line) break;
        const auto end = line->find('\n');
        if (line->empty() || (end != line->npos && end + 1 != line->size())) std::abort();
        all += *line;
    }
    co_return all;
}

awaitable<std::string> parts(net::stream from)
{
    std::string all;
    bool ended = false;
    while (!ended) {
        try {
            const std::string part = co_await from.read_until("\r\n\r\n", 1'000'000);
            if (part.find("\r\n\r\n") + 4 != part.size()) std::abort();
            all += part;
        } catch (const error&) {
            ended = true;
        }
    }
    const bytes rest = co_await from.read_all(1'000'000);
    co_return all + to_string(rest);
}

awaitable<void> check(std::string text, std::size_t piece, bool by_line)
{
    auto [mine, theirs] = net::pair(piece + 1);
    auto feeding = spawn(feed(std::move(theirs), text, piece));
    auto reading = by_line ? lines(std::move(mine)) : parts(std::move(mine));
    const std::string all = co_await std::move(reading);
    co_await feeding.join();
    if (all != text) std::abort();
}

}  // namespace

// The name is libFuzzer's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0 || size > 4096) return 0;
    const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t piece = 1 + data[0] % 64;
    ferry::run(check(text, piece, true));
    ferry::run(check(text, piece, false));
    return 0;
}
