#include "ferry/documents/xml_draft.hpp"

#include "ferry/documents/detail/xml_chars.hpp"
#include "ferry/documents/detail/xml_draft_impl.hpp"
#include "ferry/documents/detail/xml_path.hpp"

#include <algorithm>

namespace ferry::xml {

namespace {

void check_text(std::string_view text)
{
    if (detail::find_bad_char(text) != std::string_view::npos)
        throw error(errc::malformed, "a character that XML does not allow");
}

}  // namespace

std::uint32_t draft::impl::parse_name(std::string_view tag)
{
    std::string_view uri;
    std::string_view local = tag;
    if (tag.starts_with('{')) {
        const std::size_t end = tag.find('}');
        uri = tag.substr(1, end == std::string_view::npos ? end : end - 1);
        local = end == std::string_view::npos ? std::string_view() : tag.substr(end + 1);
    }
    if (!detail::is_ncname(local))
        throw error(errc::malformed, "'" + std::string(tag) + "' is no name of XML");
    check_text(uri);
    return intern(uri, local);
}

// ---- draft

draft::draft(std::string_view root) : impl_(std::make_unique<impl>())
{
    const std::uint32_t name = impl_->parse_name(root);
    const node_id made = impl_->make(node_kind::element);
    (*impl_)[made].name = name;
    impl_->link(made, 0);
}

draft::draft(const document& from) : impl_(std::make_unique<impl>())
{
    impl_->copy(from.tree(), 0, 0);
}

draft::draft(const xml::element& from) : impl_(std::make_unique<impl>())
{
    impl_->copy(from.tree(), from.id(), 0);
    for (const auto& [prefix, uri] : from.nsmap()) root().declare(prefix, uri);
}

draft::draft(draft&&) noexcept = default;
draft& draft::operator=(draft&&) noexcept = default;
draft::~draft() = default;

draft::element draft::root() const
{
    node_id n = (*impl_)[0].first;
    while (n != no_node && (*impl_)[n].kind != node_kind::element) n = (*impl_)[n].next;
    if (n == no_node) throw lookup_error("the document's element");
    return {impl_.get(), n};
}

void draft::register_namespace(std::string prefix, std::string uri)
{
    if (!detail::is_ncname(prefix)) throw error(errc::malformed, "'" + prefix + "' is no prefix");
    impl_->preferred.insert_or_assign(std::move(uri), std::move(prefix));
}

document draft::finish() const
{
    return impl_->finish();
}

// ---- elements

std::string draft::element::tag() const
{
    const impl::part& p = (*of_)[id_];
    return p.kind == node_kind::element ? of_->clark(p.name) : std::string();
}

void draft::element::set_tag(std::string_view tag)
{
    (*of_)[id_].name = of_->parse_name(tag);
}

std::optional<std::string> draft::element::get(std::string_view name) const
{
    const auto* found = of_->find(id_, name);
    return found == nullptr ? std::nullopt : std::optional(found->value);
}

draft::element& draft::element::set(std::string_view name, std::string_view value)
{
    check_text(value);
    if (auto* const found = of_->find(id_, name)) {
        found->value = value;
    } else {
        const std::uint32_t id = of_->parse_name(name);
        if (of_->name(id).uri.empty() && of_->name(id).local == "xmlns")
            throw error(errc::malformed, "namespaces are declared by declare()");
        (*of_)[id_].attributes.push_back({id, std::string(value)});
    }
    return *this;
}

bool draft::element::unset(std::string_view name)
{
    auto& all = (*of_)[id_].attributes;
    return std::erase_if(all, [&](const auto& a) { return of_->clark(a.name) == name; }) > 0;
}

std::vector<std::pair<std::string, std::string>> draft::element::attrib() const
{
    std::vector<std::pair<std::string, std::string>> all;
    for (const auto& a : (*of_)[id_].attributes) all.emplace_back(of_->clark(a.name), a.value);
    return all;
}

const std::string& draft::element::text() const
{
    return (*of_)[id_].text;
}

const std::string& draft::element::tail() const
{
    return (*of_)[id_].tail;
}

draft::element& draft::element::set_text(std::string_view text)
{
    check_text(text);
    impl::part& p = (*of_)[id_];
    if (p.kind == node_kind::comment &&
        (text.find("--") != std::string_view::npos || text.ends_with('-')))
        throw error(errc::malformed, "a comment with '--'");
    if (p.kind == node_kind::processing_instruction && text.find("?>") != std::string_view::npos)
        throw error(errc::malformed, "a processing instruction with '?>'");
    p.text = text;
    return *this;
}

draft::element& draft::element::set_tail(std::string_view text)
{
    check_text(text);
    (*of_)[id_].tail = text;
    return *this;
}

std::string draft::element::text_content() const
{
    std::string out;
    if ((*of_)[id_].kind != node_kind::element) return out;
    // Tails come at the ends of elements: walk with a stack of those that are owed.
    std::vector<node_id> owed;
    out = text();
    for (node_id n = of_->next_in(id_, id_); n != no_node; n = of_->next_in(n, id_)) {
        const impl::part& p = (*of_)[n];
        while (!owed.empty() && owed.back() != p.parent) {
            out += (*of_)[owed.back()].tail;
            owed.pop_back();
        }
        if (p.kind == node_kind::element) {
            out += p.text;
            owed.push_back(n);
        } else {
            out += p.tail;
        }
    }
    for (; !owed.empty(); owed.pop_back()) out += (*of_)[owed.back()].tail;
    return out;
}

std::optional<draft::element> draft::element::parent() const
{
    const node_id up = (*of_)[id_].parent;
    return up == no_node || up == 0 ? std::nullopt : std::optional(element(of_, up));
}

std::optional<draft::element> draft::element::next_element() const
{
    node_id n = (*of_)[id_].next;
    while (n != no_node && (*of_)[n].kind != node_kind::element) n = (*of_)[n].next;
    return n == no_node ? std::nullopt : std::optional(element(of_, n));
}

std::optional<draft::element> draft::element::previous_element() const
{
    node_id n = (*of_)[id_].previous;
    while (n != no_node && (*of_)[n].kind != node_kind::element) n = (*of_)[n].previous;
    return n == no_node ? std::nullopt : std::optional(element(of_, n));
}

std::vector<draft::element> draft::element::children() const
{
    std::vector<element> all;
    for (node_id n = (*of_)[id_].first; n != no_node; n = (*of_)[n].next)
        if ((*of_)[n].kind == node_kind::element) all.push_back(element(of_, n));
    return all;
}

namespace {

/// What detail::path_selector sees of a draft.
template <class Impl>
class draft_view {
public:
    explicit draft_view(const Impl& of) : d_(of) {}

