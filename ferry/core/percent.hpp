#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

/// Percent-encoding, by the URL Standard section 1.3 and as Python's `urllib.parse`.
namespace ferry::percent {

/// A set of bytes to encode. Bytes from 0x7F up always are.
class set {
public:
    constexpr set() = default;

    /// This set and the characters of `more`.
    constexpr set with(std::string_view more) const
    {
        set result = *this;
        for (const char c : more) result.bit(c, true);
        return result;
    }
    constexpr set without(std::string_view less) const
    {
        set result = *this;
        for (const char c : less) result.bit(c, false);
        return result;
    }
    constexpr bool contains(char c) const noexcept
    {
        const auto byte = static_cast<unsigned char>(c);
        return byte >= 0x7F || (words_[byte >> 6U] >> (byte & 63U) & 1U) != 0;
    }

private:
    constexpr void bit(char c, bool on)
    {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x7F) return;
        const std::uint64_t mask = std::uint64_t{1} << (byte & 63U);
        words_[byte >> 6U] = on ? words_[byte >> 6U] | mask : words_[byte >> 6U] & ~mask;
    }
    // The controls are in every set.
    std::array<std::uint64_t, 2> words_{0xFFFFFFFFU, 0};
};

// The sets of the URL Standard, under its names.
inline constexpr set c0_control;
inline constexpr set fragment = c0_control.with(" \"<>`");
inline constexpr set query = c0_control.with(" \"#<>");
inline constexpr set special_query = query.with("'");
inline constexpr set path = query.with("?^`{}");
inline constexpr set userinfo = path.with("/:;=@[\\]|");
inline constexpr set component = userinfo.with("$%&+,");
inline constexpr set form = component.with("!'()~");

/// Puts `text` at the end of `to`, the bytes of `which` encoded. A `%` in front of two digits is
/// kept unless `which` contains it, so that what is encoded already stays as it is.
void append_encoded(std::string& to, std::string_view text, const set& which);

/// All but letters, digits, `_.-~` and the characters of `safe`. As `urllib.parse.quote`.
std::string encode(std::string_view text, std::string_view safe = "/");

/// The same with `+` for a space. As `urllib.parse.quote_plus`.
std::string encode_plus(std::string_view text, std::string_view safe = {});

/// The bytes that `text` stands for; a `%` without two digits behind it stays.
/// As `urllib.parse.unquote_to_bytes`; `utf8::repair` of it as `unquote`.
std::string decode(std::string_view text);

/// The same with `+` read as a space. As `urllib.parse.unquote_plus`, but for invalid UTF-8.
std::string decode_plus(std::string_view text);

}  // namespace ferry::percent
