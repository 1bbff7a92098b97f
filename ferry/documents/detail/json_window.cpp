#include "ferry/documents/detail/json_window.hpp"

#include <algorithm>

namespace ferry::json::detail {
namespace {

text_position sum(const text_position& start, const text_position& p) noexcept
{
    return {.offset = start.offset + p.offset,
            .line = start.line + p.line - 1,
            .column = p.line == 1 ? start.column + p.column - 1 : p.column};
}

}  // namespace

void input_window::feed(std::string_view piece)
{
    // What was consumed goes when it is most of the buffer, so that every byte moves about once.
    if (at_ > own_.size() / 2) {
        start_ = position();
        own_.erase(0, at_);
        at_ = 0;
    }
    own_ += piece;
}

text_position input_window::position(std::size_t ahead) const noexcept
{
    return sum(start_, position_of(all(), std::min(at_ + ahead, all().size())));
}

void input_window::rethrow(const parse_error& e, std::size_t ahead) const
{
    std::string message = e.what();
    if (const auto at = message.rfind(" (line "); at != std::string::npos) message.resize(at);
    throw parse_error{e.code(), message, sum(position(ahead), e.where()), e.excerpt(), e.pointer()};
}

std::size_t extent::end(std::string_view text, bool finished)
{
    while (at_ < text.size()) {
        if (in_string_) {
            if (!skip_string(text)) break;
            if (depth_ == 0) return at_;
            continue;
        }
        const char c = text[at_];
        if (depth_ == 0 && at_ > 0 &&
            std::string_view{" \t\r\n,:[]{}\"\x1e"}.find(c) != std::string_view::npos) {
            return at_;
        }
        ++at_;
        if (c == '"') {
            in_string_ = true;
        } else if (c == '[' || c == '{') {
            ++depth_;
        } else if (c == ']' || c == '}') {
            if (depth_ > 0) --depth_;
            if (depth_ == 0) return at_;
        } else if (depth_ == 0 && (c == ',' || c == ':')) {
            return at_;
        }
    }
    return finished && !text.empty() ? text.size() : unknown;
}

/// \returns whether the string ended.
bool extent::skip_string(std::string_view text)
{
    for (;;) {
        const std::size_t found = text.find_first_of("\"\\", at_);
        if (found == std::string_view::npos) {
            at_ = text.size();
            return false;
        }
        if (text[found] == '"') {
            at_ = found + 1;
            in_string_ = false;
            return true;
        }
        at_ = found;
        if (found + 1 == text.size()) return false;
        at_ = found + 2;
    }
}

}  // namespace ferry::json::detail
