#include "ferry/documents/detail/xml_reader.hpp"

#include "ferry/core/utf8.hpp"
#include "ferry/documents/detail/html_scan.hpp"
#include "ferry/documents/detail/xml_chars.hpp"

#include <algorithm>
#include <cstring>

namespace ferry::xml::detail {

namespace {

constexpr std::size_t max_problems = 1000;

std::string_view between(const char* from, const char* to) noexcept
{
    return {from, static_cast<std::size_t>(to - from)};
}

bool is_reserved_target(std::string_view target) noexcept
{
    return target.size() == 3 && (target[0] | 0x20) == 'x' && (target[1] | 0x20) == 'm' &&
           (target[2] | 0x20) == 'l';
}

}  // namespace

char predefined_entity(std::string_view name) noexcept
{
    if (name == "lt") return '<';
    if (name == "gt") return '>';
    if (name == "amp") return '&';
    if (name == "quot") return '"';
    return name == "apos" ? '\'' : '\0';
}

reader::reader(const options& with, sink& to)
    : with_(with),
      to_(to),
      names_(with.namespaces()),
      bound_{no_space, xml_space, xmlns_space},
      uris_{"", "http://www.w3.org/XML/1998/namespace", "http://www.w3.org/2000/xmlns/"}
{
    for (std::uint32_t i = 0; i < uris_.size(); ++i) uri_index_.emplace(uris_[i], i);
}

std::size_t reader::read(std::string_view text, bool is_last)
{
    begin_ = at_ = token_ = text.data();
    text_end_ = end_ = begin_ + text.size();
    bad_ = nullptr;
    is_last_ = is_last;
    if (const std::size_t bad = find_bad_char(text); bad != std::string_view::npos)
        bad_ = end_ = begin_ + bad;
    for (;;) {
        const char* from = at_;
        try {
            do from = at_;
            while (step());
            break;
        } catch (const incomplete&) {
            at_ = from;
            break;
        } catch (const parse_error& e) {
            if (!with_.recover()) throw;
            if (problems_.size() >= max_problems) throw limit_error("max_problems", max_problems);
            problems_.push_back({e.what(), e.where()});
            recovered(frames_.empty() ? from : nullptr);
        }
    }
    const std::string_view done = between(begin_, at_);
    if (!is_last) {
        // The next text's places count from here.
        before_ = position_at(done.size());
        read_bytes_ += done.size();
    }
    return done.size();
}

bool reader::step()
{
    if (frames_.empty()) token_ = at_;
    if (at_ == end_) {
        if (frames_.empty()) {
            end_of_text();
            return false;
        }
        pop_frame();
        return true;
    }
    if (phase_ != phase::content)
        prolog();
    else if (*at_ == '<')
        markup();
    else if (*at_ == '&')
        reference();
    else
        text();
    return true;
}

void reader::end_of_text()
{
    if (bad_ != nullptr) run_out();
    if (!is_last_ || phase_ == phase::epilog) return;
    if (phase_ != phase::content) fail("there is no element", at_);
    complain("element '" + std::string(open_.back().name->text) + "' is not closed", at_);
    while (!open_.empty()) close_element();
}

/// After an error: what could not be read as markup is text.
void reader::recovered(const char* from)
{
    if (from == nullptr) {
        // It was inside of an entity, which is left.
        while (!frames_.empty()) pop_frame();
        return;
    }
    if (from == end_) {
        while (!open_.empty()) close_element();
        phase_ = phase::epilog;
        return;
    }
    if (phase_ == phase::content) {
        emit_text(between(from, from + 1));
        at_ = from + 1;
        return;
    }
    const std::string_view left = between(from, end_);
    std::size_t end = left.starts_with("<!DOCTYPE") ? left.find('>') : left.find('<', 1);
    if (end == std::string_view::npos) end = left.size();
    at_ = from + end + (end < left.size() && left[end] == '>' ? 1 : 0);
}

void reader::prolog()
{
    if (phase_ == phase::start) {
        if (follows(at_, "<?xml")) {
            need(at_ + 5);
            if (has_class(at_[5], is_space)) xml_declaration();
        }
        phase_ = phase::prolog;
        return;
    }
    if (has_class(*at_, is_space)) {
        skip_space(at_);
        return;
    }
    if (*at_ != '<')
        fail(phase_ == phase::epilog ? "text behind the document's element"
                                     : "text before the document's element",
             at_);
    need(at_ + 1);
    if (at_[1] == '?') {
        instruction();
    } else if (at_[1] == '!') {
        if (follows(at_, "<!--"))
            comment();
        else if (follows(at_, "<!DOCTYPE"))
            doctype();
        else
            fail("expected a comment or a DOCTYPE", at_);
    } else if (phase_ == phase::epilog) {
        fail("a second element behind the document's", at_);
    } else {
        start_tag();
    }
}

void reader::markup()
{
    need(at_ + 1);
    switch (at_[1]) {
        case '/': end_tag(); break;
        case '?': instruction(); break;
        case '!':
            if (follows(at_, "<!--"))
                comment();
            else if (follows(at_, "<![CDATA["))
                cdata();
            else
                fail("expected a comment or a CDATA section", at_);
            break;
        default: start_tag(); break;
    }
}

void reader::text()
{
    const char* p = at_;
    for (;;) {
        p = documents::detail::find_any(p, end_, '<', '&', ']');
        if (p == end_ || *p != ']') break;
        if (end_ - p < 3 && frames_.empty() && !is_last_ && bad_ == nullptr) {
            // Whether it is the end of a CDATA section is still to come.
            if (p == at_) throw incomplete{};
            break;
        }
        if (end_ - p >= 3 && p[1] == ']' && p[2] == '>') complain("']]>' in text", p);
        ++p;
    }
    const std::string_view piece = between(at_, p);
    at_ = p;
    emit_text(piece);
}

void reader::emit_text(std::string_view piece, bool cdata)
{
    text_bytes_ += piece.size();
    check_text(text_bytes_);
    if (cdata)
        to_.on_cdata(piece);
    else
        to_.on_text(piece);
}

void reader::comment()
{
    const char* const begin = at_ + 4;
    std::string_view left = between(begin, end_);
    std::size_t end = left.find("--");
    while (end != std::string_view::npos) {
        need(begin + end + 2);
        if (left[end + 2] == '>') break;
        complain("'--' in a comment", begin + end);
        end = left.find("--", end + 1);
    }
    if (end == std::string_view::npos) run_out();
    check_text(end);
    at_ = begin + end + 3;
    text_bytes_ = 0;
    if (!is_quiet_) to_.on_comment(left.substr(0, end));
}

void reader::instruction()
{
    const char* p = at_ + 2;
    const std::string_view target = ncname(p, "the target of a processing instruction");
    if (is_reserved_target(target)) fail("a processing instruction may not be called xml", at_);
    std::string_view data;
    if (follows(p, "?>")) {
        p += 2;
    } else {
        space(p);
        const std::string_view left = between(p, end_);
        const std::size_t end = left.find("?>");
        if (end == std::string_view::npos) run_out();
        check_text(end);
        data = left.substr(0, end);
        p += end + 2;
    }
    at_ = p;
    text_bytes_ = 0;
    if (!is_quiet_) to_.on_instruction(target, data);
}

void reader::cdata()
{
    const char* const begin = at_ + 9;
    const std::string_view left = between(begin, end_);
    const std::size_t end = left.find("]]>");
    if (end == std::string_view::npos) run_out();
    at_ = begin + end + 3;
    emit_text(left.substr(0, end), true);
}

/// `name="value"` of the XML declaration, with the space before it; empty if it is not there.
std::string_view reader::pseudo_attribute(const char*& p, std::string_view name)
{
    const char* q = p;
    skip_space(q);
    if (q == p || !follows(q, name)) return {};
    q += name.size();
    skip_space(q);
    need(q);
    if (*q != '=') fail("expected '='", q);
    ++q;
    skip_space(q);
    const std::string_view value = literal(q);
    if (value.empty()) fail("an empty value in the XML declaration", q);
    p = q;
    return value;
}

void reader::xml_declaration()
{
    const char* p = at_ + 5;
    declaration made;
    made.version = pseudo_attribute(p, "version");
    const std::string_view version = made.version;
    if (version.empty()) fail("the XML declaration has no version", p);
    if (!version.starts_with("1.") || version.size() < 3 ||
        !std::all_of(version.begin() + 2, version.end(),
                     [](char c) { return has_class(c, is_digit); }))
        fail("not a version of XML 1", p);
    made.encoding = pseudo_attribute(p, "encoding");
    const std::string_view encoding = made.encoding;
    const auto in_encoding = [](char c) { return has_class(c, in_name) && c != ':'; };
    if (!encoding.empty() && (!std::all_of(encoding.begin(), encoding.end(), in_encoding) ||
                              encoding[0] == '_' || !has_class(encoding[0], starts_name)))
        fail("not the name of an encoding", p);
    const std::string_view standalone = pseudo_attribute(p, "standalone");
    if (!standalone.empty()) {
        if (standalone != "yes" && standalone != "no") fail("standalone is yes or no", p);
        standalone_ = standalone == "yes";
        made.standalone = standalone_;
    }
    skip_space(p);
    if (!follows(p, "?>")) fail("expected the end of the XML declaration", p);
    at_ = p + 2;
    to_.on_declaration(made);
}

// ---- references

char32_t reader::character_reference(const char*& p)
{
    const char* const begin = p;
    p += 2;
    need(p);
    const bool is_hex = *p == 'x';
    if (is_hex) ++p;
    const char* const digits = p;
    char32_t c = 0;
    for (;; ++p) {
        need(p);
        char32_t digit = 0;
        if (has_class(*p, is_digit))
            digit = static_cast<char32_t>(*p - '0');
        else if (is_hex && (*p | 0x20) >= 'a' && (*p | 0x20) <= 'f')
            digit = static_cast<char32_t>((*p | 0x20) - 'a' + 10);
        else
            break;
        if (c <= 0x10FFFF) c = c * (is_hex ? 16 : 10) + digit;
    }
    if (p == digits || *p != ';') fail("not a character reference", begin);
    ++p;
    if (!is_char(c)) fail("a reference to a character that XML does not allow", begin);
    return c;
}

std::string_view reader::entity_name(const char*& p)
{
    const char* const begin = p;
    ++p;
    const std::string_view found = ncname(p, "the name of an entity");
    need(p);
    if (*p != ';') fail("a reference to an entity without ';'", begin);
    ++p;
    return found;
}

/// \returns null for what is not read, if that is allowed.
reader::entity* reader::find_entity(std::string_view name, const char* at, bool in_attribute)
{
    const auto found = general_.find(std::string(name));
    const std::string quoted = '\'' + std::string(name) + '\'';
    const bool may_be_elsewhere =
        (has_external_subset_ || has_parameter_references_) && !standalone_;
    if (found == general_.end()) {
        if (!may_be_elsewhere) fail("entity " + quoted + " is not declared", at);
        if (with_.skip_unread()) return nullptr;
        fail("entity " + quoted + " is not declared here, and nothing else is read", at);
    }
    entity& e = found->second;
    if (e.in_parameter_entity && standalone_)
        fail("entity " + quoted + " is declared outside of a standalone document", at);
    if (e.is_unparsed) fail("entity " + quoted + " is not text", at);
    if (e.is_external) {
        if (in_attribute) fail("external entity " + quoted + " in an attribute", at);
        if (with_.skip_unread()) return nullptr;
        fail("external entity " + quoted + " is not read", at);
    }
    if (e.is_open) fail("entity " + quoted + " contains itself", at);
    if (with_.entities() == entities::skip) return nullptr;
    if (with_.entities() == entities::refuse)
        fail("entity " + quoted + " is not expanded: options::entities()", at);
    return &e;
}

void reader::count_expansion(const entity& e)
{
    if (++expansions_ > with_.max_expansions())
        throw limit_error("max_expansions", with_.max_expansions());
    count_bytes(e.text.size());
}

/// Counts what is in the result without being written in the document.
void reader::count_bytes(std::size_t bytes)
{
    expanded_bytes_ += bytes;
    const std::size_t document = read_bytes_ + static_cast<std::size_t>(end_ - begin_);
    const std::size_t base =
        frames_.empty() ? document
                        : read_bytes_ + static_cast<std::size_t>(frames_.front().end - begin_);
    if (expanded_bytes_ > options::free_expansion_bytes &&
        expanded_bytes_ / with_.max_amplification() > base)
        throw limit_error("max_amplification", with_.max_amplification());
}

void reader::expand(entity& e, const char* after)
{
    count_expansion(e);
    frames_.push_back({after, end_, &e, open_.size()});
    e.is_open = true;
    at_ = e.text.data();
    end_ = at_ + e.text.size();
}

void reader::pop_frame()
{
    if (frames_.back().depth != open_.size() && !with_.recover())
        fail("an entity does not close an element", at_);
    at_ = leave_entity();
}

const char* reader::leave_entity()
{
    const frame left = frames_.back();
    frames_.pop_back();
    left.of->is_open = false;
    end_ = left.end;
    return left.at;
}

void reader::reference()
{
    const char* p = at_;
    need(p + 1);
    if (p[1] == '#') {
        std::string made;
        utf8::append(made, character_reference(p));
        at_ = p;
        emit_text(made);
        return;
    }
    const std::string_view name = entity_name(p);
    if (const char c = predefined_entity(name); c != '\0') {
        at_ = p;
        emit_text({&c, 1});
        return;
    }
    entity* const found = find_entity(name, at_, false);
    if (found == nullptr)
        at_ = p;
    else
        expand(*found, p);
}

// ---- small things

void reader::skip_space(const char*& p) const noexcept
{
    while (p != end_ && has_class(*p, is_space)) ++p;
}

void reader::space(const char*& p)
{
    need(p);
    if (!has_class(*p, is_space)) fail("expected white space", p);
    skip_space(p);
}

/// Whether the text goes on with `word`; more text is waited for if it is cut off inside.
bool reader::follows(const char* p, std::string_view word)
{
    const std::string_view left = between(p, end_);
    if (left.size() >= word.size()) return left.starts_with(word);
    if (word.starts_with(left) && frames_.empty() && !is_last_ && bad_ == nullptr)
        throw incomplete{};
    return false;
}

std::string_view reader::name(const char*& p, const char* what)
{
    const char* const end = skip_name(p, end_);
    if (end == end_) run_out();
    if (end == p) fail("expected " + std::string(what), p);
    const std::string_view found = between(p, end);
    check_name(found.size());
    p = end;
    return found;
}

std::string_view reader::ncname(const char*& p, const char* what)
{
    const char* const begin = p;
    const std::string_view found = name(p, what);
    if (with_.namespaces() && found.find(':') != std::string_view::npos)
        fail(std::string(what) + " has a colon", begin);
    return found;
}

void reader::check_text(std::size_t bytes) const
{
    if (bytes > with_.max_text_bytes()) throw limit_error("max_text_bytes", with_.max_text_bytes());
}

void reader::check_name(std::size_t bytes) const
{
    if (bytes > with_.max_name_bytes()) throw limit_error("max_name_bytes", with_.max_name_bytes());
}

// ---- places and errors

std::size_t reader::offset_of(const char* at) const noexcept
{
    return static_cast<std::size_t>((frames_.empty() ? at : frames_.front().at) - begin_);
}

std::size_t reader::offset() const noexcept
{
    return static_cast<std::size_t>(token_ - begin_);
}

text_position reader::position_at(std::size_t offset) const
{
    const std::string_view text(begin_, offset);
    text_position found;
    found.offset = before_.offset + offset;
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    found.line = before_.line + lines;
    const std::size_t line = lines == 0 ? 0 : text.rfind('\n') + 1;
    const auto characters =
        std::count_if(text.begin() + static_cast<std::ptrdiff_t>(line), text.end(),
                      [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
    found.column = static_cast<std::size_t>(characters) + (lines == 0 ? before_.column : 1);
    if (!original_.empty()) {
        std::size_t at = 0;
        for (std::size_t i = 0; i < offset && at < original_.size(); ++i)
            at += original_.substr(at).starts_with("\r\n") ? 2 : 1;
        found.offset = at;
    }
    return found;
}

std::string reader::path() const
{
    constexpr std::size_t most = 16;
    std::string out;
    for (std::size_t i = 0; i < open_.size(); ++i) {
        if (open_.size() > most && i == most / 2) {
            out += "/...";
            i = open_.size() - most / 2;
        }
        out += '/';
        out += open_[i].name->text;
    }
    return out;
}

void reader::run_out()
{
    if (!frames_.empty()) fail("an entity ends inside of markup", end_);
    if (bad_ != nullptr) {
        const auto c = utf8::decode(between(bad_, text_end_));
        if (!c.valid && has_class(*bad_, beyond_ascii)) fail("malformed UTF-8", bad_);
        constexpr char digits[] = "0123456789ABCDEF";
        std::string number = "U+";
        for (int shift = 12; shift >= 0; shift -= 4)
            number += digits[(c.code_point >> shift) & 0xFU];
        fail("a character that XML does not allow: " + number, bad_);
    }
    if (!is_last_) throw incomplete{};
    fail(open_.empty()
             ? "the text ends inside of markup"
             : "the text ends inside of element '" + std::string(open_.back().name->text) + "'",
         end_);
}

void reader::fail(std::string_view message, const char* at)
{
    const std::size_t offset = offset_of(at);
    constexpr std::size_t around = 40;
    const char* const end = frames_.empty() ? end_ : frames_.front().end;
    const std::string_view all = between(begin_, end);
    const std::size_t here = std::min(offset, all.size());
    std::size_t from = all.substr(0, here).rfind('\n') + 1;
    std::size_t to = std::min(all.find('\n', here), all.size());
    if (here - from > around) from = here - around;
    if (to - here > around) to = here + around;
    const auto continues = [&](std::size_t i) {
        return i < all.size() && (static_cast<unsigned char>(all[i]) & 0xC0U) == 0x80U;
    };
    while (continues(from)) ++from;
    while (continues(to)) --to;
    std::string excerpt(from < to ? all.substr(from, to - from) : std::string_view());
    throw parse_error(message, position_at(offset), std::move(excerpt), path());
}

void reader::complain(std::string_view message, const char* at)
{
    if (!with_.recover()) fail(message, at);
    note(message, position_at(offset_of(at)));
}

void reader::note(std::string_view message, const text_position& where)
{
    if (problems_.size() < max_problems) problems_.push_back({std::string(message), where});
}

}  // namespace ferry::xml::detail
