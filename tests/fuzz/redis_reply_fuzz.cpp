#include "ferry/core/error.hpp"
#include "ferry/redis/detail/reply_parser.hpp"

#include <hiredis.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace {

using ferry::redis::reply;
using namespace ferry::redis::detail;

constexpr reply_limits limits{.bulk_bytes = 4096, .line_bytes = 256, .depth = 9, .elements = 1000};

struct outcome {
    std::vector<reply> replies;
    bool failed = false;
};

outcome parse(std::string_view in, std::size_t step)
{
    outcome out;
    reply_parser parser(limits);
    std::string pending;
    try {
        for (std::size_t at = 0; at < in.size(); at += step) {
            pending += in.substr(at, step);
            for (;;) {
                pending.erase(0, parser.parse(pending));
                if (!parser.ready()) break;
                out.replies.push_back(parser.take());
            }
        }
    } catch (const ferry::error&) {
        out.failed = true;
    }
    return out;
}

bool same(const reply& mine, const redisReply& theirs)
{
    switch (theirs.type) {
        case REDIS_REPLY_NIL: return mine.is_null();
        case REDIS_REPLY_INTEGER:
            return mine.type() == reply::kind::integer && mine.as<std::int64_t>() == theirs.integer;
        case REDIS_REPLY_ARRAY: {
            if (mine.items().size() != theirs.elements) return false;
            for (std::size_t i = 0; i < theirs.elements; ++i) {
                if (!same(mine.items()[i], *theirs.element[i])) return false;
            }
            return true;
        }
        default: return mine.text() == std::string(theirs.str, theirs.len);
    }
}

// A nan is not even equal to itself.
bool same_answer(const reply& a, const reply& b)
{
    return a == b || a.to_text() == b.to_text();
}

// Whatever hiredis, which knows version 2 only, makes of the bytes, ferry makes the same of them.
void compare_with_hiredis(std::string_view in, const outcome& mine)
{
    const std::unique_ptr<redisReader, decltype(&redisReaderFree)> reader(redisReaderCreate(),
                                                                          &redisReaderFree);
    redisReaderFeed(reader.get(), in.data(), in.size());
    for (const reply& r : mine.replies) {
        void* raw = nullptr;
        if (redisReaderGetReply(reader.get(), &raw) != REDIS_OK || raw == nullptr) return;
        const std::unique_ptr<void, decltype(&freeReplyObject)> theirs(raw, &freeReplyObject);
        if (!same(r, *static_cast<const redisReply*>(raw))) std::abort();
    }
}

}  // namespace

// The same replies come out whatever the pieces are that the bytes come in.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string in(reinterpret_cast<const char*>(data), size);
    const outcome whole = parse(in, in.size() + 1);
    for (const std::size_t step : {1, 5}) {
        const outcome pieces = parse(in, step);
        if (pieces.failed != whole.failed) std::abort();
        if (!std::ranges::equal(pieces.replies, whole.replies, same_answer)) std::abort();
    }
    for (const reply& r : whole.replies) static_cast<void>(r.to_text());
    compare_with_hiredis(in, whole);
    return 0;
}
