// What ferry accepts, it writes in a form that it reads back as the same value.
#include "ferry/core/error.hpp"
#include "ferry/documents/json.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

namespace {

void check(bool holds)
{
    if (!holds) std::abort();
}

void round_trip(const ferry::value& v)
{
    using namespace ferry;
    const auto lenient = json::parse_options().max_depth(100'000);
    for (const auto& options :
         {json::dump_options(), json::dump_options().python(), json::dump_options().indent(1),
          json::dump_options().html_safe().sort_keys()}) {
        const value again = json::parse(json::dump(v, options), lenient);
        check(again == v);
        check(again.hash() == v.hash());
    }
    check(v.deep_copy() == v);
}

}  // namespace

// The name is libFuzzer's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace ferry;
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    try {
        round_trip(json::parse(text));
    } catch (const error&) {
        // Refused, as most mutations are.
    }
    try {
        json::parse(as_bytes(text), json::parse_options()
                                        .allow_nan()
                                        .overflow_to_infinity()
                                        .strict(false)
                                        .decimals()
                                        .duplicates(duplicate_keys::first)
                                        .lone_surrogates(json::surrogates::wtf8));
    } catch (const error&) {
        // As above.
    }
    try {
        for (const value& v : json::lines<>(text)) round_trip(v);
    } catch (const error&) {
        // As above.
    }
    return 0;
}
