#include "ferry/documents/detail/xpath_evaluator.hpp"
#include "ferry/documents/detail/xpath_names.hpp"
#include "ferry/documents/detail/xpath_number.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

namespace ferry::xpath::detail {

namespace {

/// Takes the first character, one code point of UTF-8, off a text.
std::string_view take_character(std::string_view& text) noexcept
{
    std::size_t length = 1;
    while (length < text.size() && is_continuation(text[length])) ++length;
    const std::string_view first = text.substr(0, length);
    text.remove_prefix(length);
    return first;
}

/// Like find(), but linear whatever the texts are.
std::size_t find_part(std::string_view text, std::string_view part) noexcept
{
    if (part.empty()) return 0;
    if (text.size() < part.size()) return std::string_view::npos;
    const void* const at = memmem(text.data(), text.size(), part.data(), part.size());
    if (at == nullptr) return std::string_view::npos;
    return static_cast<std::size_t>(static_cast<const char*>(at) - text.data());
}

template <class Function>
void for_each_word(std::string_view text, Function&& visit)
{
    std::size_t at = 0;
    for (;;) {
        while (at < text.size() && is_space(text[at])) ++at;
        if (at == text.size()) return;
        const std::size_t begin = at;
        while (at < text.size() && !is_space(text[at])) ++at;
        visit(text.substr(begin, at - begin));
    }
}

bool has_language_tag(std::string_view tag, std::string_view wanted) noexcept
{
    if (tag.size() < wanted.size()) return false;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (lower(tag[i]) != lower(wanted[i])) return false;
    }
    return tag.size() == wanted.size() || tag[wanted.size()] == '-';
}

}  // namespace

/// The string of the first argument, or of the context node without one.
std::string_view evaluator::argument(const expr& e, const focus& f, std::string& scratch)
{
    return e.args.empty() ? string_value(f.at, scratch) : string(e.args[0], f, scratch);
}

bool evaluator::boolean_call(const expr& e, const focus& f)
{
    switch (e.function) {
        case function::true_: return true;
        case function::false_: return false;
        case function::boolean: return boolean(e.args[0], f);
        case function::not_: return !boolean(e.args[0], f);
        case function::contains:
        case function::starts_with: {
            lease whole(strings_);
            lease wanted(strings_);
            const std::string_view text = string(e.args[0], f, *whole);
            const std::string_view part = string(e.args[1], f, *wanted);
            charge(text.size() / 64);
            return e.function == function::starts_with
                       ? text.starts_with(part)
                       : find_part(text, part) != std::string_view::npos;
        }
        case function::lang: {
            std::string scratch;
            return has_language(f.at, string(e.args[0], f, scratch));
        }
        default: return false;
    }
}

double evaluator::number_call(const expr& e, const focus& f)
{
    switch (e.function) {
        case function::last: return static_cast<double>(f.size);
        case function::position: return static_cast<double>(f.position);
        case function::count: return static_cast<double>(count(e.args[0], f));
        case function::floor: return std::floor(number(e.args[0], f));
        case function::ceiling: return std::ceil(number(e.args[0], f));
        case function::round: return round_half_up(number(e.args[0], f));
        case function::number: return e.args.empty() ? number_value(f.at) : number(e.args[0], f);
        case function::string_length: {
            lease scratch(strings_);
            std::size_t length = 0;
            const std::string_view text = argument(e, f, *scratch);
            charge(text.size() / 64);
            for (const char c : text) length += is_continuation(c) ? 0 : 1;
            return static_cast<double>(length);
        }
        case function::sum: {
            lease set(sets_);
            nodes(e.args[0], f, *set);
            double total = 0;
            for (const item x : *set) total += number_value(x);
            return total;
        }
        default: return 0;
    }
}

std::string_view evaluator::string_call(const expr& e, const focus& f, std::string& scratch)
{
    switch (e.function) {
        case function::string: return argument(e, f, scratch);
        case function::concat: {
            lease part(strings_);
            scratch.clear();
            for (const expr& a : e.args) {
                scratch += string(a, f, *part);
                check_string(scratch.size());
            }
            charge(scratch.size() / 64);
            return scratch;
        }
        case function::substring_before:
        case function::substring_after: {
            lease other(strings_);
            const std::string_view text = string(e.args[0], f, scratch);
            const std::string_view mark = string(e.args[1], f, *other);
            charge(text.size() / 64);
            const std::size_t at = find_part(text, mark);
            if (at == std::string_view::npos) return {};
            return e.function == function::substring_before ? text.substr(0, at)
                                                            : text.substr(at + mark.size());
        }
        case function::substring: return substring(e, f, scratch);
        case function::normalize_space: {
            lease from(strings_);
            const std::string_view text = argument(e, f, *from);
            charge(text.size() / 64);
            scratch.clear();
            for_each_word(text, [&](std::string_view word) {
                if (!scratch.empty()) scratch += ' ';
                scratch += word;
            });
            return scratch;
        }
        case function::translate: return translate(e, f, scratch);
        case function::name:
        case function::local_name:
        case function::namespace_uri: return name_call(e, f, scratch);
        default: return {};
    }
}

