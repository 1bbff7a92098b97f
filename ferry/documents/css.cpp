#include "ferry/documents/css.hpp"

#include "ferry/core/utf8.hpp"
#include "ferry/documents/detail/css_matcher.hpp"
#include "ferry/documents/detail/css_parser.hpp"
#include "ferry/documents/detail/html_names.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <mutex>
#include <unordered_set>

namespace ferry::css {

namespace {

using documents::no_node;
using documents::node_id;
using documents::node_kind;
using documents::tree;

/// What every element that a selector finds must have: asked before anything else.
struct name_key {
    documents::name_id plain = documents::no_name;
    documents::name_id in_svg = documents::no_name;

    bool operator()(const documents::node& n) const noexcept
    {
        return (n.name == plain || n.name == in_svg) && n.kind == node_kind::element;
    }
};
/// Of a list of selectors with types: a filter that lets few other names through.
struct names_key {
    std::array<bool, 256> has{};

    void add(documents::name_id name) noexcept { has[name % has.size()] = true; }
    bool operator()(const documents::node& n) const noexcept
    {
        return has[n.name % has.size()] && n.kind == node_kind::element;
    }
};
struct attribute_key {
    bool operator()(const documents::node& n) const noexcept
    {
        return n.count != 0 && n.kind == node_kind::element;
    }
};
struct no_key {
    bool operator()(const documents::node& n) const noexcept
    {
        return n.kind == node_kind::element;
    }
};

template <class Key, class Visit>
void scan(const tree& t, node_id from, detail::step_count& steps, const Key& key, Visit& visit)
{
    const node_id end = t.end(from);
    steps.charge(end - from);
    const bool has_fragments = t.has_fragments();
    for (node_id n = from + 1; n < end; ++n) {
        const documents::node& at = t[n];
        if (key(at)) {
            if (!visit(n)) return;
        } else if (has_fragments && at.kind == node_kind::fragment) {
            n = at.end - 1;
        }
    }
}

/// Visits the elements below `from` that any selector of the list matches; `visit` is given the
/// first of those, and says whether to go on.
template <class Visit>
void search(const detail::program& p, detail::matcher& m, node_id from, const Visit& visit)
{
    m.remember();
    if (p.list.size() != 1) {
        auto try_all = [&](node_id n) {
            for (const detail::complex& c : p.list)
                if (m.matches(c, n)) return visit(n);
            return true;
        };
        names_key names;
        for (const detail::complex& c : p.list) {
            const auto& tests = c.subject().tests;
            if (tests.empty() || tests[0].what != detail::test::type)
                return scan(m.of(), from, m.steps(), no_key{}, try_all);
            names.add(m.name(tests[0]).plain);
            names.add(m.name(tests[0]).svg_element);
        }
        return scan(m.of(), from, m.steps(), names, try_all);
    }
    const detail::complex& only = p.list.front();
    auto try_one = [&](node_id n) { return !m.matches(only, n) || visit(n); };
    const auto& tests = only.subject().tests;
    const detail::test first = tests.empty() ? detail::test::any_type : tests.front().what;
    if (first == detail::test::never) return;
    if (first == detail::test::type) {
        const detail::bound_name& name = m.name(tests.front());
        return scan(m.of(), from, m.steps(), name_key{name.plain, name.svg_element}, try_one);
    }
    if (first == detail::test::id || first == detail::test::class_)
        return scan(m.of(), from, m.steps(), attribute_key{}, try_one);
    scan(m.of(), from, m.steps(), no_key{}, try_one);
}

bool is_local_list(const std::vector<detail::complex>& list) noexcept
{
    const auto is_local = [](const detail::simple& s) {
        switch (s.what) {
            case detail::test::never:
            case detail::test::type:
            case detail::test::any_type:
            case detail::test::id:
            case detail::test::class_:
            case detail::test::attribute:
            case detail::test::any_link:
            case detail::test::required:
            case detail::test::open:
            case detail::test::defined: return true;
            case detail::test::is:
            case detail::test::not_: return is_local_list(s.list);
            default: return false;
        }
    };
    return std::all_of(list.begin(), list.end(), [&](const detail::complex& c) {
        const auto& tests = c.subject().tests;
        return c.compounds.size() == 1 && std::all_of(tests.begin(), tests.end(), is_local);
    });
}

void refuse_pseudo_elements(const detail::program& p)
{
    if (p.has_pseudo_element)
        throw parse_error(errc::malformed,
                          "selector: '::text' and '::attr()' give strings, not elements",
                          position_of(p.text, p.text.find("::")), p.text);
}

}  // namespace

selector selector::compile(std::string_view text, std::size_t max_depth)
{
    return selector(
        std::make_shared<const detail::program>(detail::parse(std::string(text), max_depth)));
}

std::vector<node_id> selector::select(const tree& t, node_id from, const context& with) const
{
    refuse_pseudo_elements(*program_);
    detail::matcher m(*program_, t, with, from);
    std::vector<node_id> found;
    search(*program_, m, from, [&](node_id n) {
        found.push_back(n);
        return true;
    });
    return found;
}

node_id selector::select_one(const tree& t, node_id from, const context& with) const
{
    refuse_pseudo_elements(*program_);
    detail::matcher m(*program_, t, with, from);
    node_id found = no_node;
    search(*program_, m, from, [&](node_id n) {
        found = n;
        return false;
    });
    return found;
}

bool selector::matches(const tree& t, node_id element, const context& with) const
{
    refuse_pseudo_elements(*program_);
    if (!t.is_element(element)) return false;
    return detail::matcher(*program_, t, with, element).matches(program_->list, element);
}

node_id selector::closest(const tree& t, node_id element, const context& with) const
{
    refuse_pseudo_elements(*program_);
    detail::matcher m(*program_, t, with, element);
    for (node_id at = element; at != no_node && t.kind(at) != node_kind::fragment;
         at = t.parent(at))
        if (t.is_element(at) && m.matches(program_->list, at)) return at;
    return no_node;
}

std::vector<std::string> selector::strings(const tree& t, node_id from, const context& with) const
{
    // A text node may be given by several selectors: it comes once, where it is in the document.
    struct place {
        node_id node;
        std::uint32_t attribute;  // index + 1
        auto operator<=>(const place&) const = default;
    };
    detail::matcher m(*program_, t, with, from);
    std::vector<place> found;
    const auto take = [&](const detail::complex& c, node_id n) {
        switch (c.gives) {
            case detail::pseudo_element::none: found.push_back({n, 0}); return;
            case detail::pseudo_element::attribute:
                if (const auto* a = m.find(c.given, n))
                    found.push_back(
                        {n, static_cast<std::uint32_t>(a - t.attributes(n).data()) + 1});
                return;
            case detail::pseudo_element::text:
                for (node_id child = t.first_child(n); child != no_node;
                     child = t.next_sibling(child))
                    if (t.kind(child) == node_kind::text) found.push_back({child, 0});
        }
    };
    if (program_->list.size() == 1) {
        search(*program_, m, from, [&](node_id n) {
            take(program_->list.front(), n);
            return true;
        });
    } else {
        m.remember();
        auto visit = [&](node_id n) {
            for (const detail::complex& c : program_->list)
                if (m.matches(c, n)) take(c, n);
            return true;
        };
        scan(t, from, m.steps(), no_key{}, visit);
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    std::vector<std::string> out;
    out.reserve(found.size());
    for (const place& p : found) {
        if (p.attribute == 0)
            out.push_back(t.text_content(p.node));
        else
            out.emplace_back(t.value(t.attributes(p.node)[p.attribute - 1]));
    }
    return out;
}

const std::vector<specificity>& selector::specificities() const noexcept
{
    return program_->weights;
}

bool selector::has_pseudo_element() const noexcept
{
    return program_->has_pseudo_element;
}

bool selector::is_local() const noexcept
{
    return is_local_list(program_->list);
}

bool selector::may_match(std::string_view name) const noexcept
{
    return std::any_of(program_->list.begin(), program_->list.end(), [&](const detail::complex& c) {
        const auto& tests = c.subject().tests;
        if (tests.empty() || tests.front().what != detail::test::type) return true;
        const detail::written_name& wanted = program_->names[tests.front().name];
        return wanted.exact == name || wanted.lower == name;
    });
}

const std::string& selector::text() const noexcept
{
    return program_->text;
}

// ---- compile() and what it remembers

selector compile(std::string_view text)
{
    constexpr std::size_t remembered = 256;  // by hash: a new one takes the place of another
    constexpr std::size_t longest = 512;
    static std::mutex guard;
    static std::array<std::optional<selector>, remembered> all;
    if (text.size() > longest) return selector::compile(text);
    const std::size_t at = std::hash<std::string_view>()(text) % remembered;
    {
        const std::lock_guard lock(guard);
        if (all[at] && all[at]->text() == text) return *all[at];
    }
    selector made = selector::compile(text);
    const std::lock_guard lock(guard);
    all[at] = made;
    return made;
}

std::string escape(std::string_view identifier)
{
    constexpr std::string_view hex = "0123456789abcdef";
    std::string out;
    const auto by_number = [&](unsigned char c) {
        out += '\\';
        if (c >= 16) out += hex[c >> 4U];
        out += hex[c & 15U];
        out += ' ';
    };
    for (std::size_t i = 0; i < identifier.size(); ++i) {
        const char c = identifier[i];
        const auto byte = static_cast<unsigned char>(c);
        const bool digit = c >= '0' && c <= '9';
        const bool letter = (byte | 0x20U) >= 'a' && (byte | 0x20U) <= 'z';
        if (byte == 0)
            utf8::append(out, utf8::replacement);
        else if (byte < ' ' || byte == 0x7F ||
                 (digit && (i == 0 || (i == 1 && identifier[0] == '-'))))
            by_number(byte);
        else if (letter || digit || byte >= 0x80 || c == '_' || (c == '-' && identifier.size() > 1))
            out += c;
        else
            (out += '\\') += c;
    }
    return out;
}

std::string path_of(const tree& t, node_id element)
{
    namespace tag = documents::detail::tag;
    if (!t.is_element(element)) throw type_error("path_of", "element", "another node");
    const auto is_alone = [&](const std::string& text) {
        const auto found = selector::compile(text).select(t);
        return found.size() == 1;
    };
    std::string path;
    for (node_id at = element;;) {
        if (const auto* id = t.find_attribute(at, tag::id);
            id != nullptr && !t.value(*id).empty()) {
            const std::string step = '#' + escape(t.value(*id));
            if (is_alone(step)) return path.empty() ? step : step + " > " + path;
        }
        std::string step = escape(t.local_name(at));
        const node_id up = t.parent(at);
        const bool is_top = !t.is_element(up);
        std::size_t place = 1;
        bool others = false;
        for (node_id s = t.first_child(up); s != no_node; s = t.next_sibling(s)) {
            if (s == at || !t.is_element(s) || t[s].name != t[at].name || t[s].space != t[at].space)
                continue;
            others = true;
            if (s < at) ++place;
        }
        if (others) step += ":nth-of-type(" + std::to_string(place) + ')';
        if (up == tree::root() && step != "html") step += ":root";
        path = path.empty() ? step : step + " > " + path;
        if (is_top) return path;
        at = up;
    }
}

}  // namespace ferry::css
