// The first byte chooses. JSON5: what is accepted is written as JSON and read back. Lines and
// streams: pieces give what the whole gives. Patches: what is made leads where it should.
#include "ferry/core/error.hpp"
#include "ferry/documents/json_lines.hpp"
#include "ferry/documents/json_patch.hpp"
#include "ferry/documents/json_stream.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace ferry;

void check(bool holds)
{
    if (!holds) std::abort();
}

const auto any_number = json::dump_options().nan(json::nan_policy::literal);

void relaxed(std::string_view text)
{
    const auto lenient = json::parse_options().allow_nan().max_depth(2000);
    const value v = json::parse(text, json::parse_options().relaxed());
    const std::string written = json::dump(v, any_number);
    check(json::dump(json::parse(written, lenient), any_number) == written);
}

/// What a reader gives, as text, with its first error.
template <class Reader>
std::string all_of(Reader reader, std::string_view text, std::size_t piece)
{
    std::string seen;
    try {
        for (std::size_t at = 0; at < text.size(); at += piece) {
            reader.feed(text.substr(at, piece));
            while (const auto v = reader.next()) seen += json::dump(*v) + '\n';
        }
        reader.finish();
        while (const auto v = reader.next()) seen += json::dump(*v) + '\n';
    } catch (const error& e) {
        seen += e.what();
    }
    return seen;
}

void framed(std::string_view text, json::framing kind)
{
    const auto options = json::lines_options().framing(kind).max_line_bytes(1000);
    const std::string whole = all_of(json::document_reader(options), text, text.size() + 1);
    for (const std::size_t piece : {1, 3}) {
        check(all_of(json::document_reader(options), text, piece) == whole);
    }
    auto skipping = options;
    all_of(json::document_reader(skipping.skip_bad()), text, 2);
}

void streamed(std::string_view text)
{
    for (const char* const path : {"$", "$[*]", "$.a[1:].b"}) {
        const std::string whole = all_of(json::element_reader(path), text, text.size() + 1);
        for (const std::size_t piece : {1, 3}) {
            check(all_of(json::element_reader(path), text, piece) == whole);
        }
    }
}

void patched(std::string_view text)
{
    const std::size_t end = std::min(text.find('\n'), text.size());
    const value a = json::parse(text.substr(0, end));
    const value b = json::parse(text.substr(std::min(end + 1, text.size())));
    check(json::apply_patch(a, json::make_patch(a, b)) == b);
    check(json::diff(a, b).empty() == (a == b));
    constexpr std::uint64_t max_steps = 10'000;
    json::apply_patch(a, b, max_steps);
}

}  // namespace

// The name is libFuzzer's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string_view text{reinterpret_cast<const char*>(data), size};
    if (text.empty()) return 0;
    const char kind = text[0];
    text.remove_prefix(1);
    try {
        switch (kind) {
            case '5': relaxed(text); break;
            case 'l': framed(text, json::framing::lines); break;
            case 'c': framed(text, json::framing::concatenated); break;
            case 'r': framed(text, json::framing::sequence); break;
            case 's': streamed(text); break;
            default: patched(text); break;
        }
    } catch (const error&) {
        // Refused, as most mutations are.
    }
    return 0;
}
