#pragma once

#include <string_view>

namespace ferry::css::detail {

// How attribute values compare: exactly, or without regard to the case of ASCII letters.

bool equal(std::string_view a, std::string_view b, bool fold) noexcept;
/// Whether `word` is one of the words of `text`, which white space separates. Linear.
bool has_word(std::string_view text, std::string_view word, bool fold) noexcept;
/// Whether `part` is in `text`.
bool has_part(std::string_view text, std::string_view part, bool fold) noexcept;

/// Whether selectors compare the values of that attribute of an HTML element without case. HTML
/// Standard section 4.16.2.
bool has_folded_values(std::string_view attribute) noexcept;

}  // namespace ferry::css::detail
