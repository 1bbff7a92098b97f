#include "ferry/documents/html.hpp"

#include "ferry/core/log.hpp"
#include "ferry/core/utf8.hpp"
#include "ferry/documents/detail/html_construction.hpp"
#include "ferry/documents/detail/html_encoding.hpp"
#include "ferry/documents/detail/html_lxml.hpp"
#include "ferry/documents/detail/html_scan.hpp"

#include <mutex>

namespace ferry::html {

using documents::no_node;
using documents::node_id;

/// Runs one parse; the only one that makes documents.
class parser {
public:
    explicit parser(const options& with) : with_(with) {}

    void check_size(std::size_t bytes) const
    {
        if (bytes > with_.max_bytes_) throw limit_error("max_bytes", with_.max_bytes_);
    }

    document parse_document(std::string text, std::string encoding)
    {
        if (with_.compat_ == compat::lxml)
            return as_lxml(std::move(text), std::move(encoding), false);
        return run(std::move(text), std::move(encoding),
                   [](auto& construction) { construction.parse_document(); });
    }

    document parse_fragment(std::string text, std::string_view context)
    {
        if (with_.compat_ == compat::lxml) return as_lxml(std::move(text), "utf-8", true);
        documents::detail::fragment_context at;
        if (const std::size_t space = context.find(' '); space != std::string_view::npos) {
            at.space =
                context.substr(0, space) == "svg" ? documents::ns::svg : documents::ns::mathml;
            context.remove_prefix(space + 1);
        }
        return run(std::move(text), "utf-8", [&](auto& construction, auto& builder) {
            at.name = builder.intern(context);
            construction.parse_fragment(at);
        });
    }

private:
    document as_lxml(std::string text, std::string encoding, bool fragment) const
    {
        check_size(text.size());
        documents::detail::normalise_line_ends(text);
        return made(documents::detail::lxml_tree(std::move(text), fragment, with_.max_depth_), {},
                    std::move(encoding));
    }

    static document made(documents::tree tree, std::vector<problem> problems, std::string encoding)
    {
        document made;
        made.tree_ = std::make_shared<const documents::tree>(std::move(tree));
        if (!problems.empty())
            made.errors_ = std::make_shared<const std::vector<problem>>(std::move(problems));
        made.encoding_ = std::move(encoding);
        return made;
    }

    template <class Act>
    document run(std::string text, std::string encoding, const Act& act)
    {
        check_size(text.size());
        documents::detail::normalise_line_ends(text);
        documents::tree_builder builder(std::move(text));
        std::vector<documents::detail::tokenizer_error> found;
        documents::detail::construction_options how;
        how.scripting = with_.scripting_;
        how.max_depth = with_.max_depth_;
        how.errors = with_.collect_errors_ ? &found : nullptr;
        documents::detail::html_construction construction(builder, how);
        if constexpr (std::is_invocable_v<Act, decltype(construction)&, decltype(builder)&>)
            act(construction, builder);
        else
            act(construction);
        std::vector<problem> problems;
        for (const auto& e : found) problems.push_back({e.code, e.offset});
        return made(std::move(builder).finish(), std::move(problems), std::move(encoding));
    }

