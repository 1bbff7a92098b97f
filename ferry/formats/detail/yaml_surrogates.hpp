#pragma once

#include <optional>
#include <string>
#include <string_view>

/// PyYAML writes a lone surrogate as `"\uD800"`, which libyaml refuses. On its way through libyaml
/// a private code point stands for it, U+10D800 for U+D800; a text that holds one of these itself
/// cannot be told from that, and goes without.
namespace ferry::yaml::detail {

/// The document with `\U0010D800` for each `\uD800`; nullopt if that changes nothing, or if it has
/// such code points itself.
std::optional<std::string> hide_escaped_surrogates(std::string_view document);

/// What a scalar of such a document is. \param escaped  it is double quoted; in others the escape
/// is text.
std::string show_surrogates(std::string_view scalar, bool escaped);

/// Whether a document cannot be written with hidden surrogates because of this text.
bool looks_like_hidden_surrogates(std::string_view text) noexcept;

/// A text with U+10D800 for each surrogate of its WTF-8.
std::string hide_surrogates(std::string_view text);

/// The document that libyaml wrote, with `\uD800` for each `\U0010D800`.
std::string show_escaped_surrogates(std::string_view document);

}  // namespace ferry::yaml::detail
