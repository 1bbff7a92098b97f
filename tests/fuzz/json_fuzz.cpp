// What ferry accepts, it writes in a form that it reads back as the same value. The quick ways to
// read accept what the careful one accepts, and make the same of it.
#include "ferry/core/error.hpp"
#include "ferry/documents/json_lines.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace {

struct record {
    std::int32_t a = 0;
    std::optional<std::string> b;
    std::vector<record> c;
    std::map<std::string, double> d;
    std::variant<bool, std::string, std::array<int, 2>, std::vector<double>> e;
    ferry::value f;
};
BOOST_DESCRIBE_STRUCT(record, (), (a, b, c, d, e, f))

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

template <class T>
void decode_both_ways(std::string_view text, const std::optional<ferry::value>& careful)
{
    using namespace ferry;
    const json::detail::read_settings settings{json::parse_options()};
    const auto lenient = decode_options().allow_missing();
    T quick{};
    if (!json::detail::decode_document(text, settings, lenient, quick)) return;
    check(careful.has_value());
    check(to_value(quick) == to_value(from_value<T>(*careful, lenient)));
    check(json::dump(quick) == json::dump(to_value(quick)));
}

void read_both_ways(std::string_view text)
{
    using namespace ferry;
    value quick;
    std::optional<value> careful;
    const bool read = json::detail::read_document(text, json::parse_options(), quick);
    try {
        careful = json::detail::parse_carefully(text, json::parse_options());
    } catch (const error&) {
        // Refused.
    }
    check(read == (careful && (careful->is_array() || careful->is_object())));
    if (read) check(quick == *careful);
    decode_both_ways<record>(text, careful);
    decode_both_ways<std::vector<record>>(text, careful);
}

}  // namespace

// The name is libFuzzer's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace ferry;
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    read_both_ways(text);
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
