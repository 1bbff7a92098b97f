#pragma once

#include "ferry/documents/html.hpp"
#include "ferry/documents/html_tokens.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

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
    stream(const stream&) = delete;
    stream& operator=(const stream&) = delete;

    /// \throws limit_error  `max_element_bytes`; and what the handler throws.
    void feed(std::string_view text) { tokens_.feed(text); }
    void finish();

private:
    void take(const token& t);
    void take_start(const token& t);
    void take_end(const token& t);
    bool is_wanted(const std::string& name, const std::string& start_tag);
    bool ends_before(std::string_view name) const;
    void give();
    void add(std::string_view text);

    ferry::css::selector selector_;
    handler take_;
    std::size_t max_element_bytes_;
    std::unordered_map<std::string, bool> wanted_;  // start tags that were looked at
    std::vector<std::string> open_;                 // from the element that is being collected on
    std::string html_;
    tokens tokens_;
};

}  // namespace ferry::html
