// The first line is a query, the rest a document. Whatever is found is found again by its path.
#include "ferry/core/error.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/documents/jsonpath.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void check(bool holds)
{
    if (!holds) std::abort();
}

}  // namespace

// The name is libFuzzer's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace ferry;
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return 0;
    constexpr std::uint64_t max_steps = 10'000;
    try {
        const auto query = jsonpath::compile(text.substr(0, end));
        const value doc = json::parse(text.substr(end + 1));
        auto found = query.select(doc).max_steps(max_steps);
        while (found.next()) {
            const value* const node = &found.current().value();
            check(jsonpath::select(doc, found.current().path()).first() == node);
            check(doc.find(found.current().pointer()) == node);
        }
    } catch (const error&) {
        // Refused, or too long.
    }
    return 0;
}
