#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry {

/// The pairs of a query or a form body, application/x-www-form-urlencoded (URL Standard section 5):
/// in order, names may repeat.
///
///     auto pairs = query_pairs::parse(page.query());
///     pairs.set("page", "2");
///     page.set_query(pairs.to_string());
///
/// As Python's `parse_qsl(keep_blank_values=True)` and `urlencode`; Python writes `*` as `%2A` and
/// leaves `~`, the Standard does it the other way around.
class query_pairs {
public:
    using pair = std::pair<std::string, std::string>;

    query_pairs() = default;
    explicit query_pairs(std::vector<pair> pairs) noexcept : pairs_{std::move(pairs)} {}

    /// Never fails: `+` is a space, escapes are decoded, malformed UTF-8 becomes U+FFFD, a piece
    /// without `=` is a name with an empty value, empty pieces are dropped.
    static query_pairs parse(std::string_view text);

    std::string to_string() const;

    void append(std::string name, std::string value)
    {
        pairs_.emplace_back(std::move(name), std::move(value));
    }
    /// Gives the first pair of this name the value and drops the others; appends if there is none.
    void set(std::string_view name, std::string value);
    /// The number of pairs taken away.
    std::size_t erase(std::string_view name);

    /// The first value of this name. The view lives until the pairs change.
    std::optional<std::string_view> find(std::string_view name) const noexcept;
    std::vector<std::string_view> all(std::string_view name) const;
    bool contains(std::string_view name) const noexcept { return find(name).has_value(); }

    std::size_t size() const noexcept { return pairs_.size(); }
    bool empty() const noexcept { return pairs_.empty(); }
    auto begin() const noexcept { return pairs_.begin(); }
    auto end() const noexcept { return pairs_.end(); }

    friend bool operator==(const query_pairs&, const query_pairs&) = default;

private:
    std::vector<pair> pairs_;
};

}  // namespace ferry
