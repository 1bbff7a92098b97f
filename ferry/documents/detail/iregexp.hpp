#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace ferry::jsonpath::detail {

/// What RE2 calls an I-Regexp (RFC 9485); nothing if it is not one. As the mappings of the RFC's
/// section 5, `^` and `$` keep the meaning that all engines give them.
std::optional<std::string> translate_iregexp(std::string_view text);

/// A regular expression that matches in linear time. Safe to share between threads.
class iregexp {
public:
    /// \throws limit_error  `max_regexp_program`: RE2 finds it too large.
    explicit iregexp(std::string_view text);
    iregexp(iregexp&&) noexcept;
    iregexp& operator=(iregexp&&) noexcept;
    ~iregexp();

    /// Whether all of the text matches; never, if this is no I-Regexp.
    bool matches(std::string_view text) const;
    /// Whether a part of the text matches.
    bool finds(std::string_view text) const;

private:
    std::unique_ptr<const re2::RE2> compiled_;
};

}  // namespace ferry::jsonpath::detail