    node_id first_element(node_id n) const { return settle(d_[n].first); }
    node_id next_element(node_id n) const { return settle(d_[n].next); }
    node_id parent_element(node_id n) const
    {
        const node_id up = d_[n].parent;
        return up == 0 ? no_node : up;
    }
    node_id next_in(node_id n, node_id top) const
    {
        do n = d_.next_in(n, top);
        while (n != no_node && d_[n].kind != node_kind::element);
        return n;
    }
    bool matches(node_id n, const detail::path_name& name) const
    {
        const auto& its = d_.name(d_[n].name);
        return (!name.local || its.local == *name.local) && (!name.uri || its.uri == *name.uri);
    }
    std::optional<std::string_view> value(node_id n, const detail::path_name& name) const
    {
        for (const auto& a : d_[n].attributes) {
            const auto& its = d_.name(a.name);
            if ((!name.local || its.local == *name.local) && (!name.uri || its.uri == *name.uri))
                return a.value;
        }
        return std::nullopt;
    }
    std::string whole_text(node_id n) const { return whole_text_of(n); }
    std::uint64_t tag(node_id n) const { return d_[n].name; }
    void in_order(std::vector<node_id>&) const {}

    std::function<std::string(node_id)> whole_text_of;

private:
    node_id settle(node_id n) const
    {
        while (n != no_node && d_[n].kind != node_kind::element) n = d_[n].next;
        return n;
    }