/// Characters whose position, from 1, is at least round(start) and less than round(start) +
/// round(length). NaN is neither.
std::string_view evaluator::substring(const expr& e, const focus& f, std::string& scratch)
{
    const std::string_view text = string(e.args[0], f, scratch);
    const double first = round_half_up(number(e.args[1], f));
    const double end = e.args.size() < 3 ? std::numeric_limits<double>::infinity()
                                         : first + round_half_up(number(e.args[2], f));
    charge(text.size() / 64);
    double position = 1;
    std::size_t from = text.size();
    std::size_t to = text.size();
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::size_t at = text.size() - rest.size();
        const bool inside = position >= first && position < end;
        if (inside && from == text.size()) from = at;
        if (!inside && from != text.size()) {
            to = at;
            break;
        }
        take_character(rest);
        ++position;
    }
    return text.substr(from, to - from);
}

std::string_view evaluator::translate(const expr& e, const focus& f, std::string& scratch)
{
    lease subject(strings_);
    lease replaced(strings_);
    lease by(strings_);
    std::string_view text = string(e.args[0], f, *subject);
    std::string_view from = string(e.args[1], f, *replaced);
    std::string_view to = string(e.args[2], f, *by);
    charge((text.size() + from.size()) / 16);

    std::unordered_map<std::string_view, std::string_view> map;
    while (!from.empty()) {
        const std::string_view character = take_character(from);
        map.emplace(character, to.empty() ? std::string_view() : take_character(to));
    }
    scratch.clear();
    while (!text.empty()) {
        const std::string_view character = take_character(text);
        const auto found = map.find(character);
        scratch += found == map.end() ? character : found->second;
        check_string(scratch.size());
    }
    return scratch;
}

std::string_view evaluator::name_call(const expr& e, const focus& f, std::string& scratch)
{
    item x = f.at;
    if (!e.args.empty()) {
        const std::optional<item> first = first_node(e.args[0], f);
        if (!first) return {};
        x = *first;
    }
    const node n = handle(x);
    if (e.function == function::local_name) return n.local_name();
    if (e.function == function::namespace_uri) return n.namespace_uri();
    scratch = n.name();
    return scratch;
}

/// HTML's `lang` and `xml:lang`, of the node or the nearest element around it that has one.
bool evaluator::has_language(item x, std::string_view wanted)
{
    const documents::name_id lang = tree_.find_name("lang");
    if (lang == documents::no_name || x.is_foreign()) return false;
    for (node_id n = x.node; n != no_node; n = tree_.parent(n)) {
        charge(1);
        if (!tree_.is_element(n)) continue;
        const documents::attribute* a = tree_.find_attribute(n, lang, documents::ns::xml);
        if (a == nullptr && tree_.is_html()) a = tree_.find_attribute(n, lang);
        if (a != nullptr) return has_language_tag(tree_.value(*a), wanted);
    }
    return false;
}

void evaluator::by_id(const expr& e, const focus& f, node_set& out)
{
    if (!ids_) {
        ids_.emplace();
        const documents::name_id id = tree_.find_name("id");
        // XML's are `xml:id` and what the DTD declares.
        const auto is_id = [&](node_id n, const documents::attribute& a) {
            if (tree_.is_html()) return a.name == id && a.space == documents::ns::none;
            return (a.name == id && a.space == documents::ns::xml) || tree_.is_id(n, a);
        };
        charge(tree_.size());
        for (node_id n = root_.node + 1; n < tree_.end(root_.node); ++n) {
            if (tree_.kind(n) == node_kind::fragment) {
                n = tree_.end(n) - 1;
                continue;
            }
            for (const documents::attribute& a : tree_.attributes(n))
                if (tree_.is_element(n) && is_id(n, a)) ids_->emplace(tree_.value(a), n);
        }
    }
    const auto add_all = [&](std::string_view words) {
        charge(words.size() / 16);
        for_each_word(words, [&](std::string_view word) {
            const auto found = ids_->find(word);
            if (found != ids_->end()) out.push_back({found->second, 0});
        });
    };
    const expr& argument = e.args[0];
    std::string scratch;
    if (argument.type == type::nodes) {
        lease set(sets_);
        nodes(argument, f, *set);
        for (const item x : *set) add_all(string_value(x, scratch));
    } else if (argument.type == type::any) {
        const result r = any(argument, f);
        for (const std::string& words : r.strings()) add_all(words);
    } else {
        add_all(string(argument, f, scratch));
    }
    put_in_order(out);
}

}  // namespace ferry::xpath::detail
