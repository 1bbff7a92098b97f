#pragma once

#include "ferry/core/charset.hpp"
#include "ferry/core/utf8.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace ferry::charset::detail {

/// Where a decoder puts its text, and what happens to malformed input.
class decode_output {
public:
    decode_output(encoding from, bool strict) : from_{from}, strict_{strict} {}

    std::string& text() & noexcept { return text_; }
    std::string text() && noexcept { return std::move(text_); }

    void put(char32_t c) { utf8::append(text_, c); }

    /// Copies the ASCII run at `at`; returns its length.
    std::size_t take_ascii(std::string_view in, std::size_t at)
    {
        std::size_t end = at;
        while (end < in.size() && static_cast<unsigned char>(in[end]) < 0x80) ++end;
        text_.append(in, at, end - at);
        return end - at;
    }

    /// \throws parse_error  if strict.
    void malformed(std::size_t offset);

private:
    std::string text_;
    encoding from_;
    bool strict_;
};

// The multi-byte decoders of the Standard's sections 10 to 13.
void decode_gb18030(std::string_view in, decode_output& out);
void decode_big5(std::string_view in, decode_output& out);
void decode_euc_jp(std::string_view in, decode_output& out);
void decode_iso_2022_jp(std::string_view in, decode_output& out);
void decode_shift_jis(std::string_view in, decode_output& out);
void decode_euc_kr(std::string_view in, decode_output& out);

}  // namespace ferry::charset::detail
