#include "apps/ferry/finder.hpp"

#include "ferry/documents/css.hpp"
#include "ferry/documents/html.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/documents/jsonpath.hpp"
#include "ferry/documents/xml.hpp"
#include "ferry/documents/xpath.hpp"

#include "apps/ferry/commands.hpp"

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

/// Calls `use(tree, source)`, where source(id) is the text of an element.
template <class Use>
void with_tree(std::string_view document, document_kind kind, const Use& use)
{
    if (kind == document_kind::xml) {
        const xml::document doc = xml::parse(as_bytes(document));
        use(doc.tree(),
            [&doc](documents::node_id id) { return xml::node(doc.tree(), id).to_xml(); });
    } else {
        const html::document page = html::parse(as_bytes(document));
        use(page.tree(),
            [&page](documents::node_id id) { return html::node(page.tree(), id).outer_html(); });
    }
}

template <class Context>
Context context_of(const std::vector<std::string>& namespaces)
{
    Context with;
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

    std::vector<value> find(std::string_view document, document_kind kind) const override
    {
        std::vector<value> all;
        with_tree(document, kind, [&](const documents::tree& tree, const auto& source) {
            const auto found =
                explained("--xpath", [&] { return compiled_.evaluate(tree, with_); });
            if (!found.is_nodes()) {
                for (const std::string& text : found.strings()) all.emplace_back(text);
                return;
            }
            for (const xpath::node& n : found.nodes()) {
                all.emplace_back(n.is_element() ? source(n.id()) : n.string());
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

    std::vector<value> find(std::string_view document, document_kind kind) const override
    {
        std::vector<value> all;
        with_tree(document, kind, [&](const documents::tree& tree, const auto& source) {
            explained("--css", [&] {
                if (compiled_.has_pseudo_element()) {
                    for (const std::string& text :
                         compiled_.strings(tree, documents::tree::root(), with_)) {
                        all.emplace_back(text);
                    }
                    return;
                }
                for (const documents::node_id id :
                     compiled_.select(tree, documents::tree::root(), with_)) {
                    all.emplace_back(source(id));
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
    jsonpath_finder(const std::string& text, bool relaxed)
        : compiled_{explained("--jsonpath", [&] { return jsonpath::compile(text); })},
          relaxed_{relaxed}
    {
    }

    std::vector<value> find(std::string_view document, document_kind /*always JSON*/) const override
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

std::unique_ptr<const finder> find_by_jsonpath(const std::string& query, bool relaxed)
{
    return std::make_unique<const jsonpath_finder>(query, relaxed);
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