    options with_;
};

document parse(std::string_view text, const options& with)
{
    parser p(with);
    p.check_size(text.size());
    return p.parse_document(utf8::valid(text) ? std::string(text) : utf8::repair(text), "utf-8");
}

document parse(std::span<const std::byte> bytes, std::string_view charset, const options& with)
{
    parser p(with);
    p.check_size(bytes.size());
    auto decoded = documents::detail::decode_html(bytes, charset, with.detect_encoding());
    document page =
        p.parse_document(std::move(decoded.text), std::string(charset::name(decoded.from)));
    if (!decoded.is_guess) return page;
    const auto named = documents::detail::named_by_meta(page.tree());
    if (!named || *named == decoded.from) return page;
    return p.parse_document(charset::decode(bytes, *named), std::string(charset::name(*named)));
}

document parse_fragment(std::string_view text, std::string_view context, const options& with)
{
    parser p(with);
    p.check_size(text.size());
    return p.parse_fragment(utf8::valid(text) ? std::string(text) : utf8::repair(text), context);
}

// Nodes.

std::optional<element> node::as_element() const noexcept
{
    return is_element() ? std::optional(element(*tree_, id_)) : std::nullopt;
}

std::optional<element> node::parent() const noexcept
{
    const node_id at = tree_->parent(id_);
    return at != no_node && tree_->is_element(at) ? std::optional(element(*tree_, at))
                                                  : std::nullopt;
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

namespace {

/// Who comes from lxml looks for rows directly in a table; the Standard's tree has none there.
void hint_at_tbody(std::string_view expression)
{
    static std::once_flag once;
    std::call_once(once, [&] {
        log::warning("nothing found: in HTML a tbody is between table and tr, write //table//tr",
                     "expression", expression);
    });
}

}  // namespace

ferry::xpath::result node::xpath(std::string_view expression) const
{
    auto found =
        ferry::xpath::expression::compile(expression).evaluate(ferry::xpath::node(*tree_, id_));
    if (found.empty() && expression.find("table/tr") != std::string_view::npos)
        hint_at_tbody(expression);
    return found;
}

std::vector<attribute> element::attributes() const
{
    std::vector<attribute> all;
    for (const auto& a : tree().attributes(id()))
        all.push_back({tree().qualified_name(a), tree().value(a)});
    return all;
}

bool element::has_class(std::string_view name) const noexcept
{
    using documents::detail::has_class;
    std::string_view words = attr("class", {});
    while (!words.empty()) {
        std::size_t size = 0;
        while (size < words.size() && !has_class(words[size], documents::detail::is_space)) ++size;
        if (size != 0 && words.substr(0, size) == name) return true;
        words.remove_prefix(std::min(size + 1, words.size()));
    }
    return false;
}

element_range element::children() const noexcept
{
    return {tree(), id(), false, std::nullopt};
}

element_range element::descendants(std::string_view name) const noexcept
{
    if (name.empty()) return {tree(), id(), true, std::nullopt};
    return {tree(), id(), true, tree().find_name(name)};
}

namespace {

std::optional<element> find_id(const documents::tree& t, node_id from, std::string_view id) noexcept
{
    const documents::name_id name = documents::detail::tag::id;
    for (node_id at = from, end = t.end(from); at < end;) {
        if (t.kind(at) == node_kind::fragment) {
            at = t.end(at);
            continue;
        }
        if (t.is_element(at))
            if (const auto* a = t.find_attribute(at, name); a != nullptr && t.value(*a) == id)
                return element(t, at);
        ++at;
    }
    return std::nullopt;
}

}  // namespace

std::optional<element> element::find_by_id(std::string_view wanted) const noexcept
{
    return find_id(tree(), id(), wanted);
}

std::optional<node> element::template_content() const noexcept
{
    const node_id at = tree().template_content(id());
    return at == no_node ? std::nullopt : std::optional(node(tree(), at));
}

/// Goes on from `at` to the first node that belongs to the range.
node_id element_range::settle(node_id at) const noexcept
{
    const documents::tree& t = *tree_;
    const node_id end = t.end(parent_);
    while (at < end) {
        const documents::node& here = t[at];
        if (here.kind == node_kind::element && (!name_ || here.name == *name_)) return at;
        at = here.kind == node_kind::fragment || !deep_ ? here.end : at + 1;
    }
    return no_node;
}

node_id element_range::first() const noexcept
{
    return settle(parent_ + 1);
}

node_id element_range::after(node_id at) const noexcept
{
    return settle(deep_ ? at + 1 : tree_->end(at));
}

// Documents.

const std::vector<problem>& document::errors() const noexcept
{
    static const std::vector<problem> none;
    return errors_ == nullptr ? none : *errors_;
}

element document::root() const
{
    node_id at = tree_->first_child(0);
    while (at != no_node && !tree_->is_element(at)) at = tree_->next_sibling(at);
    if (at == no_node) throw lookup_error("/*");
    return {*tree_, at};
}

std::optional<element> document::below_root(std::string_view name) const noexcept
{
    node_id at = tree_->first_child(0);
    while (at != no_node && !tree_->is_element(at)) at = tree_->next_sibling(at);
    if (at == no_node) return std::nullopt;
    for (const element child : element(*tree_, at).children())
        if (child.name() == name) return child;
    return std::nullopt;
}

std::optional<element> document::body() const noexcept
{
    const auto found = below_root("body");
    return found ? found : below_root("frameset");
}

std::string document::title() const
{
    std::string made;
    for (node_id at = 0; at < tree_->size(); ++at) {
        const documents::node& here = (*tree_)[at];
        if (here.name != documents::detail::tag::title || here.kind != node_kind::element ||
            here.space != documents::ns::html)
            continue;
        for (const char c : tree_->text_content(at)) {
            if (!documents::detail::has_class(c, documents::detail::is_space))
                made += c;
            else if (!made.empty() && made.back() != ' ')
                made += ' ';
        }
        if (made.ends_with(' ')) made.pop_back();
        break;
    }
    return made;
}

std::optional<element> document::find_by_id(std::string_view id) const noexcept
{
    return find_id(*tree_, 0, id);
}

element document::get_element_by_id(std::string_view id) const
{
    if (const auto found = find_by_id(id)) return *found;
    throw lookup_error("//*[@id='" + std::string(id) + "']");
}

std::vector<node> document::children() const
{
    std::vector<node> all;
    for (node_id at = tree_->first_child(0); at != no_node; at = tree_->next_sibling(at))
        all.emplace_back(*tree_, at);
    return all;
}

}  // namespace ferry::html