    const Impl& d_;
};

}  // namespace

std::vector<draft::element> draft::element::iter(std::string_view tag) const
{
    std::vector<element> all;
    detail::path_step wanted;
    if (tag != "*") wanted = detail::parse_path(tag, {}).front();
    const draft_view<impl> view(*of_);
    for (node_id n = id_; n != no_node; n = view.next_in(n, id_))
        if (view.matches(n, wanted.name)) all.push_back(element(of_, n));
    return all;
}

std::vector<draft::element> draft::element::findall(std::string_view path, const ns_map& with) const
{
    draft_view<impl> view(*of_);
    view.whole_text_of = [this](node_id n) { return element(of_, n).text_content(); };
    detail::path_selector<draft_view<impl>> selector(view);
    std::vector<element> all;
    for (const node_id n : selector.select(detail::parse_path(path, with), id_))
        all.push_back(element(of_, n));
    return all;
}

std::optional<draft::element> draft::element::find(std::string_view path, const ns_map& with) const
{
    const auto all = findall(path, with);
    return all.empty() ? std::nullopt : std::optional(all.front());
}

std::string draft::element::findtext(std::string_view path, std::string_view otherwise,
                                     const ns_map& with) const
{
    const auto found = find(path, with);
    return found ? found->text() : std::string(otherwise);
}

// ---- changes

draft::element draft::element::append(std::string_view tag)
{
    return insert(std::size_t(-1), tag);
}

void draft::element::append(const element& child)
{
    insert(std::size_t(-1), child);
}

draft::element draft::element::insert(std::size_t index, std::string_view tag)
{
    const std::uint32_t name = of_->parse_name(tag);
    const node_id made = of_->make(node_kind::element);
    (*of_)[made].name = name;
    of_->link(made, id_, index == std::size_t(-1) ? no_node : of_->child_at(id_, index));
    return {of_, made};
}

void draft::element::insert(std::size_t index, const element& child)
{
    if (child.of_ != of_) throw error(errc::invalid_state, "an element of another draft");
    if (of_->is_inside(id_, child.id_))
        throw error(errc::invalid_state, "an element cannot be put into itself");
    of_->unlink(child.id_);
    of_->link(child.id_, id_, index == std::size_t(-1) ? no_node : of_->child_at(id_, index));
}

draft::element draft::element::append_copy(const node& of)
{
    const node_id last = (*of_)[id_].last;
    of_->copy(of.tree(), of.id(), id_);
    const node_id made = last == no_node ? (*of_)[id_].first : (*of_)[last].next;
    return {of_, made == no_node ? id_ : made};
}

draft::element draft::element::append_comment(std::string_view text)
{
    element made(of_, of_->make(node_kind::comment));
    made.set_text(text);
    of_->link(made.id_, id_);
    return made;
}

draft::element draft::element::append_instruction(std::string_view target, std::string_view data)
{
    if (!detail::is_ncname(target) || target == "xml")
        throw error(errc::malformed, "'" + std::string(target) + "' is no target");
    element made(of_, of_->make(node_kind::processing_instruction));
    (*of_)[made.id_].name = of_->intern("", target);
    made.set_text(data);
    of_->link(made.id_, id_);
    return made;
}

void draft::element::remove(const element& child)
{
    if (child.of_ != of_ || (*of_)[child.id_].parent != id_) throw lookup_error(child.tag());
    of_->unlink(child.id_);
}

void draft::element::replace(const element& child, const element& by)
{
    if (child.of_ != of_ || (*of_)[child.id_].parent != id_) throw lookup_error(child.tag());
    if (by.of_ != of_ || of_->is_inside(id_, by.id_))
        throw error(errc::invalid_state, "an element cannot be put into itself");
    if (child == by) return;
    of_->unlink(by.id_);
    of_->link(by.id_, id_, child.id_);
    of_->unlink(child.id_);
}

void draft::element::clear()
{
    while ((*of_)[id_].first != no_node) of_->unlink((*of_)[id_].first);
    impl::part& p = (*of_)[id_];
    p.text.clear();
    p.tail.clear();
    p.attributes.clear();
}

void draft::element::declare(std::string prefix, std::string uri)
{
    if (!prefix.empty() && !detail::is_ncname(prefix))
        throw error(errc::malformed, "'" + prefix + "' is no prefix");
    if (!prefix.empty() && uri.empty())
        throw error(errc::malformed, "prefix '" + prefix + "' is declared as nothing");
    check_text(uri);
    auto& all = (*of_)[id_].declared;
    const auto there =
        std::find_if(all.begin(), all.end(), [&](const auto& d) { return d.first == prefix; });
    if (there != all.end())
        there->second = std::move(uri);
    else
        all.emplace_back(std::move(prefix), std::move(uri));
}

}  // namespace ferry::xml
