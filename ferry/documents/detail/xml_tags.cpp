#include "ferry/core/utf8.hpp"
#include "ferry/documents/detail/xml_chars.hpp"
#include "ferry/documents/detail/xml_reader.hpp"

#include <algorithm>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>

#include <bit>
#endif

// Start and end tags. XML 1.0 sections 3.1 and 3.3.3, Namespaces 1.0.
namespace ferry::xml::detail {

namespace {

constexpr std::size_t many = 16;  // prefixed attributes: from here on they are hashed

std::string_view between(const char* from, const char* to) noexcept
{
    return {from, static_cast<std::size_t>(to - from)};
}

/// The first byte of a value that is its quote or that is not taken as it is: `<`, `&`, TAB, LF.
const char* find_special(const char* p, const char* end, char quote) noexcept
{
#if defined(__SSE2__)
    const __m128i quotes = _mm_set1_epi8(quote);
    const __m128i less = _mm_set1_epi8('<');
    const __m128i ampersand = _mm_set1_epi8('&');
    const __m128i controls = _mm_set1_epi8(0x1f);
    for (; end - p >= 16; p += 16) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        const __m128i hit =
            _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quotes), _mm_cmpeq_epi8(bytes, less)),
                         _mm_or_si128(_mm_cmpeq_epi8(bytes, ampersand),
                                      _mm_cmpeq_epi8(_mm_min_epu8(bytes, controls), bytes)));
        if (const int mask = _mm_movemask_epi8(hit); mask != 0)
            return p + std::countr_zero(static_cast<unsigned>(mask));
    }
#endif
    while (p != end && *p != quote && *p != '<' && *p != '&' &&
           static_cast<unsigned char>(*p) >= 0x20)
        ++p;
    return p;
}

bool is_collapsed(std::string_view value) noexcept
{
    return !value.starts_with(' ') && !value.ends_with(' ') &&
           value.find("  ") == std::string_view::npos;
}

}  // namespace

std::string collapsed_value(std::string_view value)
{
    std::string out;
    for (const char c : value) {
        if (c != ' ')
            out += c;
        else if (!out.empty() && out.back() != ' ')
            out += c;
    }
    if (out.ends_with(' ')) out.pop_back();
    return out;
}

/// The name at `p`, null if there is none. Documents repeat themselves: the name that followed the
/// last one before is tried first, without looking at its characters one by one.
name_entry* reader::tag_name(const char*& p)
{
    name_entry* const guess = last_name_ == nullptr ? nullptr : last_name_->next;
    if (guess != nullptr) {
        const std::string_view text = guess->text;
        if (static_cast<std::size_t>(end_ - p) > text.size() &&
            std::memcmp(p, text.data(), text.size()) == 0 &&
            !has_class(p[text.size()], in_name | beyond_ascii)) {
            p += text.size();
            last_name_ = guess;
            return guess;
        }
    }
    const char* const q = skip_name(p, end_);
    if (q == end_) run_out();
    if (q == p) return nullptr;
    check_name(static_cast<std::size_t>(q - p));
    name_entry* const found = &names_.intern(between(p, q));
    p = q;
    if (last_name_ != nullptr) last_name_->next = found;
    last_name_ = found;
    return found;
}

void reader::start_tag()
{
    const char* p = at_ + 1;
    name_entry* const found = tag_name(p);
    if (found == nullptr) fail("expected a name behind '<'", p);
    name_entry& name = *found;
    attributes_.clear();
    values_used_ = 0;
    ++serial_;
    while (attribute(p)) {
    }
    const bool is_empty = *p == '/';
    p += is_empty ? 2 : 1;

    if (name.definition != nullptr) apply_definition(*name.definition);
    std::uint32_t space = no_space;
    const auto bindings = static_cast<std::uint32_t>(bindings_.size());
    if (with_.namespaces()) {
        for (const attribute_event& a : attributes_)
            if (a.name->declares != no_index) bind(a);
        space = resolve(name.prefix, name);
        std::size_t prefixed = 0;
        for (attribute_event& a : attributes_) {
            if (a.name->declares != no_index) {
                a.space = xmlns_space;
            } else if (a.name->prefix != name_table::no_prefix || !a.name->is_qname) {
                a.space = resolve(a.name->prefix, *a.name);
                ++prefixed;
            } else {
                a.space = no_space;
            }
        }
        if (prefixed > 1) check_unique();
    }
    if (open_.size() >= with_.max_depth()) throw limit_error("max_depth", with_.max_depth());
    phase_ = phase::content;
    to_.on_start(name, space, attributes_);
    at_ = p;
    text_bytes_ = 0;
    open_.push_back({&name, bindings});
    if (is_empty) close_element();
}

