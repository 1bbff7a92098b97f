#include "ferry/documents/detail/html_scan.hpp"
#include "ferry/documents/detail/html_tokenizer.hpp"

#include <cstring>

// Comments, doctypes and CDATA sections.
namespace ferry::documents::detail {

namespace {

bool starts_with(const char* at, const char* end, std::string_view lower_case_word) noexcept
{
    if (end - at < static_cast<std::ptrdiff_t>(lower_case_word.size())) return false;
    for (std::size_t i = 0; i < lower_case_word.size(); ++i)
        if (lower(at[i]) != lower_case_word[i]) return false;
    return true;
}

}  // namespace

const html_token& html_tokenizer::read_markup_declaration()
{
    const char* const at = at_ + 2;
    if (end_ - at >= 2 && at[0] == '-' && at[1] == '-') return read_comment(at + 2);
    if (starts_with(at, end_, "doctype")) return read_doctype(at + 7);
    if (end_ - at >= 7 && std::memcmp(at, "[CDATA[", 7) == 0) {
        if (foreign_) {
            at_ = at + 7;
            state_ = tokenizer_state::cdata;
            return next_cdata();
        }
        error("cdata-in-html-content", at + 7);
        return read_bogus_comment(at);
    }
    error("incorrectly-opened-comment", at);
    return read_bogus_comment(at);
}

const html_token& html_tokenizer::emit_comment(const char* from, const char* to)
{
    token_.kind = token_kind::comment;
    const auto size = static_cast<std::size_t>(to - from);
    if (std::memchr(from, '\0', size) == nullptr)
        token_.text = {from, size};
    else
        token_.text = keep(scratch_, from, to, false);
    return token_;
}

const html_token& html_tokenizer::read_bogus_comment(const char* from)
{
    const void* const found = std::memchr(from, '>', static_cast<std::size_t>(end_ - from));
    const char* const stop = found == nullptr ? end_ : static_cast<const char*>(found);
    at_ = found == nullptr ? end_ : stop + 1;
    return emit_comment(from, stop);
}

const html_token& html_tokenizer::read_comment(const char* at)
{
    const char* const from = at;
    const auto left = [&] { return static_cast<std::size_t>(end_ - at); };
    if ((left() >= 1 && *at == '>') || (left() >= 2 && at[0] == '-' && at[1] == '>')) {
        error("abrupt-closing-of-empty-comment", at);
        at_ = at + (*at == '>' ? 1 : 2);
        return emit_comment(from, from);
    }
    while (const void* found = std::memchr(at, '>', left())) {
        const char* const stop = static_cast<const char*>(found);
        at = stop + 1;
        if (stop - from >= 2 && stop[-1] == '-' && stop[-2] == '-') {
            at_ = at;
            return emit_comment(from, stop - 2);
        }
        if (stop - from >= 3 && stop[-1] == '!' && stop[-2] == '-' && stop[-3] == '-') {
            error("incorrectly-closed-comment", stop);
            at_ = at;
            return emit_comment(from, stop - 3);
        }
    }
    error("eof-in-comment", end_);
    at_ = end_;
    const std::string_view text(from, static_cast<std::size_t>(end_ - from));
    std::size_t pending = 0;
    for (const std::string_view tail : {"--!", "--", "-"})
        if (pending == 0 && text.ends_with(tail)) pending = tail.size();
    return emit_comment(from, end_ - pending);
}

const html_token& html_tokenizer::read_doctype(const char* at)
{
    token_.kind = token_kind::doctype;
    token_.force_quirks = false;
    token_.doctype_name = token_.public_id = token_.system_id = std::nullopt;
    if (at != end_ && *at != '>' && !has_class(*at, is_space))
        error("missing-whitespace-before-doctype-name", at);
    while (at != end_ && has_class(*at, is_space)) ++at;
    if (at == end_ || *at == '>') {
        error(at == end_ ? "eof-in-doctype" : "missing-doctype-name", at);
        token_.force_quirks = true;
        at_ = at == end_ ? end_ : at + 1;
        return token_;
    }
    const char* const name = at;
    while (at != end_ && *at != '>' && !has_class(*at, is_space)) ++at;
    token_.doctype_name = keep(doctype_name_, name, at, true);
    while (at != end_ && has_class(*at, is_space)) ++at;
    if (at != end_ && *at != '>') at = after_doctype_name(at);
    while (at != end_ && *at != '>') {
        if (*at == '\0') error("unexpected-null-character", at);
        ++at;
    }
    if (at == end_) {
        error("eof-in-doctype", end_);
        // Junk behind complete identifiers leaves the doctype as it is, at the end of input too.
        if (!bogus_doctype_) token_.force_quirks = true;
    }
    at_ = at == end_ ? end_ : at + 1;
    bogus_doctype_ = false;
    return token_;
}

/// Reads PUBLIC and SYSTEM. \returns where the search for the greater-than sign goes on.
const char* html_tokenizer::after_doctype_name(const char* at)
{
    const auto skip = [&] {
        while (at != end_ && has_class(*at, is_space)) ++at;
        return at != end_ && *at != '>';
    };
    const bool is_public = starts_with(at, end_, "public");
    if (!is_public && !starts_with(at, end_, "system")) {
        error("invalid-character-sequence-after-doctype-name", at);
        token_.force_quirks = true;
        bogus_doctype_ = true;
        return at;
    }
    at += 6;
    if (at != end_ && *at != '>' && !has_class(*at, is_space))
        error("missing-whitespace-after-doctype-keyword", at);
    skip();
    at = read_doctype_id(at, is_public ? token_.public_id : token_.system_id, is_public);
    if (bogus_doctype_ || at == end_ || token_.force_quirks) return at;
    if (is_public) {
        if (!skip()) return at;
        if (*at != '"' && *at != '\'') {
            error("missing-quote-before-doctype-system-identifier", at);
            token_.force_quirks = true;
            bogus_doctype_ = true;
            return at;
        }
        at = read_doctype_id(at, token_.system_id, false);
        if (bogus_doctype_ || at == end_ || token_.force_quirks) return at;
    }
    if (skip()) {
        error("unexpected-character-after-doctype-system-identifier", at);
        bogus_doctype_ = true;
    }
    return at;
}

/// Reads one quoted identifier; sets force-quirks if it is missing or ends early.
const char* html_tokenizer::read_doctype_id(const char* at, std::optional<std::string_view>& id,
                                            bool is_public)
{
    if (at == end_) return at;
    if (*at != '"' && *at != '\'') {
        error(*at == '>' ? "missing-doctype-identifier" : "missing-quote-before-doctype-identifier",
              at);
        token_.force_quirks = true;
        bogus_doctype_ = *at != '>';
        return at;
    }
    const char quote = *at++;
    const char* const from = at;
    while (at != end_ && *at != quote && *at != '>') ++at;
    id = keep(is_public ? public_id_ : system_id_, from, at, false);
    if (at == end_) return at;
    if (*at == '>') {
        error("abrupt-doctype-identifier", at);
        token_.force_quirks = true;
        return at;
    }
    return at + 1;
}

}  // namespace ferry::documents::detail
