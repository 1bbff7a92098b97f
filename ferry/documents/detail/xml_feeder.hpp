#pragma once

#include "ferry/documents/detail/xml_encoding.hpp"
#include "ferry/documents/detail/xml_reader.hpp"

namespace ferry::xml::detail {

/// Gives a reader bytes as they come: finds the encoding, decodes, makes line ends LF, and keeps
/// what is not complete.
class feeder {
public:
    feeder(const options& with, reader& to, std::string charset = {})
        : with_(with), to_(to), charset_(std::move(charset))
    {
    }

    void feed(std::string_view bytes) { take(bytes, false); }
    void close() { take({}, true); }
    const std::optional<text_encoding>& encoding() const noexcept { return encoding_; }

private:
    void take(std::string_view bytes, bool is_last);
    bool knows_encoding(bool is_last);
    void decode(bool is_last);
    bool is_worth_reading(std::size_t fresh) const noexcept;

    const options& with_;
    reader& to_;
    std::string charset_;
    std::optional<text_encoding> encoding_;
    std::string bytes_;  // not decoded yet
    std::string text_;   // not read yet
    std::size_t retry_ = 0;
    bool ends_in_cr_ = false;
};

}  // namespace ferry::xml::detail
