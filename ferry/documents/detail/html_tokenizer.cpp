#include "ferry/documents/detail/html_tokenizer.hpp"

#include "ferry/documents/detail/html_names.hpp"
#include "ferry/documents/detail/html_scan.hpp"

#include <cstring>

// Text: the data, RCDATA, RAWTEXT, script data, PLAINTEXT and CDATA states.
namespace ferry::documents::detail {

namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";

const char* find(const char* from, const char* end, char c) noexcept
{
    const void* found = std::memchr(from, c, static_cast<std::size_t>(end - from));
    return found == nullptr ? end : static_cast<const char*>(found);
}

}  // namespace

html_tokenizer::html_tokenizer(tree_builder& builder, std::vector<tokenizer_error>* errors)
    : builder_(builder),
      errors_(errors),
      begin_(builder.source().data()),
      end_(begin_ + builder.source().size()),
      at_(begin_)
{
}

void html_tokenizer::error(const char* code, const char* where)
{
    if (errors_ != nullptr) errors_->push_back({code, static_cast<std::size_t>(where - begin_)});
}

void html_tokenizer::set_state(tokenizer_state state, name_id end_tag) noexcept
{
    state_ = state;
    end_tag_ = end_tag;
    escape_ = script_escape::none;
}

const html_token& html_tokenizer::next()
{
    token_.offset = static_cast<std::size_t>(at_ - begin_);
    switch (state_) {
        case tokenizer_state::data: return next_data();
        case tokenizer_state::rcdata: return next_raw(true);
        case tokenizer_state::rawtext: return next_raw(false);
        case tokenizer_state::script_data: return next_script();
        case tokenizer_state::plaintext: return next_plaintext();
        case tokenizer_state::cdata: return next_cdata();
    }
    return emit_end();
}

const html_token& html_tokenizer::emit_text(const char* from, const char* to) noexcept
{
    token_.kind = token_kind::text;
    token_.text = {from, static_cast<std::size_t>(to - from)};
    return token_;
}

const html_token& html_tokenizer::emit_nul(bool replaced)
{
    const char* const nul = at_++;
    error("unexpected-null-character", nul);
    if (!replaced) return emit_text(nul, at_);
    token_.kind = token_kind::text;
    token_.text = replacement;
    return token_;
}

const html_token& html_tokenizer::emit_end() noexcept
{
    token_.kind = token_kind::end_of_file;
    token_.text = {};
    return token_;
}

std::size_t html_tokenizer::try_reference()
{
    reference_ = read_reference({at_ + 1, static_cast<std::size_t>(end_ - at_ - 1)}, false);
    if (reference_.error != nullptr) error(reference_.error, at_ + 1 + reference_.consumed);
    return reference_.consumed;
}

const html_token& html_tokenizer::emit_reference(std::string_view text) noexcept
{
    at_ += 1 + reference_.consumed;
    token_.kind = token_kind::text;
    token_.text = text;
    return token_;
}

const html_token& html_tokenizer::next_data()
{
    const char* start = at_;
    for (;;) {
        if (at_ == end_ || *at_ != '<') at_ = find_any(at_, end_, '<', outline_ ? '<' : '&', '\0');
        if (at_ == end_) return start == end_ ? emit_end() : emit_text(start, end_);
        if (*at_ == '\0') return at_ == start ? emit_nul(false) : emit_text(start, at_);
        if (*at_ == '&') {
            // What is no reference is text, and stays in the run.
            if (at_ != start) {
                reference_ =
                    read_reference({at_ + 1, static_cast<std::size_t>(end_ - at_ - 1)}, false);
                if (reference_.consumed != 0) return emit_text(start, at_);
                if (reference_.error != nullptr) error(reference_.error, at_);
            } else if (try_reference() != 0) {
                return emit_reference(reference_.view());
            }
            ++at_;
            continue;
        }
        const char next = at_ + 1 == end_ ? '\0' : at_[1];
        const char second = next != '/' || at_ + 2 == end_ ? '\0' : at_[2];
        const bool is_markup = has_class(next, is_letter) || next == '!' || next == '?' ||
                               (next == '/' && at_ + 2 != end_);
        if (is_markup && at_ != start) return emit_text(start, at_);
        if (has_class(next, is_letter)) return read_tag(at_ + 1, token_kind::start_tag);
        if (next == '!') return read_markup_declaration();
        if (next == '?') {
            error("unexpected-question-mark-instead-of-tag-name", at_ + 1);
            return read_bogus_comment(at_ + 1);
        }
        if (is_markup) {
            if (has_class(second, is_letter)) return read_tag(at_ + 2, token_kind::end_tag);
            if (second != '>') {
                error("invalid-first-character-of-tag-name", at_ + 2);
                return read_bogus_comment(at_ + 2);
            }
            error("missing-end-tag-name", at_ + 2);
            start = at_ += 3;
            continue;
        }
        if (at_ + 1 == end_ || next == '/')
            error("eof-before-tag-name", end_);
        else
            error("invalid-first-character-of-tag-name", at_ + 1);
        ++at_;
    }
}

