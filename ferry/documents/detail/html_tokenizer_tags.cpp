#include "ferry/documents/detail/html_names.hpp"
#include "ferry/documents/detail/html_scan.hpp"
#include "ferry/documents/detail/html_tokenizer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

// Tags and their attributes.
namespace ferry::documents::detail {

namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";

}  // namespace

/// Reads a name of at least one byte, up to one of those classes. \returns its id, in lower case
/// and with NUL replaced.
name_id html_tokenizer::read_name(const char*& at, std::uint8_t ends)
{
    const char* const from = at;
    std::uint64_t packed = 0;
    unsigned classes = 0;
    std::size_t size = 0;
    do {
        const auto c = static_cast<unsigned char>(lower(*at));
        if (size < 8) packed |= std::uint64_t{c} << (8 * size);
        classes |= byte_classes[c];
        ++size;
        ++at;
    } while (at != end_ && !has_class(*at, ends));
    if (size <= 8 && (classes & is_nul) == 0)
        if (const name_id known = find_static_name(packed); known != no_name) return known;
    return builder_.intern(keep(scratch_, from, at, true));
}

/// Copies [from, to) with NUL replaced.
std::string_view html_tokenizer::keep(std::string& in, const char* from, const char* to,
                                      bool lower_case)
{
    in.clear();
    for (; from != to; ++from) {
        if (*from == '\0') {
            error("unexpected-null-character", from);
            in += replacement;
        } else {
            in += lower_case ? lower(*from) : *from;
        }
    }
    return in;
}

const html_token& html_tokenizer::read_tag(const char* name, token_kind kind)
{
    token_.kind = kind;
    token_.self_closing = false;
    token_.attributes.clear();
    ++tag_number_;
    const char* at = name;
    token_.name = read_name(at, ends_tag_name);
    if (at != end_ && *at == '>')
        ++at;
    else
        at = read_attributes(at);
    if (at == nullptr) {
        error("eof-in-tag", end_);
        at_ = end_;
        return emit_end();
    }
    at_ = at;
    if (kind == token_kind::end_tag) {
        state_ = tokenizer_state::data;
        if (!token_.attributes.empty()) error("end-tag-with-attributes", at - 1);
        if (token_.self_closing) error("end-tag-with-trailing-solidus", at - 1);
    }
    return token_;
}

/// Reads up to and over the greater-than sign. \returns null at the end of the input.
const char* html_tokenizer::read_attributes(const char* at)
{
    for (;;) {
        while (at != end_ && has_class(*at, is_space)) ++at;
        if (at == end_) return nullptr;
        if (*at == '>') return at + 1;
        if (*at == '/') {
            if (++at == end_) return nullptr;
            if (*at == '>') {
                token_.self_closing = true;
                return at + 1;
            }
            error("unexpected-solidus-in-tag", at);
            continue;
        }
        at = outline_ ? skip_attribute(at) : read_attribute(at);
        if (at == nullptr) return nullptr;
    }
}

const char* html_tokenizer::read_attribute(const char* at)
{
    const char* const start = at;
    name_id id = no_name;
    at = read_attribute_name(at, id);
    while (at != end_ && has_class(*at, is_space)) ++at;
    std::string_view value;
    if (at == end_ || *at != '=') {
        add_attribute(id, value, start);
        return at;
    }
    do ++at;
    while (at != end_ && has_class(*at, is_space));
    if (at == end_) return nullptr;
    if (*at == '>') {
        error("missing-attribute-value", at);
    } else if (*at == '"' || *at == '\'') {
        at = read_quoted(at + 1, *at, value);
        if (at != nullptr && at != end_ && !has_class(*at, ends_tag_name))
            error("missing-whitespace-between-attributes", at);
    } else {
        at = read_unquoted(at, value);
    }
    if (at != nullptr) add_attribute(id, value, start);
    return at;
}

