#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace ferry::xmltodict::detail {

/// A text without what Python's str.strip() takes off.
std::string_view stripped(std::string_view text) noexcept;

/// The text of an element, as it comes in pieces. One piece that stays where it is, is not copied.
class pieces {
public:
    void clear() noexcept
    {
        data_.clear();
        view_ = {};
        has_any_ = is_cut_ = false;
    }
    /// Markup comes: what follows is another piece.
    void cut() noexcept { is_cut_ = true; }
    bool is_cut() const noexcept { return is_cut_; }
    bool has_any() const noexcept { return has_any_; }
    std::string_view text() const noexcept { return view_.empty() ? data_ : view_; }

    /// \param whole  what stays where it is.
    void add(std::string_view piece, std::string_view separator, std::string_view whole)
    {
        if (!has_any_ && is_inside(piece, whole)) {
            view_ = piece;
        } else {
            if (!view_.empty()) data_ = std::exchange(view_, {});
            if (is_cut_ && has_any_) data_ += separator;
            data_ += piece;
        }
        has_any_ = true;
        is_cut_ = false;
    }

private:
    static bool is_inside(std::string_view piece, std::string_view whole) noexcept
    {
        const std::less_equal<> no_later;
        return no_later(whole.data(), piece.data()) &&
               no_later(piece.data() + piece.size(), whole.data() + whole.size());
    }

    std::string data_;
    std::string_view view_;
    bool has_any_ = false;
    bool is_cut_ = false;
};

}  // namespace ferry::xmltodict::detail