/// Reads one attribute with the space before it. \returns false at the end of the tag.
bool reader::attribute(const char*& p)
{
    const char* const begin = p;
    skip_space(p);
    need(p);
    if (*p == '>') return false;
    if (*p == '/') {
        need(p + 1);
        if (p[1] == '>') return false;
        fail("expected '>' behind '/'", p);
    }
    if (p == begin) complain("expected white space between attributes", p);
    const char* const at = p;
    const char* q = p;
    name_entry* const found = tag_name(q);
    if (found == nullptr) fail("expected the name of an attribute", p);
    name_entry& name = *found;
    skip_space(q);
    need(q);
    attribute_event made;
    made.name = &name;
    if (*q != '=') {
        complain("an attribute without a value", q);
        made.value = "";
        p = q;
    } else {
        ++q;
        skip_space(q);
        need(q);
        p = q + 1;
        if (*q == '"' || *q == '\'') {
            made.value = attribute_value(p, *q);
        } else {
            complain("expected '\"'", q);
            p = q;
            while (p != end_ && !has_class(*p, is_space) && *p != '>' && *p != '<') ++p;
            need(p);
            made.value = between(q, p);
        }
    }
    check_text(made.value.size());
    if (name.seen == serial_) {
        complain("attribute '" + std::string(name.text) + "' twice in one tag", at);
        return true;
    }
    name.seen = serial_;
    if (attributes_.size() >= with_.max_attributes())
        throw limit_error("max_attributes", with_.max_attributes());
    attributes_.push_back(made);
    return true;
}

/// \param p  behind the opening quote; then behind the closing one.
std::string_view reader::attribute_value(const char*& p, char quote)
{
    const char* const begin = p;
    const char* const q = find_special(p, end_, quote);
    need(q);
    if (*q == quote) {
        p = q + 1;
        return between(begin, q);
    }
    std::string& made = fresh_value();
    append_value(p, quote, made);
    return made;
}

std::string& reader::fresh_value()
{
    if (values_used_ == values_.size()) values_.emplace_back();
    std::string& made = values_[values_used_++];
    made.clear();
    return made;
}

/// Section 3.3.3: references are replaced, white space becomes spaces.
void reader::append_value(const char*& p, char quote, std::string& to)
{
    const std::size_t outside = frames_.size();
    const std::size_t depth = open_.size();
    for (;;) {
        if (p == end_) {
            if (frames_.size() == outside) run_out();
            p = leave_entity();
            continue;
        }
        const bool inside = frames_.size() > outside;
        // In an entity's text quotes mean nothing: any byte that is special anyway stands for it.
        const char* const q = find_special(p, end_, inside ? '<' : quote);
        to.append(p, q);
        check_text(to.size());
        p = q;
        if (p == end_) continue;
        if (!inside && *p == quote) {
            ++p;
            return;
        }
        if (*p == '<') {
            complain("'<' in an attribute", p);
            to += *p++;
        } else if (*p != '&') {
            to += ' ';
            ++p;
        } else {
            need(p + 1);
            if (p[1] == '#') {
                utf8::append(to, character_reference(p));
                continue;
            }
            const char* const at = p;
            const std::string_view name = entity_name(p);
            if (const char c = predefined_entity(name); c != '\0') {
                to += c;
            } else if (entity* const e = find_entity(name, at, true)) {
                count_expansion(*e);
                e->is_open = true;
                frames_.push_back({p, end_, e, depth});
                p = e->text.data();
                end_ = p + e->text.size();
            }
        }
    }
}

/// Collapses the values whose type asks for it, and adds the defaults.
void reader::apply_definition(const element_definition& of)
{
    for (attribute_event& a : attributes_) {
        const auto found = of.by_name.find(a.name);
        if (found == of.by_name.end() || of.attributes[found->second].is_cdata ||
            is_collapsed(a.value))
            continue;
        std::string& made = fresh_value();
        made = collapsed_value(a.value);
        a.value = made;
    }
    for (const std::size_t i : of.defaults) {
        const attribute_definition& d = of.attributes[i];
        if (d.name->seen == serial_) continue;
        if (attributes_.size() >= with_.max_attributes())
            throw limit_error("max_attributes", with_.max_attributes());
        count_bytes(d.value->size() + sizeof(attribute_event));
        d.name->seen = serial_;
        attribute_event made;
        made.name = d.name;
        made.value = *d.value;
        made.is_specified = false;
        attributes_.push_back(made);
    }
}

