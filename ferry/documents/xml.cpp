#include "ferry/documents/xml.hpp"

#include "ferry/documents/detail/html_encoding.hpp"
#include "ferry/documents/detail/xml_chars.hpp"
#include "ferry/documents/detail/xml_encoding.hpp"
#include "ferry/documents/detail/xml_tree.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>

namespace ferry::xml {

using documents::no_node;
using documents::node_id;

parse_error::parse_error(std::string_view message, text_position where, std::string excerpt,
                         std::string path)
    : ferry::parse_error(errc::malformed,
                         path.empty() ? std::string(message) : std::string(message) + " in " + path,
                         where, std::move(excerpt)),
      path_(std::make_shared<const std::string>(std::move(path)))
{
}

std::string name::clark() const
{
    if (uri.empty()) return std::string(local);
    return '{' + std::string(uri) + '}' + std::string(local);
}

/// Runs one parse; the only one that makes documents of text.
class parser {
public:
    explicit parser(const options& with) : with_(with) {}

    void check_size(std::size_t bytes) const
    {
        if (bytes > with_.max_bytes()) throw limit_error("max_bytes", with_.max_bytes());
    }

    document parse(std::string text, std::string_view encoding) const
    {
        check_size(text.size());
        auto info = std::make_shared<document::information>();
        const std::size_t bad =
            with_.recover() ? detail::replace_bad_chars(text) : std::string::npos;
        if (bad != std::string::npos)
            info->problems.push_back(
                {"characters that XML does not allow", position_of(text, bad)});
        std::string original;
        if (text.find('\r') != std::string::npos) {
            original = text;
            documents::detail::normalise_line_ends(text);
        }
        // A tag begins or ends an element, and most are followed by a text.
        const auto tags = static_cast<std::size_t>(std::count(text.begin(), text.end(), '<'));
        const auto equals = static_cast<std::size_t>(std::count(text.begin(), text.end(), '='));
        documents::tree_builder builder(std::move(text));
        builder.reserve(tags + 16, equals + 16);
        detail::tree_sink sink(builder, with_);
        detail::reader reader(with_, sink);
        reader.set_original(original);
        sink.set_reader(reader);
        reader.read(builder.source(), true);
        sink.declare_ids();
        info->declared = sink.declared();
        info->encoding = encoding;
        auto& found = reader.problems();
        info->problems.insert(info->problems.end(), found.begin(), found.end());
        return document(std::make_shared<const documents::tree>(std::move(builder).finish()),
                        std::move(info));
    }

private:
    const options& with_;
};

document parse(std::string_view text, const options& with)
{
    const parser p(with);
    p.check_size(text.size());
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    return p.parse(std::string(text), "utf-8");
}

document parse(std::span<const std::byte> bytes, std::string_view charset, const options& with)
{
    const parser p(with);
    p.check_size(bytes.size());
    const detail::text_encoding from = detail::find_encoding(bytes, charset);
    return p.parse(detail::decode(bytes, from, with.recover()), from.name());
}

document parse_file(const std::filesystem::path& file, const options& with)
{
    std::ifstream in(file, std::ios::binary | std::ios::ate);
    if (!in) throw system_failure(errno, "open " + file.string());
    const parser p(with);
    const std::streamoff size = in.tellg();
    if (size < 0) throw system_failure(errno, "read " + file.string());
    p.check_size(static_cast<std::size_t>(size));
    std::string bytes(static_cast<std::size_t>(size), '\0');
    in.seekg(0);
    if (!in.read(bytes.data(), size)) throw system_failure(errno, "read " + file.string());
    return parse(std::as_bytes(std::span(bytes)), {}, with);
}

// ---- nodes

namespace {

/// The text node at `n`, or empty.
std::string_view text_at(const documents::tree& t, node_id n) noexcept
{
    return n != no_node && t.kind(n) == node_kind::text ? t.text(n) : std::string_view();
}

}  // namespace

std::optional<element> node::as_element() const noexcept
{
    return is_element() ? std::optional(element(*tree_, id_)) : std::nullopt;
}

std::string_view node::tail() const noexcept
{
    return is_text() ? std::string_view() : text_at(*tree_, tree_->next_sibling(id_));
}

std::optional<element> node::parent() const noexcept
{
    const node_id at = tree_->parent(id_);
    return at != no_node && tree_->is_element(at) ? std::optional(element(*tree_, at))
                                                  : std::nullopt;
}

std::vector<node> node::child_nodes() const
{
    std::vector<node> all;
    for (node_id n = tree_->first_child(id_); n != no_node; n = tree_->next_sibling(n))
        all.emplace_back(*tree_, n);
    return all;
}

std::optional<element> node::next_element() const noexcept
{
    node_id at = tree_->next_sibling(id_);
    while (at != no_node && !tree_->is_element(at)) at = tree_->next_sibling(at);
    return at == no_node ? std::nullopt : std::optional(element(*tree_, at));
}

std::optional<element> node::previous_element() const noexcept
{
    node_id at = tree_->previous_sibling(id_);
    while (at != no_node && !tree_->is_element(at)) at = tree_->previous_sibling(at);
    return at == no_node ? std::nullopt : std::optional(element(*tree_, at));
}

ferry::xpath::result node::xpath(std::string_view expression,
                                 const ferry::xpath::context& with) const
{
    return ferry::xpath::expression::compile(expression)
        .evaluate(ferry::xpath::node(*tree_, id_), with);
}

xml::name element::name() const noexcept
{
    const documents::node& n = tree()[id()];
    return {tree().namespace_uri(n.space), tree().name(n.name), tree().prefix(n.prefix)};
}

std::optional<std::string_view> element::get(std::string_view name) const noexcept
{
    documents::namespace_id space = documents::ns::none;
    if (name.starts_with('{')) {
        const std::size_t end = name.find('}');
        if (end == std::string_view::npos) return std::nullopt;
        space = tree().find_namespace(name.substr(1, end - 1));
        name.remove_prefix(end + 1);
    }
    const documents::name_id local = tree().find_name(name);
    if (local == documents::no_name) return std::nullopt;
    const auto* found = tree().find_attribute(id(), local, space);
    return found == nullptr ? std::nullopt : std::optional(tree().value(*found));
}

std::vector<attribute> element::attrib() const
{
    std::vector<attribute> all;
    for (const documents::attribute& a : tree().attributes(id()))
        if (a.space != documents::ns::xmlns)
            all.push_back(
                {{tree().namespace_uri(a.space), tree().name(a.name), tree().prefix(a.prefix)},
                 tree().value(a)});
    return all;
}

std::string_view element::text() const noexcept
{
    return text_at(tree(), tree().first_child(id()));
}

std::vector<std::string_view> element::itertext() const
{
    std::vector<std::string_view> all;
    for (node_id n = id() + 1; n < tree().end(id()); ++n)
        if (tree().kind(n) == node_kind::text) all.push_back(tree().text(n));
    return all;
}

ns_map element::nsmap() const
{
    ns_map all;
    for (node_id n = id(); n != no_node; n = tree().parent(n)) {
        if (!tree().is_element(n)) continue;
        for (const documents::attribute& a : tree().attributes(n)) {
            if (a.space != documents::ns::xmlns) continue;
            const bool is_default = a.prefix == 0;
            all.try_emplace(std::string(is_default ? std::string_view() : tree().name(a.name)),
                            tree().value(a));
        }
    }
    if (const auto none = all.find(""); none != all.end() && none->second.empty()) all.erase(none);
    all.erase("xml");
    return all;
}

// ---- ranges

element_range element::children() const noexcept
{
    return {tree(), tree().first_child(id()), no_node, false};
}

element_range element::iter(std::string_view tag) const
{
    element_range made(tree(), id(), tree().end(id()), true);
    if (tag.starts_with('{')) {
        const std::size_t end = tag.find('}');
        const std::string_view uri = tag.substr(1, end == std::string_view::npos ? end : end - 1);
        if (uri != "*") made.space_ = tree().find_namespace(uri);
        tag = end == std::string_view::npos ? std::string_view() : tag.substr(end + 1);
    } else if (tag != "*") {
        made.space_ = documents::ns::none;
    }
    if (tag != "*") made.name_ = tree().find_name(tag);
    return made;
}

std::size_t element_range::size() const noexcept
{
    std::size_t n = 0;
    for (node_id at = settle(first_); at != no_node; at = after(at)) ++n;
    return n;
}

node_id element_range::after(node_id at) const noexcept
{
    return settle(deep_ ? at + 1 : tree_->next_sibling(at));
}

node_id element_range::settle(node_id at) const noexcept
{
    const auto passes = [this](node_id n) {
        const documents::node& here = (*tree_)[n];
        return here.kind == node_kind::element && (!name_ || here.name == *name_) &&
               (!space_ || here.space == *space_);
    };
    if (deep_) {
        while (at < end_ && !passes(at)) ++at;
        return at < end_ ? at : no_node;
    }
    while (at != no_node && !passes(at)) at = tree_->next_sibling(at);
    return at;
}

element document::root() const
{
    node_id at = tree_->first_child(0);
    while (at != no_node && !tree_->is_element(at)) at = tree_->next_sibling(at);
    if (at == no_node) throw lookup_error("the document's element");
    return {*tree_, at};
}

}  // namespace ferry::xml
