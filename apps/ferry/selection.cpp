#include "apps/ferry/selection.hpp"

#include "apps/ferry/commands.hpp"

namespace ferry::command {
namespace {

/// Calls what compiles or evaluates, and makes a usage_error of what is wrong with the text.
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

std::variant<xpath::expression, css::selector> compile(const std::string& path,
                                                       const std::string& selector)
{
    using either = std::variant<xpath::expression, css::selector>;
    if (path.empty())
        return explained("--css", [&] { return either(css::selector::compile(selector)); });
    return explained("--xpath", [&] { return either(xpath::expression::compile(path)); });
}

}  // namespace

selection::selection(const std::string& path, const std::string& selector,
                     const std::vector<std::string>& namespaces)
    : compiled_{compile(path, selector)}
{
    for (const std::string& n : namespaces) {
        const std::size_t at = n.find('=');
        if (at == std::string::npos) throw usage_error("--ns: write prefix=uri, not " + n);
        with_.ns(n.substr(0, at), n.substr(at + 1));
    }
}

std::vector<std::string> selection::strings(const html::document& page) const
{
    std::vector<std::string> all;
    if (const auto* selector = std::get_if<css::selector>(&compiled_)) {
        return explained("--css", [&] {
            if (selector->has_pseudo_element()) return selector->strings(page.tree(), 0, with_);
            for (const html::element& e : page.css(*selector, with_)) all.push_back(e.outer_html());
            return std::move(all);
        });
    }
    const xpath::node from(page.tree(), page.root().id());
    const xpath::result found = std::get<xpath::expression>(compiled_).evaluate(from);
    if (!found.is_nodes()) return found.strings();
    all.reserve(found.size());
    for (const xpath::node& n : found.nodes()) {
        if (n.is_element()) {
            all.push_back(html::node(n.tree(), n.id()).outer_html());
        } else {
            all.push_back(n.string());
        }
    }
    return all;
}

}  // namespace ferry::command
