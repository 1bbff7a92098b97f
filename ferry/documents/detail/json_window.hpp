#pragma once

#include "ferry/documents/json_error.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace ferry::json::detail {

/// The part of an input that is in memory: pieces that were fed and not consumed yet, or a whole
/// text that somebody else keeps.
class input_window {
public:
    input_window() = default;
    explicit input_window(std::string_view whole) noexcept
        : text_{whole}, finished_{true}, borrowed_{true}
    {
    }

    void feed(std::string_view piece);
    void finish() noexcept { finished_ = true; }
    bool finished() const noexcept { return finished_; }

    /// What was not consumed.
    std::string_view rest() const noexcept { return all().substr(at_); }
    bool empty() const noexcept { return at_ == all().size(); }
    void consume(std::size_t size) noexcept { at_ += size; }
    /// Where in the whole input `rest()[ahead]` is. Cost: linear in what is in memory before it.
    text_position position(std::size_t ahead = 0) const noexcept;

    /// A parse_error of a part of the rest as one of the whole input.
    [[noreturn]] void rethrow(const parse_error& e, std::size_t ahead = 0) const;

private:
    std::string_view all() const noexcept { return borrowed_ ? text_ : std::string_view{own_}; }

    std::string own_;
    std::string_view text_;
    std::size_t at_ = 0;
    text_position start_;
    bool finished_ = false;
    bool borrowed_ = false;
};

/// Finds the end of a JSON value in a text that may still grow, without checking more of it than
/// brackets and quotes.
class extent {
public:
    static constexpr std::size_t unknown = static_cast<std::size_t>(-1);

    /// \param text      the same text as before, from the value's first character on, perhaps
    /// longer
    /// \param finished  nothing will be added to it
    /// \returns the value's length, or unknown: more text is needed. A text that ends too early is
    ///          a value up to its end.
    std::size_t end(std::string_view text, bool finished);
    void reset() noexcept { *this = extent{}; }

private:
    bool skip_string(std::string_view text);

    std::size_t at_ = 0;
    std::size_t depth_ = 0;
    bool in_string_ = false;
};

}  // namespace ferry::json::detail