bool html_tokenizer::at_end_tag(const char* less_than) const noexcept
{
    if (end_tag_ == no_name) return false;
    const std::string_view name = builder_.view().name(end_tag_);
    if (end_ - less_than < static_cast<std::ptrdiff_t>(name.size() + 3) || less_than[1] != '/')
        return false;
    for (std::size_t i = 0; i < name.size(); ++i)
        if (lower(less_than[2 + i]) != name[i]) return false;
    return has_class(less_than[2 + name.size()], ends_tag_name);
}

const html_token& html_tokenizer::next_raw(bool with_references)
{
    const char* const start = at_;
    for (;;) {
        at_ = find_any(at_, end_, '<', with_references && !outline_ ? '&' : '<', '\0');
        if (at_ == end_) return start == end_ ? emit_end() : emit_text(start, end_);
        if (*at_ == '\0') return at_ == start ? emit_nul(true) : emit_text(start, at_);
        if (*at_ == '<') {
            if (at_end_tag(at_)) {
                if (at_ != start) return emit_text(start, at_);
                return read_tag(at_ + 2, token_kind::end_tag);
            }
        } else if (at_ == start) {
            if (try_reference() != 0) return emit_reference(reference_.view());
        } else {
            return emit_text(start, at_);
        }
        ++at_;
    }
}

/// Whether `script` stands at `at`, followed by what ends a tag name; sets where it ends.
bool html_tokenizer::at_script_word(const char* at, const char*& after) const noexcept
{
    constexpr std::string_view word = "script";
    if (end_ - at <= static_cast<std::ptrdiff_t>(word.size())) return false;
    for (std::size_t i = 0; i < word.size(); ++i)
        if (lower(at[i]) != word[i]) return false;
    after = at + word.size();
    return has_class(*after, ends_tag_name);
}

/// Takes one `<` or `>` of a script. \returns whether an end tag begins there.
bool html_tokenizer::step_script(const char*& at)
{
    const auto rest = static_cast<std::size_t>(end_ - at);
    const char* after = nullptr;
    if (*at == '>') {
        const bool dashes = at - escape_start_ >= 2 && at[-1] == '-' && at[-2] == '-';
        if (dashes) escape_ = script_escape::none;
        ++at;
        return false;
    }
    if (escape_ == script_escape::double_escaped) {
        if (rest > 1 && at[1] == '/' && at_script_word(at + 2, after)) {
            escape_ = script_escape::escaped;
            at = after;
            // The slash and greater-than that end the word are taken by it.
            if (*at == '>') ++at;
            return false;
        }
    } else {
        if (at_end_tag(at)) return true;
        if (escape_ == script_escape::escaped) {
            if (at_script_word(at + 1, after)) {
                escape_ = script_escape::double_escaped;
                at = after;
                if (*at == '>') ++at;
                return false;
            }
        } else if (rest >= 4 && std::memcmp(at, "<!--", 4) == 0) {
            escape_ = script_escape::escaped;
            escape_start_ = at + 2;
            at += 4;
            return false;
        }
    }
    ++at;
    return false;
}

const html_token& html_tokenizer::next_script()
{
    const char* const start = at_;
    for (;;) {
        const bool plain = escape_ == script_escape::none;
        at_ = find_any(at_, end_, '<', plain ? '<' : '>', '\0');
        if (at_ == end_) {
            if (!plain) error("eof-in-script-html-comment-like-text", end_);
            return start == end_ ? emit_end() : emit_text(start, end_);
        }
        if (*at_ == '\0') return at_ == start ? emit_nul(true) : emit_text(start, at_);
        const char* at = at_;
        if (step_script(at)) {
            if (at_ != start) return emit_text(start, at_);
            return read_tag(at_ + 2, token_kind::end_tag);
        }
        at_ = at;
    }
}

const html_token& html_tokenizer::next_plaintext()
{
    const char* const start = at_;
    if (start == end_) return emit_end();
    if (*start == '\0') return emit_nul(true);
    at_ = find(start, end_, '\0');
    return emit_text(start, at_);
}

const html_token& html_tokenizer::next_cdata()
{
    const char* const start = at_;
    if (start != end_ && *start == '\0') {
        ++at_;
        return emit_text(start, at_);
    }
    for (;; ++at_) {
        at_ = find_any(at_, end_, ']', ']', '\0');
        if (at_ == end_) {
            error("eof-in-cdata", end_);
            state_ = tokenizer_state::data;
            return start == end_ ? emit_end() : emit_text(start, end_);
        }
        if (*at_ == '\0') return emit_text(start, at_);
        if (end_ - at_ >= 3 && at_[1] == ']' && at_[2] == '>') {
            const char* const stop = at_;
            at_ += 3;
            state_ = tokenizer_state::data;
            return emit_text(start, stop);
        }
    }
}

}  // namespace ferry::documents::detail
