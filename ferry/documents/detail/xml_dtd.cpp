#include "ferry/core/utf8.hpp"
#include "ferry/documents/detail/xml_chars.hpp"
#include "ferry/documents/detail/xml_reader.hpp"

#include <algorithm>

// The document type declaration and its internal subset. XML 1.0 sections 2.8, 3.2, 3.3, 4.2.
namespace ferry::xml::detail {

namespace {

constexpr std::size_t max_model_depth = 1024;

std::string_view between(const char* from, const char* to) noexcept
{
    return {from, static_cast<std::size_t>(to - from)};
}

}  // namespace

void reader::doctype()
{
    if (had_doctype_ || phase_ == phase::epilog) fail("a DOCTYPE in the wrong place", at_);
    const char* const begin = at_;
    forget_declarations();
    doctype_event made;
    const char* p = at_ + 9;
    space(p);
    const std::string_view root = name(p, "the name of the document's element");
    if (with_.namespaces() && !names_.intern(root).is_qname) fail("not a qualified name", p);
    made.name = root;
    const char* const behind = p;
    skip_space(p);
    need(p);
    if (p != behind && *p != '[' && *p != '>') {
        has_external_subset_ = true;
        if (!external_id(p, made, false)) fail("expected SYSTEM or PUBLIC", p);
        skip_space(p);
        need(p);
    }
    if (*p == '[') {
        const char* const subset = p + 1;
        at_ = subset;
        try {
            internal_subset();
        } catch (const incomplete&) {
            // The frames are those of entities, which are read anew.
            frames_.clear();
            at_ = begin;
            throw;
        }
        made.internal_subset = between(subset, at_ - 1);
        p = at_;
        skip_space(p);
        need(p);
    }
    if (*p != '>') fail("expected '>' at the end of the DOCTYPE", p);
    at_ = p + 1;
    had_doctype_ = true;
    to_.on_doctype(made);
}

/// For a DOCTYPE that is read once more because it was incomplete.
void reader::forget_declarations()
{
    general_.clear();
    parameter_.clear();
    for (const element_definition& d : definitions_) d.of->definition = nullptr;
    definitions_.clear();
    has_external_subset_ = has_parameter_references_ = false;
    reads_declarations_ = true;
}

/// Leaves at_ behind the `]`.
void reader::internal_subset()
{
    for (;;) {
        skip_space(at_);
        if (at_ == end_) {
            if (frames_.empty()) run_out();
            pop_frame();
            continue;
        }
        if (*at_ == ']' && frames_.empty()) {
            ++at_;
            return;
        }
        if (*at_ == '%') {
            parameter_reference();
        } else if (follows(at_, "<!--")) {
            sink_pause quiet(*this);
            comment();
        } else if (follows(at_, "<?")) {
            sink_pause quiet(*this);
            instruction();
        } else if (follows(at_, "<!ENTITY")) {
            declaration_of_entity();
        } else if (follows(at_, "<!ATTLIST")) {
            declaration_of_attributes();
        } else if (follows(at_, "<!ELEMENT")) {
            declaration_of_element();
        } else if (follows(at_, "<!NOTATION")) {
            declaration_of_notation();
        } else {
            fail("expected a declaration", at_);
        }
    }
}

void reader::parameter_reference()
{
    const char* p = at_;
    const std::string_view name = entity_name(p);
    has_parameter_references_ = true;
    const auto found = parameter_.find(std::string(name));
    const bool reads = with_.entities() == entities::expand && found != parameter_.end() &&
                       !found->second.is_external;
    if (!reads) {
        // Section 5.1: what is declared behind a reference that is not read does not count.
        if (!standalone_) reads_declarations_ = false;
        if (found == parameter_.end() && !has_external_subset_ && standalone_)
            fail("parameter entity '" + std::string(name) + "' is not declared", at_);
        at_ = p;
        return;
    }
    if (found->second.is_open)
        fail("parameter entity '" + std::string(name) + "' contains itself", at_);
    expand(found->second, p);
}

/// `SYSTEM "..."`, `PUBLIC "..." "..."`, for notations `PUBLIC "..."` too.
bool reader::external_id(const char*& p, doctype_event& to, bool public_alone)
{
    if (follows(p, "SYSTEM")) {
        p += 6;
        space(p);
        to.system_id = literal(p);
        return true;
    }
    if (!follows(p, "PUBLIC")) return false;
    p += 6;
    space(p);
    const char* const at = p;
    to.public_id = literal(p);
    if (!std::all_of(to.public_id->begin(), to.public_id->end(),
                     [](char c) { return has_class(c, is_public) || c == '\''; }))
        fail("a character that public identifiers cannot have", at);
    const char* const behind = p;
    skip_space(p);
    need(p);
    if (*p == '"' || *p == '\'') {
        if (p == behind) fail("expected white space", p);
        to.system_id = literal(p);
    } else if (!public_alone) {
        fail("expected a system identifier", p);
    } else {
        p = behind;
    }
    return true;
}

std::string_view reader::literal(const char*& p)
{
    need(p);
    const char quote = *p;
    if (quote != '"' && quote != '\'') fail("expected '\"'", p);
    const std::string_view left = between(p + 1, end_);
    const std::size_t end = left.find(quote);
    if (end == std::string_view::npos) run_out();
    check_text(end);
    p += end + 2;
    return left.substr(0, end);
}

// ---- entities

void reader::declaration_of_entity()
{
    if (with_.forbid_entities()) fail("the document declares an entity", at_);
    const char* p = at_ + 8;
    space(p);
    need(p);
    const bool is_parameter = *p == '%';
    if (is_parameter) {
        ++p;
        space(p);
    }
    const std::string_view name = ncname(p, "the name of an entity");
    space(p);
    need(p);
    entity made;
    made.in_parameter_entity = !frames_.empty();
    doctype_event id;
    if (*p == '"' || *p == '\'') {
        made.text = entity_value(p);
    } else {
        if (!external_id(p, id, false)) fail("expected a value, SYSTEM or PUBLIC", p);
        made.is_external = true;
        const char* const behind = p;
        skip_space(p);
        if (!is_parameter && follows(p, "NDATA")) {
            if (p == behind) fail("expected white space", p);
            p += 5;
            space(p);
            ncname(p, "the name of a notation");
            made.is_unparsed = true;
        }
    }
    skip_space(p);
    need(p);
    if (*p != '>') fail("expected '>' at the end of the declaration", p);
    at_ = p + 1;
    // The first declaration counts.
    if (reads_declarations_)
        (is_parameter ? parameter_ : general_).try_emplace(std::string(name), std::move(made));
}

/// Section 4.5: character references are replaced, references to general entities are not.
std::string reader::entity_value(const char*& p)
{
    const char quote = *p++;
    std::string made;
    const std::size_t outside = frames_.size();
    for (;;) {
        if (p == end_) {
            if (frames_.size() == outside) run_out();
            p = leave_entity();
            continue;
        }
        check_text(made.size());
        const char c = *p;
        if (c == quote && frames_.size() == outside) {
            ++p;
            return made;
        }
        if (c == '%') {
            const char* const at = p;
            const std::string_view name = entity_name(p);
            // Section 2.8: in the internal subset they stand between declarations only.
            if (frames_.empty()) fail("a parameter entity inside of a declaration", at);
            const auto found = parameter_.find(std::string(name));
            if (found == parameter_.end() || found->second.is_external || found->second.is_open)
                fail("parameter entity '" + std::string(name) + "' cannot be read", at);
            entity& e = found->second;
            count_expansion(e);
            e.is_open = true;
            frames_.push_back({p, end_, &e, open_.size()});
            p = e.text.data();
            end_ = p + e.text.size();
        } else if (c == '&') {
            need(p + 1);
            if (p[1] == '#') {
                utf8::append(made, character_reference(p));
            } else {
                const char* const at = p;
                entity_name(p);
                made.append(at, p);
            }
        } else {
            made += c;
            ++p;
        }
    }
}

// ---- attributes

void reader::declaration_of_attributes()
{
    const char* p = at_ + 9;
    space(p);
    name_entry& of = names_.intern(name(p, "the name of an element"));
    if (with_.namespaces() && !of.is_qname) fail("not a qualified name", p);
    element_definition* to = of.definition;
    for (;;) {
        const char* const behind = p;
        skip_space(p);
        need(p);
        if (*p == '>') break;
        if (p == behind) fail("expected white space", p);
        attribute_definition made;
        made.name = &names_.intern(name(p, "the name of an attribute"));
        if (with_.namespaces() && !made.name->is_qname) fail("not a qualified name", p);
        space(p);
        made.is_cdata = attribute_type(p, made);
        space(p);
        if (follows(p, "#REQUIRED")) {
            p += 9;
        } else if (follows(p, "#IMPLIED")) {
            p += 8;
        } else {
            if (follows(p, "#FIXED")) {
                p += 6;
                space(p);
            }
            need(p);
            const char quote = *p;
            if (quote != '"' && quote != '\'') fail("expected a default value", p);
            ++p;
            std::string value;
            append_value(p, quote, value);
            made.value = std::move(value);
        }
        if (!reads_declarations_) continue;
        if (to == nullptr) {
            to = &definitions_.emplace_back();
            to->of = &of;
            of.definition = to;
        }
        define(*to, std::move(made));
    }
    at_ = p + 1;
}

/// `CDATA`, `ID`, `NOTATION (a|b)`, `(a|b)`, ... \returns whether it is CDATA.
bool reader::attribute_type(const char*& p, attribute_definition& to)
{
    need(p);
    if (*p == '(') {
        name_group(p, false);
        return false;
    }
    const std::string_view type = name(p, "the type of an attribute");
    if (type == "CDATA") return true;
    if (type == "NOTATION") {
        space(p);
        need(p);
        if (*p != '(') fail("expected '('", p);
        name_group(p, true);
        return false;
    }
    to.is_id = type == "ID";
    constexpr std::string_view others[] = {"ID",       "IDREF",   "IDREFS",  "ENTITY",
                                           "ENTITIES", "NMTOKEN", "NMTOKENS"};
    if (std::find(std::begin(others), std::end(others), type) == std::end(others))
        fail("not a type of attributes", p);
    return false;
}

/// `(a | b)`, of names or of name tokens.
void reader::name_group(const char*& p, bool names)
{
    ++p;
    for (;;) {
        skip_space(p);
        if (names) {
            ncname(p, "the name of a notation");
        } else {
            const char* const end = skip_name_chars(p, end_);
            need(end);
            if (end == p) fail("expected a name token", p);
            p = end;
        }
        skip_space(p);
        need(p);
        if (*p != '|') break;
        ++p;
    }
    if (*p != ')') fail("expected ')'", p);
    ++p;
}

void reader::define(element_definition& of, attribute_definition made)
{
    // The first declaration of an attribute counts.
    if (!of.by_name.try_emplace(made.name, of.attributes.size()).second) return;
    if (made.value) {
        if (!made.is_cdata) made.value = collapsed_value(*made.value);
        of.defaults.push_back(of.attributes.size());
    }
    of.attributes.push_back(std::move(made));
}

// ---- elements and notations: their grammar alone

void reader::declaration_of_element()
{
    const char* p = at_ + 9;
    space(p);
    const std::string_view of = name(p, "the name of an element");
    if (with_.namespaces() && !names_.intern(of).is_qname) fail("not a qualified name", p);
    space(p);
    if (follows(p, "EMPTY")) {
        p += 5;
    } else if (follows(p, "ANY")) {
        p += 3;
    } else {
        need(p);
        if (*p != '(') fail("expected EMPTY, ANY or '('", p);
        content_model(p);
    }
    skip_space(p);
    need(p);
    if (*p != '>') fail("expected '>' at the end of the declaration", p);
    at_ = p + 1;
}

void reader::content_model(const char*& p)
{
    const auto quantifier = [&] {
        need(p);
        if (*p == '?' || *p == '*' || *p == '+') ++p;
    };
    const char* q = p + 1;
    skip_space(q);
    if (follows(q, "#PCDATA")) {
        p = q + 7;
        bool has_names = false;
        for (;;) {
            skip_space(p);
            need(p);
            if (*p != '|') break;
            ++p;
            skip_space(p);
            name(p, "the name of an element");
            has_names = true;
        }
        if (*p != ')') fail("expected ')'", p);
        ++p;
        need(p);
        if (*p == '*')
            ++p;
        else if (has_names)
            fail("expected '*' behind mixed content", p);
        return;
    }
    std::vector<char> separators;  // of the open groups; NUL: not known yet
    for (;;) {
        // A name or a group is expected.
        skip_space(p);
        need(p);
        if (*p == '(') {
            if (separators.size() >= max_model_depth)
                throw limit_error("max_model_depth", max_model_depth);
            separators.push_back('\0');
            ++p;
            continue;
        }
        name(p, "the name of an element");
        quantifier();
        for (;;) {
            skip_space(p);
            need(p);
            if (*p != ')') break;
            ++p;
            quantifier();
            separators.pop_back();
            if (separators.empty()) return;
        }
        char& separator = separators.back();
        if ((*p != '|' && *p != ',') || (separator != '\0' && separator != *p))
            fail("expected '|', ',' or ')'", p);
        separator = *p++;
    }
}

void reader::declaration_of_notation()
{
    const char* p = at_ + 10;
    space(p);
    ncname(p, "the name of a notation");
    space(p);
    doctype_event id;
    if (!external_id(p, id, true)) fail("expected SYSTEM or PUBLIC", p);
    skip_space(p);
    need(p);
    if (*p != '>') fail("expected '>' at the end of the declaration", p);
    at_ = p + 1;
}

}  // namespace ferry::xml::detail
