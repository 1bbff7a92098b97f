#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ferry::http::detail {

/// Cuts a text that comes in pieces into lines, which end in LF, CR LF or CR. A CR ends its line at
/// once, whatever follows later.
class line_splitter {
public:
    explicit line_splitter(std::size_t max_line_bytes) noexcept : max_line_bytes_(max_line_bytes) {}

    void feed(std::string_view text)
    {
        pending_.erase(0, begin_);
        scanned_ -= begin_;
        begin_ = 0;
        pending_ += text;
    }

    /// The next whole line, without its end; valid until the next call of feed().
    /// \throws limit_error `max_line_bytes`
    std::optional<std::string_view> next();

    /// At the end of the text: what stands behind the last line's end; nothing if nothing does.
    std::optional<std::string_view> rest() noexcept;

    /// Bytes that belong to no whole line yet.
    std::size_t pending_bytes() const noexcept { return pending_.size() - begin_; }

private:
    std::string pending_;
    std::size_t begin_ = 0;    ///< of the next line
    std::size_t scanned_ = 0;  ///< no line ends before this
    std::size_t max_line_bytes_;
    bool after_cr_ = false;
};

}  // namespace ferry::http::detail
