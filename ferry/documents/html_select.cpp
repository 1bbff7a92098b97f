#include "ferry/documents/html.hpp"

// Selectors on the nodes of a page.
namespace ferry::html {

namespace {

std::optional<element> element_at(const documents::tree& t, documents::node_id n)
{
    return n == documents::no_node ? std::nullopt : std::optional(element(t, n));
}

}  // namespace

std::vector<element> node::css(const ferry::css::selector& selector,
                               const ferry::css::context& with) const
{
    std::vector<element> found;
    for (const documents::node_id n : selector.select(*tree_, id_, with))
        found.emplace_back(*tree_, n);
    return found;
}

std::vector<element> node::css(std::string_view selector) const
{
    return css(ferry::css::compile(selector));
}

std::vector<element> node::select(std::string_view selector) const
{
    return css(selector);
}

std::optional<element> node::select_one(const ferry::css::selector& selector,
                                        const ferry::css::context& with) const
{
    return element_at(*tree_, selector.select_one(*tree_, id_, with));
}

std::optional<element> node::select_one(std::string_view selector) const
{
    return select_one(ferry::css::compile(selector));
}

std::vector<std::string> node::select_strings(const ferry::css::selector& selector,
                                              const ferry::css::context& with) const
{
    return selector.strings(*tree_, id_, with);
}

std::vector<std::string> node::select_strings(std::string_view selector) const
{
    return select_strings(ferry::css::compile(selector));
}

bool element::matches(const ferry::css::selector& selector, const ferry::css::context& with) const
{
    return selector.matches(tree(), id(), with);
}

bool element::matches(std::string_view selector) const
{
    return matches(ferry::css::compile(selector));
}

std::optional<element> element::closest(const ferry::css::selector& selector,
                                        const ferry::css::context& with) const
{
    return element_at(tree(), selector.closest(tree(), id(), with));
}

std::optional<element> element::closest(std::string_view selector) const
{
    return closest(ferry::css::compile(selector));
}

}  // namespace ferry::html
