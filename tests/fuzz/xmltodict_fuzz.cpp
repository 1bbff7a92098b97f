// Any text is a dictionary or an error. What keeps the order is written and read again to the same.

#include "ferry/core/error.hpp"
#include "ferry/documents/untangle.hpp"
#include "ferry/documents/xmltodict.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace ferry;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try {
        const auto with = xmltodict::parse_options()
                              .process_comments(size % 2 == 0)
                              .process_namespaces(size % 3 == 0)
                              .strip_whitespace(size % 5 != 0);
        const value plain = xmltodict::parse(text, with);
        (void)xmltodict::unparse(plain, xmltodict::unparse_options().full_document(false));
    } catch (const error&) {
    }
    try {
        const auto exact = xmltodict::parse_options().keep_order(xmltodict::order::mixed);
        const value first = xmltodict::parse(text, exact);
        const std::string written = xmltodict::unparse(first);
        // A carriage return, and an element that is called as the list is, do not survive.
        if (text.find("#mixed") == std::string_view::npos &&
            written.find('\r') == std::string::npos && xmltodict::parse(written, exact) != first)
            std::abort();
    } catch (const error&) {
    }
    try {
        const auto object = untangle::parse(text);
        for (const auto& child : object.children()) (void)child.cdata();
    } catch (const error&) {
    }
    return 0;
}
