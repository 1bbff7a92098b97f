#include "ferry/documents/detail/xml_feeder.hpp"

#include "ferry/documents/detail/html_encoding.hpp"
#include "ferry/documents/detail/xml_chars.hpp"

#include <algorithm>

namespace ferry::xml::detail {

namespace {

/// An unfinished token of this size is looked at again only when it has grown by half.
constexpr std::size_t long_token = std::size_t{64} << 10;

}  // namespace

bool feeder::knows_encoding(bool is_last)
{
    if (encoding_) return true;
    const std::string_view start = std::string_view(bytes_).substr(0, declaration_bytes);
    constexpr std::string_view declaration = "<?xml";
    const bool may_declare = start.starts_with(declaration) || declaration.starts_with(start);
    const bool is_ascii = !start.empty() && start[0] == '<' && start.size() > 1 && start[1] != '\0';
    const bool is_enough = bytes_.size() >= declaration_bytes ||
                           (is_ascii && start.size() >= 4 &&
                            (!may_declare || start.find("?>") != std::string_view::npos));
    if (!is_last && !is_enough) return false;
    encoding_ = find_encoding(std::as_bytes(std::span(bytes_)), charset_);
    bytes_.erase(0, encoding_->mark);
    encoding_->mark = 0;
    return true;
}

void feeder::decode(bool is_last)
{
    const std::size_t complete = is_last ? bytes_.size() : complete_prefix(bytes_, *encoding_);
    const auto ready = std::as_bytes(std::span(bytes_)).first(complete);
    std::string fresh = detail::decode(ready, *encoding_, with_.recover());
    if (with_.recover()) replace_bad_chars(fresh);
    bytes_.erase(0, complete);
    if (ends_in_cr_) fresh.insert(0, 1, '\r');
    ends_in_cr_ = !is_last && fresh.ends_with('\r');
    if (ends_in_cr_) fresh.pop_back();
    documents::detail::normalise_line_ends(fresh);
    text_ += fresh;
}

/// Whether what came can have completed a token.
bool feeder::is_worth_reading(std::size_t fresh) const noexcept
{
    if (text_.size() < retry_) return false;
    const std::string_view added = std::string_view(text_).substr(text_.size() - fresh);
    return fresh == text_.size() || added.find_first_of("<>;") != std::string_view::npos;
}

void feeder::take(std::string_view bytes, bool is_last)
{
    bytes_ += bytes;
    if (!knows_encoding(is_last)) return;
    const std::size_t before = text_.size();
    decode(is_last);
    if (!is_last && !is_worth_reading(text_.size() - before)) {
        if (text_.size() > with_.max_text_bytes())
            throw limit_error("max_text_bytes", with_.max_text_bytes());
        return;
    }
    const std::size_t done = to_.read(text_, is_last);
    text_.erase(0, done);
    retry_ = text_.size() > long_token ? text_.size() + text_.size() / 2 : 0;
}

}  // namespace ferry::xml::detail
