#pragma once

#include "ferry/documents/detail/html_tokenizer.hpp"

namespace ferry::documents::detail {

/// Gets the tokens of a page that comes in pieces. Views are valid during the call.
class html_feed_sink {
public:
    html_feed_sink() = default;
    html_feed_sink(const html_feed_sink&) = delete;
    html_feed_sink& operator=(const html_feed_sink&) = delete;
    virtual ~html_feed_sink() = default;

    /// \param t     without NUL and whole: a text goes on to the next tag or comment.
    /// \param raw   as it is written. What follows in the next call lies behind it in memory, until
    ///              on_pause() is called.
    virtual void on_token(const html_token& t, std::string_view raw) = 0;
    virtual void on_pause() {}
};

/// Reads a page piece by piece, as html_tokenizer reads a whole one: keeps what is not complete,
/// and knows by itself where the text of an element has its own rules. Memory: the longest token.
class html_feed {
public:
    /// \param outline  the sink wants tags without their attributes, and what is written.
    html_feed(html_feed_sink& to, std::size_t max_token_bytes, bool outline = false)
        : to_(to), max_token_bytes_(max_token_bytes), outline_(outline)
    {
    }

    /// \throws limit_error  `max_token_bytes`; and what the sink throws.
    void feed(std::string_view text);
    void finish();

    /// During on_token(): the names and values of the token.
    const tree& names() const noexcept { return *names_; }
    /// During on_token(): whether it is in SVG or MathML.
    bool in_foreign() const noexcept;
    /// Bytes before the text that is being read, once it is UTF-8 with line ends of one byte.
    std::size_t offset() const noexcept { return offset_; }

private:
    void append(std::string_view text);
    void run(bool final);
    void enter(name_id name, bool self_closing);
    void leave(name_id name) noexcept;
    void take_text(const html_token& t, std::string_view source);
    void give(const html_token& t, const char* end);

    html_feed_sink& to_;
    std::size_t max_token_bytes_;
    bool outline_;
    std::string carried_;  // an unfinished character or line end
    std::string buffer_;
    std::size_t offset_ = 0;    // of buffer_
    std::size_t next_try_ = 0;  // what buffer_ must have grown to
    // Where the reading of buffer_ begins: what was given moved it on.
    name_id raw_ = no_name;         // the element whose text is being read, if any
    std::vector<name_id> foreign_;  // svg, math and what stands in them with HTML in it
    // During run().
    const tree* names_ = nullptr;
    const char* given_ = nullptr;  // up to where tokens were given
    html_token text_;              // that may go on
    std::string joined_;           // what text_ shows if it is not as written
    bool has_text_ = false;
};

}  // namespace ferry::documents::detail