/// As read_attribute(), for the place where it ends.
const char* html_tokenizer::skip_attribute(const char* at) const noexcept
{
    if (*at == '=') ++at;
    while (at != end_ && !has_class(*at, ends_attribute_name)) ++at;
    while (at != end_ && has_class(*at, is_space)) ++at;
    if (at == end_ || *at != '=') return at;
    do ++at;
    while (at != end_ && has_class(*at, is_space));
    if (at == end_ || *at == '>') return at == end_ ? nullptr : at;
    if (*at == '"' || *at == '\'') {
        const auto size = static_cast<std::size_t>(end_ - at - 1);
        const void* found = std::memchr(at + 1, *at, size);
        return found == nullptr ? nullptr : static_cast<const char*>(found) + 1;
    }
    while (at != end_ && *at != '>' && !has_class(*at, is_space)) ++at;
    return at == end_ ? nullptr : at;
}

const char* html_tokenizer::read_attribute_name(const char* at, name_id& id)
{
    const char* const start = at;
    if (*at == '=') error("unexpected-equals-sign-before-attribute-name", at);
    id = read_name(at, ends_attribute_name);
    if (errors_ != nullptr)
        for (const char* c = start; c != at; ++c)
            if (*c == '"' || *c == '\'' || *c == '<')
                error("unexpected-character-in-attribute-name", c);
    return at;
}

/// Whether the tag has an attribute of that name already.
bool html_tokenizer::is_repeated(name_id id)
{
    constexpr std::size_t few = 8;
    const auto& all = token_.attributes;
    if (all.size() < few)
        return std::any_of(all.begin(), all.end(), [id](const auto& a) { return a.name == id; });
    const auto mark = [this](name_id name) {
        if (name >= seen_.size()) seen_.resize(std::size_t{name} * 2 + 1);
        return std::exchange(seen_[name], tag_number_) == tag_number_;
    };
    if (all.size() == few)
        for (const auto& a : all) mark(a.name);
    return mark(id);
}

void html_tokenizer::add_attribute(name_id id, std::string_view value, const char* where)
{
    if (is_repeated(id))
        error("duplicate-attribute", where);
    else
        token_.attributes.push_back(builder_.make_attribute(id, value));
}

const char* html_tokenizer::read_quoted(const char* at, char quote, std::string_view& value)
{
    const char* from = at;
    at = find_any(at, end_, quote, '&', '\0');
    if (at != end_ && *at == quote) {
        value = {from, static_cast<std::size_t>(at - from)};
        return at + 1;
    }
    scratch_.clear();
    for (;;) {
        if (at == end_) return nullptr;
        if (*at == '\0') {
            error("unexpected-null-character", at);
            scratch_.append(from, at).append(replacement);
            from = ++at;
        } else if (*at == '&') {
            const auto reference =
                read_reference({at + 1, static_cast<std::size_t>(end_ - at - 1)}, true);
            if (reference.error != nullptr) error(reference.error, at + 1 + reference.consumed);
            if (reference.consumed != 0) {
                scratch_.append(from, at).append(reference.view());
                from = at + 1 + reference.consumed;
            }
            at += 1 + reference.consumed;
        } else {
            break;
        }
        at = find_any(at, end_, quote, '&', '\0');
    }
    value = scratch_.append(from, at);
    return at + 1;
}

const char* html_tokenizer::read_unquoted(const char* at, std::string_view& value)
{
    const char* from = at;
    scratch_.clear();
    for (;; ++at) {
        while (at != end_ && !has_class(*at, ends_unquoted)) ++at;
        if (at == end_) return nullptr;
        if (*at == '>' || has_class(*at, is_space)) break;
        if (*at == '\0') {
            error("unexpected-null-character", at);
            scratch_.append(from, at).append(replacement);
            from = at + 1;
        } else if (*at == '&') {
            const auto reference =
                read_reference({at + 1, static_cast<std::size_t>(end_ - at - 1)}, true);
            if (reference.error != nullptr) error(reference.error, at + 1 + reference.consumed);
            if (reference.consumed != 0) {
                scratch_.append(from, at).append(reference.view());
                from = at + 1 + reference.consumed;
                at += reference.consumed;
            }
        } else {
            error("unexpected-character-in-unquoted-attribute-value", at);
        }
    }
    if (scratch_.empty())
        value = {from, static_cast<std::size_t>(at - from)};
    else
        value = scratch_.append(from, at);
    return at;
}

}  // namespace ferry::documents::detail
