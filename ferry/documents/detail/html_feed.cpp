#include "ferry/documents/detail/html_feed.hpp"

#include "ferry/core/utf8.hpp"
#include "ferry/documents/detail/html_encoding.hpp"
#include "ferry/documents/detail/html_names.hpp"

#include <algorithm>
#include <functional>

namespace ferry::documents::detail {

namespace {

/// The state in which the text of an element is read.
tokenizer_state state_of(name_id name) noexcept
{
    switch (name) {
        case tag::title:
        case tag::textarea: return tokenizer_state::rcdata;
        case tag::script: return tokenizer_state::script_data;
        case tag::plaintext: return tokenizer_state::plaintext;
        case tag::style:
        case tag::xmp:
        case tag::iframe:
        case tag::noembed:
        case tag::noframes: return tokenizer_state::rawtext;
        default: return tokenizer_state::data;
    }
}

bool is_foreign_root(name_id name) noexcept
{
    return name == tag::svg || name == tag::math;
}

/// In SVG and MathML, what has HTML in it again.
bool is_html_point(name_id name) noexcept
{
    return name == tag::foreignobject || name == tag::desc || name == tag::annotation_xml;
}

/// Bytes at the end that may be the beginning of a character or of a line end.
std::size_t unfinished(std::string_view text) noexcept
{
    if (text.ends_with('\r')) return 1;
    for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
        const auto byte = static_cast<unsigned char>(text[text.size() - back]);
        if (byte < 0x80) return 0;
        if (byte < 0xC0) continue;
        const std::size_t size = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
        return size > back ? back : 0;
    }
    return 0;
}

}  // namespace

bool html_feed::in_foreign() const noexcept
{
    return !foreign_.empty() && is_foreign_root(foreign_.back());
}

void html_feed::enter(name_id name, bool self_closing)
{
    constexpr std::size_t max_foreign = 1024;
    const bool is_foreign = in_foreign();
    if (!is_foreign && state_of(name) != tokenizer_state::data) {
        raw_ = name;
    } else if (!self_closing && foreign_.size() < max_foreign &&
               (is_foreign_root(name) || (is_foreign && is_html_point(name)))) {
        foreign_.push_back(name);
    }
}

void html_feed::leave(name_id name) noexcept
{
    raw_ = no_name;
    const auto found = std::find(foreign_.rbegin(), foreign_.rend(), name);
    if (found != foreign_.rend()) foreign_.erase(std::prev(found.base()), foreign_.end());
}

/// Adds to the buffer what is UTF-8, with line ends of one byte.
void html_feed::append(std::string_view text)
{
    if (utf8::valid(text) && text.find('\r') == std::string_view::npos) {
        buffer_ += text;
        return;
    }
    std::string repaired = utf8::repair(text);
    normalise_line_ends(repaired);
    buffer_ += repaired;
}

void html_feed::feed(std::string_view text)
{
    std::string joined;
    if (!carried_.empty()) {
        joined = std::exchange(carried_, {});
        joined += text;
        text = joined;
    }
    const std::size_t kept = unfinished(text);
    carried_ = text.substr(text.size() - kept);
    text.remove_suffix(kept);
    append(text);
    // What could not be finished is tried again when there is twice as much.
    if (buffer_.size() >= next_try_) run(false);
}

void html_feed::finish()
{
    append(std::exchange(carried_, {}));
    run(true);
}

/// A text may come in many pieces, without the NULs between them.
void html_feed::take_text(const html_token& t, std::string_view source)
{
    if (t.text.empty() || t.is_nul()) return;
    const auto* const from = t.text.data();
    const bool is_written = std::less_equal<>()(source.data(), from) &&
                            std::less<>()(from, source.data() + source.size());
    if (!has_text_) {
        has_text_ = true;
        text_.offset = t.offset;
        joined_.clear();
        text_.text = is_written ? t.text : std::string_view(joined_ = t.text);
        return;
    }
    if (is_written && text_.text.data() + text_.text.size() == from) {
        text_.text = {text_.text.data(), text_.text.size() + t.text.size()};
        return;
    }
    if (text_.text.data() != joined_.data()) joined_ = text_.text;
    joined_ += t.text;
    text_.text = joined_;
}

void html_feed::give(const html_token& t, const char* end)
{
    to_.on_token(t, {given_, static_cast<std::size_t>(end - given_)});
    given_ = end;
}

/// Reads the buffer. A tag is whole as soon as it is one; a comment that ends where the buffer ends
/// may go on, or be a CDATA section; and a text is whole when something else that is follows it.
void html_feed::run(bool final)
{
    tree_builder builder(std::exchange(buffer_, {}));
    html_tokenizer reader(builder, nullptr);
    reader.set_outline(outline_);
    const std::string_view source = builder.source();
    const char* const end = source.data() + source.size();
    names_ = &builder.view();
    given_ = source.data();
    text_.kind = token_kind::text;
    has_text_ = false;
    if (raw_ != no_name) reader.set_state(state_of(raw_), raw_);
    for (;;) {
        reader.set_foreign(in_foreign());
        const html_token& next = reader.next();
        if (next.kind == token_kind::end_of_file) break;
        if (next.kind == token_kind::text) {
            take_text(next, source);
            continue;
        }
        const char* const behind = source.data() + reader.position();
        const bool is_tag = next.kind == token_kind::start_tag || next.kind == token_kind::end_tag;
        if (!is_tag && behind == end && !final) break;
        if (std::exchange(has_text_, false)) give(text_, source.data() + next.offset);
        give(next, behind);
        if (next.kind == token_kind::end_tag) leave(next.name);
        if (next.kind != token_kind::start_tag) continue;
        enter(next.name, next.self_closing);
        if (raw_ != no_name) reader.set_state(state_of(raw_), raw_);
    }
    if (final && has_text_) give(text_, end);
    to_.on_pause();
    names_ = nullptr;
    const auto done = static_cast<std::size_t>(given_ - source.data());
    if (final) {
        offset_ = next_try_ = 0;
        raw_ = no_name;
        foreign_.clear();
        return;
    }
    buffer_ = source.substr(done);
    offset_ += done;
    if (buffer_.size() > max_token_bytes_) throw limit_error("max_token_bytes", max_token_bytes_);
    next_try_ = 2 * buffer_.size() + 1;
}

}  // namespace ferry::documents::detail
