#include "ferry/harvest/detail/wire.hpp"

#include "ferry/compress/compress.hpp"
#include "ferry/core/base64.hpp"
#include "ferry/core/describe.hpp"
#include "ferry/documents/json.hpp"

#include <limits>
#include <string>
#include <string_view>

namespace ferry::harvest::detail {
namespace {

constexpr std::size_t max_unpacked_bytes = std::size_t{1} << 30U;

/// Links of one page as one text: canonical URLs hold no line ends.
std::string joined(const std::vector<found_link>& links)
{
    std::string text;
    for (const auto& link : links) text += link.url + '\n';
    return text;
}

value to_wire(const page_outcome& o)
{
    value pages = value::array();
    for (const auto& link : o.links) pages.push_back(link.page);
    value records = value::array();
    for (const auto& r : o.records) records.push_back(value::array(r.record, r.line, r.key));
    value filled = value::array();
    for (const auto n : o.filled) filled.push_back(n);
    value missing = value::array();
    for (const auto& name : o.missing) missing.push_back(name);
    return value::object("kind", static_cast<int>(o.what), "transient", o.transient, "misencoded",
                         o.misencoded, "status", o.status, "bytes", o.bytes, "wire_bytes",
                         o.wire_bytes, "cause", o.cause, "detail", o.detail, "retry_after_ms",
                         o.retry_after.count(), "body_hash", o.body_hash, "links", joined(o.links),
                         "pages", std::move(pages), "records", std::move(records), "filled",
                         std::move(filled), "missed", o.missed, "missing", std::move(missing));
}

page_outcome outcome_from_wire(const value& v)
{
    page_outcome o;
    const auto kind = v.at("kind").as<unsigned>();
    if (kind > static_cast<unsigned>(page_outcome::kind::failed)) {
        throw error{errc::out_of_range, "kind: no such outcome"};
    }
    o.what = static_cast<page_outcome::kind>(kind);
    o.transient = v.at("transient").as<bool>();
    o.misencoded = v.at("misencoded").as<bool>();
    o.status = v.at("status").as<int>();
    o.bytes = v.at("bytes").as<std::uint64_t>();
    o.wire_bytes = v.at("wire_bytes").as<std::uint64_t>();
    o.cause = v.at("cause").as<std::string>();
    o.detail = v.at("detail").as<std::string>();
    o.retry_after = std::chrono::milliseconds{v.at("retry_after_ms").as<std::int64_t>()};
    o.body_hash = v.at("body_hash").as<std::string>();
    auto links = v.at("links").as<std::string_view>();
    for (const value& page : v.at("pages")) {
        const auto end = links.find('\n');
        if (end == std::string_view::npos) throw error{errc::truncated, "links: too few"};
        o.links.push_back({std::string{links.substr(0, end)}, page.as<std::uint16_t>()});
        links.remove_prefix(end + 1);
    }
    for (const value& r : v.at("records")) {
        o.records.push_back(
            {r.at(0).as<std::uint16_t>(), r.at(1).as<std::string>(), r.at(2).as<std::string>()});
    }
    for (const value& n : v.at("filled")) o.filled.push_back(n.as<std::uint32_t>());
    o.missed = v.at("missed").as<std::uint32_t>();
    for (const value& name : v.at("missing")) o.missing.push_back(name.as<std::string>());
    return o;
}

}  // namespace

value to_wire(const std::vector<waiting_url>& urls)
{
    value all = value::array();
    for (const auto& u : urls) {
        all.push_back(value::array(u.url, u.page, u.depth, u.referrer));
    }
    return all;
}

value to_wire(const std::vector<page_outcome>& outcomes)
{
    value all = value::array();
    std::size_t bytes = 0;
    for (const auto& o : outcomes) {
        for (const auto& link : o.links) bytes += link.url.size();
        for (const auto& r : o.records) bytes += r.line.size() + r.key.size();
        all.push_back(to_wire(o));
    }
    if (bytes <= packed_above) return all;
    return value::object(
        "zstd", base64::encode(compress::zstd(as_bytes(std::string_view{json::dump(all)}))));
}

std::vector<waiting_url> urls_from_wire(const value& v)
{
    std::vector<waiting_url> all;
    for (const value& one : v) {
        waiting_url u;
        u.url = one.at(0).as<std::string>();
        u.page = one.at(1).as<std::uint16_t>();
        u.depth = one.at(2).as<std::uint32_t>();
        u.referrer = one.at(3).as<std::string>();
        all.push_back(std::move(u));
    }
    return all;
}

std::vector<page_outcome> outcomes_from_wire(const value& v)
{
    if (v.is_object()) {
        const auto packed = base64::decode(v.at("zstd").as<std::string_view>());
        const auto text =
            compress::expand(packed, compress::codec::zstd,
                             compress::limits::none().max_output_bytes(max_unpacked_bytes));
        return outcomes_from_wire(json::parse(std::span<const std::byte>{text}));
    }
    std::vector<page_outcome> all;
    for (const value& one : v) all.push_back(outcome_from_wire(one));
    return all;
}

}  // namespace ferry::harvest::detail
