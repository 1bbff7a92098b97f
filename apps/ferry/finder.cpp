#include "apps/ferry/finder.hpp"

#include "ferry/documents/css.hpp"
#include "ferry/documents/html.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/documents/jsonpath.hpp"
#include "ferry/documents/xml.hpp"
#include "ferry/documents/xpath.hpp"

#include "apps/ferry/commands.hpp"

#include <type_traits>
#include <utility>

namespace ferry::command {
namespace {

/// Calls what compiles or evaluates an expression; what is wrong with it is the user's mistake.
template <class Act>
auto explained(const char* option, const Act& act)
{
    try {
        return act();
    } catch (const parse_error& e) {
        throw usage_error(option + (": " + std::string{e.what()}) + '\n' + e.excerpt());
    } catch (const limit_error& e) {
        throw usage_error(option + (": " + std::string{e.what()}));
    }
}

/// The element of a document, or its root if it has none: where relative paths begin.
documents::node_id start_of(const documents::tree& tree) noexcept
{
    documents::node_id id = tree.first_child(documents::tree::root());
    while (id != documents::no_node && !tree.is_element(id)) id = tree.next_sibling(id);
    return id == documents::no_node ? documents::tree::root() : id;
}

/// Calls `use(tree, source)`, where source(tree, id) is the source of a node.
template <class Use>
void with_tree(std::string_view document, document_kind kind, std::string_view charset,
               const Use& use)
{
    if (kind == document_kind::xml) {
        const auto how = xml::options().entities(xml::entities::expand);
        const xml::document doc = xml::parse(as_bytes(document), charset, how);
        use(doc.tree(), [](const documents::tree& of, documents::node_id id) {
            return xml::node(of, id).to_xml();
        });
    } else {
        const html::document page = html::parse(as_bytes(document), charset);
        use(page.tree(), [](const documents::tree& of, documents::node_id id) {
            const html::node n(of, id);
            return id == documents::tree::root() ? n.inner_html() : n.outer_html();
        });
    }
}

/// Binds the prefixes that an XML document's element declares, but for those that are bound.
template <class Context>
Context with_prefixes(Context with, const documents::tree& tree)
{
    if (tree.is_html()) return with;
    for (const documents::attribute& a : tree.attributes(start_of(tree))) {
        if (a.space != documents::ns::xmlns || a.prefix == 0) continue;
        const std::string prefix(tree.name(a.name));
        if (with.find_ns(prefix) == nullptr) with.ns(prefix, std::string(tree.value(a)));
    }
    return with;
}

template <class Context>
Context context_of(const std::vector<std::string>& namespaces)
{
    Context with;
    if constexpr (std::is_same_v<Context, xpath::context>) xpath::add_exslt(with);
    for (const std::string& pair : namespaces) {
        const std::size_t at = pair.find('=');
        if (at == std::string::npos) throw usage_error("--ns: write prefix=uri, not " + pair);
        with.ns(pair.substr(0, at), pair.substr(at + 1));
    }
    return with;
}

class xpath_finder : public finder {
public:
    xpath_finder(const std::string& text, const std::vector<std::string>& namespaces)
        : compiled_{explained("--xpath", [&] { return xpath::expression::compile(text); })},
          with_{context_of<xpath::context>(namespaces)}
    {
    }

    std::vector<value> find(std::string_view document, document_kind kind,
                            std::string_view charset) const override
    {
        std::vector<value> all;
        with_tree(document, kind, charset, [&](const documents::tree& tree, const auto& source) {
            const xpath::node from(tree, start_of(tree));
            const auto found = explained(
                "--xpath", [&] { return compiled_.evaluate(from, with_prefixes(with_, tree)); });
            if (!found.is_nodes()) {
                for (const std::string& text : found.strings()) all.emplace_back(text);
                return;
            }
            for (const xpath::node& n : found.nodes()) {
                const bool is_string = n.is_attribute() || n.is_text();
                all.emplace_back(is_string ? n.string() : source(n.tree(), n.id()));
            }
        });
        return all;
    }

private:
    xpath::expression compiled_;
    xpath::context with_;
};

class css_finder : public finder {
public:
    css_finder(const std::string& text, const std::vector<std::string>& namespaces)
        : compiled_{explained("--css", [&] { return css::selector::compile(text); })},
          with_{context_of<css::context>(namespaces)}
    {
    }

    std::vector<value> find(std::string_view document, document_kind kind,
                            std::string_view charset) const override
    {
        std::vector<value> all;
        with_tree(document, kind, charset, [&](const documents::tree& tree, const auto& source) {
            const css::context with = with_prefixes(with_, tree);
            explained("--css", [&] {
                if (compiled_.has_pseudo_element()) {
                    for (const std::string& text :
                         compiled_.strings(tree, documents::tree::root(), with)) {
                        all.emplace_back(text);
                    }
                    return;
                }
                for (const documents::node_id id :
                     compiled_.select(tree, documents::tree::root(), with)) {
                    all.emplace_back(source(tree, id));
                }
            });
        });
        return all;
    }

private:
    css::selector compiled_;
    css::context with_;
};

class jsonpath_finder : public finder {
public:
    jsonpath_finder(const std::string& text, bool relaxed, const char* option)
        : compiled_{explained(option, [&] { return jsonpath::compile(text); })}, relaxed_{relaxed}
    {
    }

    std::vector<value> find(std::string_view document, document_kind /*always JSON*/,
                            std::string_view /*never anything else*/) const override
    {
        const auto with = json::parse_options().relaxed(relaxed_);
        const value parsed = json::parse(as_bytes(document), with);
        return compiled_.select(parsed).values();
    }

private:
    jsonpath::expression compiled_;
    bool relaxed_;
};

}  // namespace

std::unique_ptr<const finder> find_by_xpath(const std::string& expression,
                                            const std::vector<std::string>& namespaces)
{
    return std::make_unique<const xpath_finder>(expression, namespaces);
}

std::unique_ptr<const finder> find_by_css(const std::string& selector,
                                          const std::vector<std::string>& namespaces)
{
    return std::make_unique<const css_finder>(selector, namespaces);
}

std::unique_ptr<const finder> find_by_jsonpath(const std::string& query, bool relaxed,
                                               const char* option)
{
    return std::make_unique<const jsonpath_finder>(query, relaxed, option);
}

std::string line_of(const value& found)
{
    const auto style = json::dump_options().nan(json::nan_policy::literal);
    return (found.is_string() ? found.as<std::string>() : json::dump(found, style)) + '\n';
}

document_kind guess_kind(std::string_view file, std::string_view text) noexcept
{
    for (const std::string_view ending : {".html", ".htm"}) {
        if (file.ends_with(ending)) return document_kind::html;
    }
    for (const std::string_view ending :
         {".xml", ".xhtml", ".svg", ".rss", ".atom", ".xsd", ".rdf", ".opf"}) {
        if (file.ends_with(ending)) return document_kind::xml;
    }
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    return text.starts_with("<?xml") ? document_kind::xml : document_kind::html;
}

}  // namespace ferry::command
