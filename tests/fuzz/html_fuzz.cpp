// Any bytes are a page: parsing, serialising and parsing again must neither crash nor hang, and the
// tree must hold together; what is sanitised stays as it is; tokens and streamed elements are the
// same however the page is cut.

#include "ferry/documents/html.hpp"
#include "ferry/documents/html_sanitise.hpp"
#include "ferry/documents/html_stream.hpp"
#include "ferry/documents/html_tokens.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

void check(const ferry::documents::tree& t)
{
    for (ferry::documents::node_id n = 1; n < t.size(); ++n) {
        const auto parent = t.parent(n);
        if (parent >= n || t.end(n) > t.end(parent) || t.end(n) <= n) std::abort();
        const auto next = t.next_sibling(n);
        if (next != ferry::documents::no_node && t.previous_sibling(next) != n) std::abort();
    }
}

std::string tokens_of(std::string_view text, std::size_t piece)
{
    std::string out;
    ferry::html::tokens reader([&out](const ferry::html::token& t) {
        out += t.name + '|' + t.text + '|' + std::to_string(t.offset);
        for (const auto& [name, value] : t.attributes) out += '|' + name + '=' + value;
        out += '\n';
    });
    for (std::size_t at = 0; at < text.size(); at += piece) reader.feed(text.substr(at, piece));
    reader.finish();
    return out;
}

std::string elements_of(std::string_view text, std::size_t piece)
{
    std::string out;
    ferry::html::stream reader("p, td, li, svg, x-y, [id]", [&out](const ferry::html::element& e) {
        out += e.outer_html() + '\n';
    });
    for (std::size_t at = 0; at < text.size(); at += piece) reader.feed(text.substr(at, piece));
    reader.finish();
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto bytes = std::as_bytes(std::span(data, size));
    const auto page = ferry::html::parse(bytes, "", ferry::html::options().collect_errors(true));
    check(page.tree());
    check(ferry::html::parse(page.to_html()).tree());
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const char* context : {"div", "table", "select", "template", "svg path", "math mi"}) {
        const auto fragment = ferry::html::parse_fragment(
            text, context, ferry::html::options().scripting(size % 2 == 0));
        check(fragment.tree());
        fragment.to_html();
    }
    const std::string safe = ferry::html::sanitise(text);
    if (ferry::html::sanitise(safe) != safe) std::abort();
    if (size >= 4096) return 0;
    if (tokens_of(text, 3) != tokens_of(text, size + 1)) std::abort();
    if (elements_of(text, 3) != elements_of(text, size + 1)) std::abort();
    return 0;
}
