#pragma once

/// \file
/// The tokens of a JSON text, for what decodes it without a `value` in between. Not for direct use:
/// see `json::parse<T>`.

#include "ferry/core/value.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace ferry {

enum class duplicate_keys : std::uint8_t;

namespace json {

class parse_options;
enum class surrogates : std::uint8_t;

namespace detail {

/// What `parse_options` say, as far as the fast way knows of it.
struct read_settings {
    std::size_t max_depth;
    std::size_t max_digits;
    std::size_t max_string_bytes;
    duplicate_keys duplicates;
    surrogates lone;
    bool decimals;
    bool overflow;
    bool careful;  ///< the options ask for what only the careful way has

    explicit read_settings(const parse_options& options) noexcept;
};

/// Where the tokens of a text begin: the brackets, braces, colons and commas outside of strings,
/// and the first characters of strings, numbers and words. Found with vector instructions, several
/// bytes a cycle.
class token_index {
public:
    explicit token_index(std::string_view text);
    token_index(const token_index&) = delete;
    token_index& operator=(const token_index&) = delete;
    ~token_index();

    /// The offsets of the tokens, and behind them the size of the text. Null if the text is not
    /// UTF-8, has a string that is not closed or holds control characters, or is 4 GiB or more.
    const std::uint32_t* first() const noexcept { return first_; }
    const std::uint32_t* last() const noexcept { return last_; }

private:
    struct kept;
    std::unique_ptr<kept> memory_;
    const std::uint32_t* first_ = nullptr;
    const std::uint32_t* last_ = nullptr;
};

/// Reads the values of one text in order. Every function that returns bool says whether the text at
/// the present token is what was asked for, and then stands behind it. After false the place is
/// anywhere, and nothing has been thrown: whoever asked reads the text again in the careful way,
/// which finds the error's words and place.
///
/// What is read or skipped is checked completely. One thread.
class reader {
public:
    reader(std::string_view text, const read_settings& settings);

    /// The text is one array or object as far as its first and last token show. Else nothing may be
    /// read.
    bool ready() const noexcept { return ready_; }
    bool at_end() const noexcept { return token_ == last_; }

    /// The first character of the present token.
    char peek() const noexcept { return text_[*token_]; }
    /// The token is that punctuation.
    bool take(char c) noexcept
    {
        if (peek() != c) return false;
        ++token_;
        return true;
    }
    /// Closes an array or object, which is within `depth` others.
    bool close(char c, std::size_t depth) noexcept
    {
        return take(c) && (depth == 0 || token_ != last_);
    }
    /// Arrays and objects inside one another.
    std::size_t max_depth() const noexcept { return settings_.max_depth; }

    bool read_null() noexcept;
    bool read(bool& into) noexcept;
    bool read(std::int64_t& into) noexcept;
    /// Any number.
    bool read(double& into) noexcept;
    bool read(std::string& into);
    /// A string, as a view that is valid until the next call.
    bool read_text(std::string_view& into)
    {
        std::string_view raw;
        if (!raw_string(raw)) return false;
        ++token_;
        into = raw;
        return !has_escape(raw) || unescape(raw, into);
    }
    /// A member's name and its colon, as `read_text`.
    bool read_name(std::string_view& into) { return read_text(into) && take(':'); }
    /// Steps behind a member's name and its colon, if it is that one.
    /// \param quoted  the name with its quotes.
    template <std::size_t Size>
    [[gnu::always_inline]] bool take_name(const std::array<char, Size>& quoted) noexcept
    {
        const char* const at = text_ + token_[0];
        if (token_[1] - token_[0] < Size || std::memcmp(at, quoted.data(), Size) != 0 ||
            text_[token_[1]] != ':') {
            return false;
        }
        token_ += 2;
        return true;
    }
    bool has_escape(std::string_view raw) const noexcept;
    /// Skips members, from the present one on, up to one that may be wanted, because its name has
    /// one of those lengths or an escape, or to the closing brace. Stands at either. What is wanted
    /// must be names of C++, which only `\u` can spell otherwise.
    /// \param lengths  bit n stands for n bytes, the last bit for all from 63 on.
    /// \param depth    the containers around the members.
    bool skip_members(std::uint64_t lengths, std::size_t depth);

    /// Any value, within `depth` containers.
    bool read(value& into, std::size_t depth);
    bool skip(std::size_t depth);
    /// The whole text.
    bool read_all(value& into);

    /// For trying one alternative after another.
    const std::uint32_t* place() const noexcept { return token_; }
    void return_to(const std::uint32_t* place) noexcept { token_ = place; }

private:
    /// What stands between the quotes. The token stays.
    bool raw_string(std::string_view& raw) const noexcept { return raw_string(token_, raw); }
    bool raw_string(const std::uint32_t* token, std::string_view& raw) const noexcept
    {
        const char* const start = text_ + *token;
        if (*start != '"') return false;
        // Behind the closing quote there is only white space up to the next token.
        const char* close = text_ + token[1] - 1;
        while (*close != '"') --close;
        raw = {start + 1, close};
        return true;
    }
    bool unescape(std::string_view raw, std::string_view& into);
    template <bool StopAtEscapes>
    bool skip_to_member(std::uint64_t lengths, std::size_t depth);

    const char* text_;
    const char* end_;
    token_index index_;
    const std::uint32_t* token_ = nullptr;
    const std::uint32_t* last_ = nullptr;
    read_settings settings_;
    bool ready_ = false;
    std::string scratch_;
};

/// A whole document. \returns whether the careful way is not needed.
bool read_document(std::string_view text, const parse_options& options, value& into);

}  // namespace detail
}  // namespace json
}  // namespace ferry
