#include "ferry/documents/html_tokens.hpp"

#include "ferry/core/error.hpp"
#include "ferry/core/utf8.hpp"
#include "ferry/documents/detail/html_encoding.hpp"
#include "ferry/documents/detail/html_tokenizer.hpp"

#include <algorithm>
#include <array>

namespace ferry::html {

namespace {

using documents::detail::token_kind;
using documents::detail::tokenizer_state;

/// The state in which the text of an element is read.
tokenizer_state state_of(std::string_view name) noexcept
{
    if (name == "title" || name == "textarea") return tokenizer_state::rcdata;
    if (name == "script") return tokenizer_state::script_data;
    if (name == "plaintext") return tokenizer_state::plaintext;
    for (const std::string_view raw : {"style", "xmp", "iframe", "noembed", "noframes"})
        if (name == raw) return tokenizer_state::rawtext;
    return tokenizer_state::data;
}

bool is_foreign_root(std::string_view name) noexcept
{
    return name == "svg" || name == "math";
}

/// In SVG and MathML, what has HTML in it again.
bool is_html_point(std::string_view name) noexcept
{
    return name == "foreignobject" || name == "desc" || name == "annotation-xml";
}

/// Bytes at the end that may be the beginning of a character.
std::size_t unfinished(std::string_view text) noexcept
{
    for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
        const auto byte = static_cast<unsigned char>(text[text.size() - back]);
        if (byte < 0x80) return 0;
        if (byte < 0xC0) continue;
        const std::size_t size = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
        return size > back ? back : 0;
    }
    return 0;
}

token converted(const documents::detail::html_token& from, const documents::tree& t,
                std::size_t offset)
{
    token made;
    made.offset = offset + from.offset;
    made.self_closing = from.self_closing;
    switch (from.kind) {
        case token_kind::start_tag: made.type = token::kind::start_tag; break;
        case token_kind::end_tag: made.type = token::kind::end_tag; break;
        case token_kind::comment: made.type = token::kind::comment; break;
        case token_kind::doctype: made.type = token::kind::doctype; break;
        case token_kind::text:
        case token_kind::end_of_file: break;
    }
    if (from.kind == token_kind::doctype) {
        made.name = from.doctype_name.value_or("");
        return made;
    }
    if (from.kind == token_kind::start_tag || from.kind == token_kind::end_tag) {
        made.name = t.name(from.name);
        for (const auto& a : from.attributes)
            made.attributes.emplace_back(t.name(a.name), t.value(a));
        return made;
    }
    made.text = from.text;
    return made;
}

}  // namespace

const std::string* token::find(std::string_view attribute) const noexcept
{
    for (const auto& [key, value] : attributes)
        if (key == attribute) return &value;
    return nullptr;
}

void tokens::note_start(const token& t, place& at)
{
    constexpr std::size_t max_foreign = 1024;
    const bool is_foreign = !at.foreign.empty() && is_foreign_root(at.foreign.back());
    if (!is_foreign && state_of(t.name) != tokenizer_state::data) {
        at.raw = t.name;
    } else if (!t.self_closing && at.foreign.size() < max_foreign &&
               (is_foreign_root(t.name) || (is_foreign && is_html_point(t.name)))) {
        at.foreign.push_back(t.name);
    }
}

void tokens::note_end(const std::string& name, place& at)
{
    at.raw.clear();
    const auto found = std::find(at.foreign.rbegin(), at.foreign.rend(), name);
    if (found != at.foreign.rend()) at.foreign.erase(std::prev(found.base()), at.foreign.end());
}

void tokens::feed(std::string_view text)
{
    std::string piece = std::move(carried_);
    carried_.clear();
    piece += text;
    std::size_t kept = unfinished(piece);
    if (piece.ends_with('\r')) kept = 1;
    carried_ = piece.substr(piece.size() - kept);
    piece.resize(piece.size() - kept);
    if (!utf8::valid(piece)) piece = utf8::repair(piece);
    documents::detail::normalise_line_ends(piece);
    buffer_ += piece;
    // What could not be finished is tried again when there is twice as much.
    if (buffer_.size() >= next_try_) run(false);
}

void tokens::finish()
{
    std::string piece = utf8::repair(std::move(carried_));
    carried_.clear();
    documents::detail::normalise_line_ends(piece);
    buffer_ += piece;
    run(true);
}

/// Reads the buffer. Without the end of the page, a token is known to be whole when another one
/// follows it, and a text when two do: what seems to be a comment may be a CDATA section that has
/// no end yet, and its text goes on. What is not known to be whole stays in the buffer.
void tokens::run(bool final)
{
    documents::tree_builder builder(std::move(buffer_));
    documents::detail::html_tokenizer reader(builder, nullptr);
    place now = at_;
    if (!now.raw.empty()) reader.set_state(state_of(now.raw), builder.intern(now.raw));
    struct held_token {
        token what;
        place before;
        std::size_t
            resume;  ///< from where it is read again: a CDATA section begins before its text
    };
    std::vector<held_token> held;  // one, or a text and what follows it
    const auto let_go = [&] {
        take_(held.front().what);
        held.erase(held.begin());
    };
    const auto is_whole = [&] {
        return held.size() == 2 ||
               (held.size() == 1 && held.front().what.type != token::kind::text);
    };
    std::size_t resume = 0;
    for (;;) {
        reader.set_foreign(!now.foreign.empty() && is_foreign_root(now.foreign.back()));
        const auto& next = reader.next();
        if (next.kind == token_kind::end_of_file) break;
        if (next.kind == token_kind::text) {
            if (next.text.empty() || next.is_nul()) continue;
            if (!held.empty() && held.back().what.type == token::kind::text) {
                held.back().what.text += next.text;
                resume = reader.position();
                continue;
            }
        } else {
            now.raw.clear();
        }
        while (is_whole()) let_go();
        held.push_back({converted(next, builder.view(), offset_), now, resume});
        resume = reader.position();
        const token& added = held.back().what;
        if (added.type == token::kind::end_tag) note_end(added.name, now);
        if (added.type != token::kind::start_tag) continue;
        note_start(added, now);
        if (!now.raw.empty()) reader.set_state(state_of(now.raw), builder.intern(now.raw));
    }
    if (final) {
        while (!held.empty()) let_go();
        at_ = {};
        next_try_ = 0;
        return;
    }
    // Where a tag has no end yet there is no token of it: from the last one on it is read again.
    const std::size_t from = held.empty() ? 0 : held.front().resume;
    buffer_ = builder.source().substr(from);
    offset_ += from;
    if (!held.empty()) at_ = std::move(held.front().before);
    if (buffer_.size() > max_token_bytes_) throw limit_error("max_token_bytes", max_token_bytes_);
    next_try_ = 2 * buffer_.size() + 1;
}

}  // namespace ferry::html
