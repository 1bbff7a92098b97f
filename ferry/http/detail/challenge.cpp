#include "ferry/http/detail/challenge.hpp"

#include "ferry/http/detail/syntax.hpp"

#include <algorithm>
#include <optional>

namespace ferry::http::detail {
namespace {

class reader {
public:
    explicit reader(std::string_view text) noexcept : rest_(text) {}

    bool at_end() const noexcept { return rest_.empty(); }

    void skip_blanks() noexcept
    {
        while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
    }
    void skip_to_element() noexcept
    {
        while (!rest_.empty() && (is_blank(rest_.front()) || rest_.front() == ',')) {
            rest_.remove_prefix(1);
        }
    }
    bool take(char c) noexcept
    {
        if (rest_.empty() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }
    std::string_view token() noexcept
    {
        std::size_t n = 0;
        while (n < rest_.size() && is_token_char(rest_[n])) ++n;
        const std::string_view found = rest_.substr(0, n);
        rest_.remove_prefix(n);
        return found;
    }

    // A token68 is all of what stands before the next comma.
    std::optional<std::string_view> token68() noexcept
    {
        std::size_t n = 0;
        while (n < rest_.size() && is_token68_char(rest_[n])) ++n;
        if (n == 0) return std::nullopt;
        while (n < rest_.size() && rest_[n] == '=') ++n;
        std::size_t end = n;
        while (end < rest_.size() && is_blank(rest_[end])) ++end;
        if (end < rest_.size() && rest_[end] != ',') return std::nullopt;
        const std::string_view found = rest_.substr(0, n);
        rest_.remove_prefix(end);
        return found;
    }

    // name = token or quoted string; nothing consumed if it is none.
    std::optional<std::pair<std::string, std::string>> parameter()
    {
        const std::string_view before = rest_;
        std::string name(token());
        skip_blanks();
        if (name.empty() || !take('=')) {
            rest_ = before;
            return std::nullopt;
        }
        skip_blanks();
        std::string value;
        if (take('"')) {
            if (!quoted(value)) {
                rest_ = {};
                return std::nullopt;
            }
        } else {
            value = token();
        }
        std::ranges::transform(name, name.begin(), lower);
        return std::pair(std::move(name), std::move(value));
    }

private:
    static bool is_token68_char(char c) noexcept
    {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) ||
               std::string_view("-._~+/").find(c) != std::string_view::npos;
    }

    bool quoted(std::string& into)
    {
        for (std::size_t i = 0; i < rest_.size(); ++i) {
            if (rest_[i] == '"') {
                rest_.remove_prefix(i + 1);
                return true;
            }
            if (rest_[i] == '\\' && i + 1 < rest_.size()) ++i;
            into += rest_[i];
        }
        return false;
    }

    std::string_view rest_;
};

void read_parameters(reader& in, std::vector<std::pair<std::string, std::string>>& into)
{
    while (into.size() < max_challenge_parameters) {
        in.skip_to_element();
        auto next = in.parameter();
        if (!next) return;
        into.push_back(std::move(*next));
        in.skip_blanks();
    }
}

}  // namespace

std::string_view challenge::find(std::string_view name) const noexcept
{
    const auto at = std::ranges::find(parameters, name, [](const auto& p) { return p.first; });
    return at == parameters.end() ? std::string_view() : std::string_view(at->second);
}

std::vector<challenge> parse_challenges(std::string_view field)
{
    std::vector<challenge> all;
    reader in(field);
    while (all.size() < max_challenges) {
        in.skip_to_element();
        challenge next;
        next.scheme = in.token();
        if (next.scheme.empty()) break;
        std::ranges::transform(next.scheme, next.scheme.begin(), lower);
        in.skip_blanks();
        if (const auto value = in.token68()) {
            next.token68 = *value;
        } else {
            read_parameters(in, next.parameters);
        }
        all.push_back(std::move(next));
    }
    return all;
}

std::vector<std::pair<std::string, std::string>> parse_auth_parameters(std::string_view field)
{
    std::vector<std::pair<std::string, std::string>> all;
    reader in(field);
    read_parameters(in, all);
    return all;
}

}  // namespace ferry::http::detail
