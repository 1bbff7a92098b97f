#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::html {

/// A tag, a text, a comment or a doctype of HTML as it is written: no tree is built, nothing is
/// implied or moved.
struct token {
    enum class kind : std::uint8_t { start_tag, end_tag, text, comment, doctype };

    kind type = kind::text;
    std::string name;  ///< of a tag or doctype, in lower case
    std::vector<std::pair<std::string, std::string>> attributes;  ///< each name once
    std::string text;  ///< of a text (whole, up to the next tag) or comment
    bool self_closing = false;
    std::size_t offset = 0;  ///< in what was fed, once it is UTF-8 with line ends of one byte

    const std::string* find(std::string_view attribute) const noexcept;
};

/// The HTML Standard's tokenizer, fed piece by piece, for pages too large to be a tree: memory is
/// bounded by the longest token. What scripts, styles and titles hold is text, as in a document.
///
///     html::tokens reader([&](const html::token& t) {
///         if (t.type == html::token::kind::start_tag && t.name == "a") ++links;
///     });
///     while (auto part = co_await page.next()) reader.feed(part->text());
///     reader.finish();
///
/// Not thread-safe. HTML Standard section 13.2.5. As html.parser.HTMLParser.
class tokens {
public:
    using handler = std::function<void(const token&)>;
    /// 16 MiB.
    static constexpr std::size_t default_max_token_bytes = std::size_t{1} << 24;

    /// \param take  gets every token, in order; what it throws comes out of feed() or finish(), and
    ///              nothing may be fed after that.
    explicit tokens(handler take, std::size_t max_token_bytes = default_max_token_bytes);
    tokens(tokens&&) noexcept;
    tokens& operator=(tokens&&) noexcept;
    ~tokens();

    /// \param text  UTF-8, cut anywhere; what is not is replaced by U+FFFD.
    /// \throws limit_error  `max_token_bytes`. Cost: linear in all that is fed.
    void feed(std::string_view text);
    /// The end of the page: hands over what is left.
    void finish();

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace ferry::html
