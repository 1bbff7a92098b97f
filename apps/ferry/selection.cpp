#include "apps/ferry/selection.hpp"

#include "apps/ferry/commands.hpp"

namespace ferry::command {
namespace {

xpath::expression compile(const std::string& expression)
{
    try {
        return xpath::expression::compile(expression);
    } catch (const parse_error& e) {
        throw usage_error("--xpath: " + std::string{e.what()} + '\n' + e.excerpt());
    } catch (const limit_error& e) {
        throw usage_error("--xpath: " + std::string{e.what()});
    }
}

}  // namespace

selection::selection(const std::string& expression) : compiled_{compile(expression)} {}

std::vector<std::string> selection::strings(const html::document& page) const
{
    const xpath::result found = compiled_.evaluate(page.tree());
    if (!found.is_nodes()) return found.strings();
    std::vector<std::string> all;
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
