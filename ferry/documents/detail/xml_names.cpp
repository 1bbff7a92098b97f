#include "ferry/documents/detail/xml_names.hpp"

#include "ferry/core/error.hpp"
#include "ferry/documents/detail/html_names.hpp"
#include "ferry/documents/detail/xml_chars.hpp"

#include <algorithm>
#include <cstring>

namespace ferry::xml::detail {

namespace {

constexpr std::size_t block_bytes = 4096;
constexpr std::size_t first_slots = 256;
constexpr std::size_t max_names = 0x00ff'ffff;

}  // namespace

name_table::name_table(bool namespaces)
    : namespaces_(namespaces), slots_(first_slots), prefixes_{"", "xml", "xmlns"}
{
    for (std::uint32_t i = 0; i < prefixes_.size(); ++i) prefix_index_.emplace(prefixes_[i], i);
}

name_entry& name_table::intern(std::string_view name)
{
    const std::uint64_t hash = documents::detail::hash_name(name);
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
        const slot& s = slots_[at];
        if (s.entry == nullptr) return add(name, hash);
        if (s.hash == hash && s.entry->text == name) return *s.entry;
    }
}

name_entry& name_table::add(std::string_view name, std::uint64_t hash)
{
    if (entries_.size() >= max_names) throw limit_error("max_names", max_names);
    if (entries_.size() * 2 >= slots_.size()) grow();
    name_entry& made = entries_.emplace_back();
    made.text = keep(name);
    if (namespaces_) split(made);
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash & mask;
    while (slots_[at].entry != nullptr) at = (at + 1) & mask;
    slots_[at] = {hash, &made};
    return made;
}

void name_table::split(name_entry& made)
{
    const std::size_t colon = made.text.find(':');
    if (colon == std::string_view::npos) {
        if (made.text == "xmlns") made.declares = no_prefix;
        return;
    }
    const std::string_view local = made.text.substr(colon + 1);
    if (colon == 0 || !is_ncname(local)) {
        made.is_qname = false;
        return;
    }
    made.local = static_cast<std::uint32_t>(colon + 1);
    made.prefix = intern_prefix(made.text.substr(0, colon));
    if (made.prefix == xmlns_prefix) made.declares = intern_prefix(local);
}

std::uint32_t name_table::intern_prefix(std::string_view prefix)
{
    const auto [found, fresh] = prefix_index_.try_emplace(
        std::string(prefix), static_cast<std::uint32_t>(prefixes_.size()));
    if (fresh) prefixes_.emplace_back(prefix);
    return found->second;
}

std::string_view name_table::keep(std::string_view text)
{
    if (free_bytes_ < text.size()) {
        free_bytes_ = std::max(text.size(), block_bytes);
        blocks_.push_back(std::make_unique<char[]>(free_bytes_));
        free_ = blocks_.back().get();
    }
    char* const kept = free_;
    std::copy(text.begin(), text.end(), kept);
    free_ += text.size();
    free_bytes_ -= text.size();
    return {kept, text.size()};
}

void name_table::grow()
{
    std::vector<slot> larger(slots_.size() * 2);
    const std::size_t mask = larger.size() - 1;
    for (const slot& s : slots_) {
        if (s.entry == nullptr) continue;
        std::size_t at = s.hash & mask;
        while (larger[at].entry != nullptr) at = (at + 1) & mask;
        larger[at] = s;
    }
    slots_ = std::move(larger);
}

}  // namespace ferry::xml::detail
