// Any bytes are a document or an error. What was parsed is written and parsed again to the same
// canonical form, however it is cut into pieces; recovery gives a tree that can be written.

#include "ferry/core/error.hpp"
#include "ferry/documents/xml.hpp"
#include "ferry/documents/xml_canonical.hpp"
#include "ferry/documents/xml_draft.hpp"
#include "ferry/documents/xml_stream.hpp"
#include "ferry/documents/xml_write.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace ferry;

class counter : public xml::handler {
public:
    void start_element(const xml::name&, std::span<const xml::attribute>) override { ++elements; }
    std::size_t elements = 0;
};

void check(const documents::tree& t)
{
    for (documents::node_id n = 1; n < t.size(); ++n) {
        const auto parent = t.parent(n);
        if (parent >= n || t.end(n) > t.end(parent) || t.end(n) <= n) std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto bytes = std::as_bytes(std::span(data, size));
    const xml::options with = xml::options()
                                  .entities(xml::entities::expand)
                                  .max_expansions(100)
                                  .keep_cdata(size % 2 == 0);
    std::size_t elements = 0;
    bool is_good = true;
    try {
        const xml::document d = xml::parse(bytes, {}, with);
        check(d.tree());
        for (const auto& e : d.root().iter()) elements += e.is_element() ? 1 : 0;
        const auto form = xml::canonical(d, xml::canonical_options().comments(true));
        const std::string written = xml::write(d, "us-ascii", xml::write_options().doctype(false));
        const auto again = xml::parse(std::as_bytes(std::span(written)));
        if (xml::canonical(again, xml::canonical_options().comments(true)) != form) std::abort();
        xml::parse(xml::draft(d).to_xml(), with);
    } catch (const error& e) {
        // Names that us-ascii lacks cannot be written.
        is_good = e.code() == errc::unsupported;
        if (is_good) elements = 0;
    }
    counter to;
    bool is_fed = true;
    try {
        xml::push_parser parser(to, with);
        const std::size_t piece = 1 + size % 7;
        for (std::size_t at = 0; at < size; at += piece)
            parser.feed(bytes.subspan(at, std::min(piece, size - at)));
        parser.close();
    } catch (const error&) {
        is_fed = false;
    }
    if (is_good != is_fed) std::abort();
    if (is_good && elements != 0 && elements != to.elements) std::abort();
    try {
        const auto repaired =
            xml::parse(bytes, "utf-8", xml::options().recover(true).max_attributes(64));
        check(repaired.tree());
        (void)repaired.to_xml();
    } catch (const error&) {
    }
    return 0;
}
