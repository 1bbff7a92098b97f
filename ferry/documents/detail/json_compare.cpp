#include "ferry/documents/detail/json_compare.hpp"

#include <algorithm>

namespace ferry::json::detail {
namespace {

using kind = alignment::kind;

std::vector<std::size_t> hashes_of(const value& array)
{
    std::vector<std::size_t> hashes;
    hashes.reserve(array.size());
    for (const value& element : array) hashes.push_back(element.hash());
    return hashes;
}

/// The part of two arrays between what they have in common at both ends.
class middle {
public:
    middle(const value& from, const value& to)
        : from_{from}, to_{to}, from_hashes_{hashes_of(from)}, to_hashes_{hashes_of(to)}
    {
        const std::size_t shorter = std::min(from.size(), to.size());
        while (first_ < shorter && same(first_, first_)) ++first_;
        from_end_ = from.size();
        to_end_ = to.size();
        while (from_end_ > first_ && to_end_ > first_ && same(from_end_ - 1, to_end_ - 1)) {
            --from_end_;
            --to_end_;
        }
    }

    std::vector<alignment> script()
    {
        for (std::size_t i = 0; i < first_; ++i) script_.push_back({kind::same, i, i});
        put_middle();
        for (std::size_t i = from_end_; i < from_.size(); ++i) {
            script_.push_back({kind::same, i, to_end_ + (i - from_end_)});
        }
        return std::move(script_);
    }

private:
    bool same(std::size_t i, std::size_t k) const
    {
        return from_hashes_[i] == to_hashes_[k] && from_.begin()[i] == to_.begin()[k];
    }

    void put_middle()
    {
        const std::size_t rows = from_end_ - first_;
        const std::size_t columns = to_end_ - first_;
        if (rows == 0 || columns == 0 || rows > max_alignment / columns) {
            return put_gap(first_, from_end_, first_, to_end_);
        }
        // longest[i][k]: the longest common subsequence of what follows i and k.
        const std::size_t width = columns + 1;
        std::vector<std::uint32_t> longest((rows + 1) * width, 0);
        for (std::size_t i = rows; i-- > 0;) {
            for (std::size_t k = columns; k-- > 0;) {
                longest[i * width + k] =
                    from_hashes_[first_ + i] == to_hashes_[first_ + k]
                        ? longest[(i + 1) * width + k + 1] + 1
                        : std::max(longest[(i + 1) * width + k], longest[i * width + k + 1]);
            }
        }
        std::size_t i = 0;
        std::size_t k = 0;
        std::size_t gap_i = 0;
        std::size_t gap_k = 0;
        while (i < rows && k < columns) {
            if (same(first_ + i, first_ + k)) {
                put_gap(first_ + gap_i, first_ + i, first_ + gap_k, first_ + k);
                script_.push_back({kind::same, first_ + i, first_ + k});
                gap_i = ++i;
                gap_k = ++k;
            } else if (longest[(i + 1) * width + k] >= longest[i * width + k + 1]) {
                ++i;
            } else {
                ++k;
            }
        }
        put_gap(first_ + gap_i, from_end_, first_ + gap_k, to_end_);
    }

    /// Between elements that stayed: the first ones changed, the rest was removed or added.
    void put_gap(std::size_t i, std::size_t i_end, std::size_t k, std::size_t k_end)
    {
        while (i < i_end && k < k_end) script_.push_back({kind::changed, i++, k++});
        while (i < i_end) script_.push_back({kind::removed, i++, k});
        while (k < k_end) script_.push_back({kind::added, i, k++});
    }

    const value& from_;
    const value& to_;
    std::vector<std::size_t> from_hashes_;
    std::vector<std::size_t> to_hashes_;
    std::size_t first_ = 0;
    std::size_t from_end_ = 0;
    std::size_t to_end_ = 0;
    std::vector<alignment> script_;
};

}  // namespace

std::vector<alignment> align(const value& from, const value& to)
{
    return middle{from, to}.script();
}

relation relate(const value& from, const value& to)
{
    if (from.is_object() && to.is_object()) return relation::objects;
    if (from.is_array() && to.is_array()) return relation::arrays;
    return from == to ? relation::equal : relation::replaced;
}

}  // namespace ferry::json::detail
