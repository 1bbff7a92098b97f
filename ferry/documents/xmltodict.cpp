#include "ferry/documents/xmltodict.hpp"

#include "ferry/documents/detail/html_encoding.hpp"
#include "ferry/documents/detail/xml_feeder.hpp"
#include "ferry/documents/detail/xmltodict_sink.hpp"

#include <algorithm>
#include <istream>
#include <utility>

namespace ferry::xmltodict {

namespace {

decision one_of(std::vector<std::string> names)
{
    std::sort(names.begin(), names.end());
    return [names = std::move(names)](path, std::string_view key, const value&) {
        return std::binary_search(names.begin(), names.end(), key);
    };
}

}  // namespace

parsing_interrupted::parsing_interrupted()
    : error(errc::invalid_state, "the item callback ended the parse")
{
}

decision parse_options::always()
{
    return [](path, std::string_view, const value&) { return true; };
}

parse_options& parse_options::force_cdata(std::vector<std::string> names)
{
    return set(force_cdata_, one_of(std::move(names)));
}
parse_options& parse_options::force_list(std::vector<std::string> names)
{
    return set(force_list_, one_of(std::move(names)));
}

xml::options reader_options(const parse_options& with)
{
    xml::options made = with.limits_;
    made.namespaces(with.process_namespaces_).recover(false).skip_unread(false);
    if (!with.disable_entities_)
        made.entities(xml::entities::expand);
    else if (with.compat_ == compat::v0_13)
        made.entities(xml::entities::skip);
    else
        made.entities(xml::entities::refuse).forbid_entities(true);
    return made;
}

value parse(std::string_view text, const parse_options& with)
{
    const xml::options how = reader_options(with);
    if (text.size() > how.max_bytes()) throw limit_error("max_bytes", how.max_bytes());
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    const std::string_view original = text;
    std::string normal;
    if (text.find('\r') != std::string_view::npos) {
        normal = text;
        documents::detail::normalise_line_ends(normal);
        text = normal;
    }
    const auto to = make_sink(with, text);
    xml::detail::reader reader(how, *to);
    to->set_reader(reader);
    if (!normal.empty()) reader.set_original(original);
    reader.read(text, true);
    return to->take();
}

value parse(std::span<const std::byte> bytes, std::string_view encoding, const parse_options& with)
{
    const xml::options how = reader_options(with);
    if (bytes.size() > how.max_bytes()) throw limit_error("max_bytes", how.max_bytes());
    const auto from = xml::detail::find_encoding(bytes, encoding);
    if (from.is_utf_8())
        return parse(
            {reinterpret_cast<const char*>(bytes.data()) + from.mark, bytes.size() - from.mark},
            with);
    return parse(xml::detail::decode(bytes, from, false), with);
}

value parse(std::istream& source, const parse_options& with)
{
    const xml::options how = reader_options(with);
    const auto to = make_full_sink(with, {});
    xml::detail::reader reader(how, *to);
    to->set_reader(reader);
    xml::detail::feeder feeder(how, reader);
    std::vector<char> chunk(std::size_t{64} << 10);
    while (source.read(chunk.data(), static_cast<std::streamsize>(chunk.size())),
           source.gcount() > 0)
        feeder.feed({chunk.data(), static_cast<std::size_t>(source.gcount())});
    if (source.bad()) throw error(errc::disconnected, "cannot read XML");
    feeder.close();
    return to->take();
}

}  // namespace ferry::xmltodict
