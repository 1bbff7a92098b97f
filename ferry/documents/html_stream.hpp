#pragma once

#include "ferry/documents/html.hpp"
#include "ferry/documents/html_tokens.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

/// \file
/// The elements of a page that is too large to be a tree, one after another.
///
///     html::stream rows("tr.trade", [](const html::element& row) { add(row.css("td")); });
///     while (auto part = co_await page.next()) rows.feed(part->text());
///     rows.finish();
namespace ferry::html {

/// Is fed a page piece by piece, and gives each outermost element that a selector matches, as soon
/// as it is whole, in a document of its own. Memory is bounded by the largest element. What is
/// around an element is not known: neither its ancestors nor its siblings. Tags of li, tr, td, p
/// and others whose end may be left out are completed; other mistakes outside of an element are not
/// repaired as in a document. Not thread-safe. As lxml's iterparse(html=True, tag=...).
class stream {
public:
    /// The element lives until the handler returns.
    using handler = std::function<void(const element&)>;

    /// \param selector  one that names and attributes decide: see css::selector::is_local().
    /// \throws parse_error  it is another one, or none.
    stream(std::string_view selector, handler take,
           std::size_t max_element_bytes = tokens::default_max_token_bytes);
    stream(stream&&) noexcept;
    stream& operator=(stream&&) noexcept;
    ~stream();

    /// \param text  UTF-8, cut anywhere.
    /// \throws limit_error  `max_element_bytes`; and what the handler throws.
    void feed(std::string_view text);
    void finish();

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace ferry::html
