#include "ferry/http/detail/line_splitter.hpp"

#include "ferry/core/error.hpp"

namespace ferry::http::detail {

std::optional<std::string_view> line_splitter::next()
{
    if (after_cr_ && begin_ < pending_.size()) {
        if (pending_[begin_] == '\n') ++begin_;
        after_cr_ = false;
        if (scanned_ < begin_) scanned_ = begin_;
    }
    const std::size_t end = pending_.find_first_of("\r\n", scanned_);
    scanned_ = end == std::string::npos ? pending_.size() : end + 1;
    const std::size_t size = (end == std::string::npos ? scanned_ : end) - begin_;
    if (size > max_line_bytes_) throw limit_error("max_line_bytes", max_line_bytes_);
    if (end == std::string::npos) return std::nullopt;
    const std::string_view line = std::string_view(pending_).substr(begin_, size);
    after_cr_ = pending_[end] == '\r';
    begin_ = end + 1;
    return line;
}

std::optional<std::string_view> line_splitter::rest() noexcept
{
    const std::string_view left = std::string_view(pending_).substr(begin_);
    begin_ = scanned_ = pending_.size();
    if (left.empty() || (after_cr_ && left == "\n")) return std::nullopt;
    return left;
}

}  // namespace ferry::http::detail