// ---- namespaces

std::uint32_t reader::intern_uri(std::string_view uri)
{
    const auto [found, fresh] =
        uri_index_.try_emplace(std::string(uri), static_cast<std::uint32_t>(uris_.size()));
    if (fresh) uris_.emplace_back(uri);
    return found->second;
}

/// Namespaces 1.0 section 3.
void reader::bind(const attribute_event& a)
{
    const std::uint32_t prefix = a.name->declares;
    const std::uint32_t space = intern_uri(a.value);
    if (prefix == name_table::xmlns_prefix) {
        complain("the prefix xmlns must not be declared", at_);
        return;
    }
    if ((prefix == name_table::xml_prefix) != (space == xml_space)) {
        complain(prefix == name_table::xml_prefix
                     ? "the prefix xml must stand for its own namespace"
                     : "only the prefix xml may stand for its namespace",
                 at_);
        return;
    }
    if (space == xmlns_space) {
        complain("nothing may stand for the namespace of xmlns", at_);
        return;
    }
    if (space == no_space && prefix != name_table::no_prefix)
        complain("prefix '" + std::string(names_.prefix(prefix)) + "' is declared as nothing", at_);
    if (prefix >= bound_.size()) bound_.resize(names_.prefix_count(), no_index);
    bindings_.push_back({prefix, bound_[prefix]});
    bound_[prefix] = space;
}

std::uint32_t reader::resolve(std::uint32_t prefix, const name_entry& name)
{
    if (!name.is_qname) {
        complain("'" + std::string(name.text) + "' is no name of Namespaces in XML", at_);
        return no_space;
    }
    if (prefix == name_table::xmlns_prefix) {
        complain("the prefix xmlns is not for names", at_);
        return no_space;
    }
    const std::uint32_t found = prefix < bound_.size() ? bound_[prefix] : no_index;
    if (found != no_index) return found;
    complain("prefix '" + std::string(names_.prefix(prefix)) + "' is not declared", at_);
    return no_space;
}

/// No two attributes may have the same local name in the same namespace.
void reader::check_unique()
{
    const auto differ = [this](const attribute_event& a, const attribute_event& b) {
        if (a.space != b.space || a.name->local_text() != b.name->local_text()) return;
        complain("attribute '" + std::string(b.name->local_text()) +
                     "' twice in one tag, with two prefixes",
                 at_);
    };
    std::vector<const attribute_event*> all;
    for (const attribute_event& a : attributes_)
        if (a.space != no_space && a.space != xmlns_space) all.push_back(&a);
    if (all.size() > many) {
        std::sort(all.begin(), all.end(), [](const auto* a, const auto* b) {
            return a->space != b->space ? a->space < b->space
                                        : a->name->local_text() < b->name->local_text();
        });
        for (std::size_t i = 1; i < all.size(); ++i) differ(*all[i - 1], *all[i]);
        return;
    }
    for (std::size_t i = 0; i < all.size(); ++i)
        for (std::size_t k = 0; k < i; ++k) differ(*all[k], *all[i]);
}

// ---- end tags

void reader::close_element()
{
    const open_element closed = open_.back();
    to_.on_end(*closed.name);
    open_.pop_back();
    for (; bindings_.size() > closed.bindings; bindings_.pop_back())
        bound_[bindings_.back().prefix] = bindings_.back().before;
    text_bytes_ = 0;
    if (open_.empty()) phase_ = phase::epilog;
}

void reader::end_tag()
{
    const std::string_view wanted = open_.back().name->text;
    const char* p = at_ + 2;
    const std::string_view left = between(p, end_);
    const bool is_plain =
        left.size() > wanted.size() && left.starts_with(wanted) && left[wanted.size()] == '>';
    if (is_plain) {
        p += wanted.size();
    } else {
        const std::string_view found = name(p, "a name behind '</'");
        skip_space(p);
        need(p);
        if (*p != '>') fail("expected '>'", p);
        if (found != wanted) {
            complain(
                "end tag '" + std::string(found) + "' for element '" + std::string(wanted) + "'",
                at_);
            // Ends the nearest element of that name; none, nothing.
            std::size_t i = open_.size();
            while (i > 0 && open_[i - 1].name->text != found) --i;
            if (i == 0) {
                at_ = p + 1;
                return;
            }
            while (open_.size() > i) close_element();
        }
    }
    if (!frames_.empty() && open_.size() <= frames_.back().depth)
        complain("an entity closes an element from outside", at_);
    at_ = p + 1;
    close_element();
}

}  // namespace ferry::xml::detail
