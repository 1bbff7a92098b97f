#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ferry::xml::detail {

inline constexpr std::uint32_t no_index = 0xffff'ffff;

/// What the DTD says about one attribute.
struct attribute_definition;
struct element_definition;

/// A name as it is written, kept once a document.
struct name_entry {
    std::string_view text;
    std::uint32_t local = 0;            ///< where the local part begins
    std::uint32_t prefix = 0;           ///< index of the prefix; 0: none
    std::uint32_t declares = no_index;  ///< `xmlns` and `xmlns:p`: index of the prefix it binds
    std::uint32_t cookie = no_index;    ///< for the sink
    bool is_qname = true;               ///< Namespaces 1.0 [7]
    std::uint64_t seen = 0;             ///< number of the last start tag that had this attribute
    element_definition* definition = nullptr;
    name_entry* next = nullptr;  ///< the name that came behind this one the last time

    std::string_view local_text() const noexcept { return text.substr(local); }
};

/// The names of one document. With namespaces, names are split at the colon.
class name_table {
public:
    static constexpr std::uint32_t no_prefix = 0;
    static constexpr std::uint32_t xml_prefix = 1;
    static constexpr std::uint32_t xmlns_prefix = 2;

    explicit name_table(bool namespaces);

    /// \throws limit_error  `max_names` (16,777,215).
    name_entry& intern(std::string_view name);
    std::string_view prefix(std::uint32_t index) const noexcept { return prefixes_[index]; }
    std::size_t prefix_count() const noexcept { return prefixes_.size(); }

private:
    name_entry& add(std::string_view name, std::uint64_t hash);
    void split(name_entry& made);
    std::uint32_t intern_prefix(std::string_view prefix);
    std::string_view keep(std::string_view text);
    void grow();

    struct slot {
        std::uint64_t hash = 0;
        name_entry* entry = nullptr;
    };

    bool namespaces_;
    std::deque<name_entry> entries_;
    std::vector<slot> slots_;
    std::vector<std::unique_ptr<char[]>> blocks_;
    char* free_ = nullptr;
    std::size_t free_bytes_ = 0;
    std::vector<std::string> prefixes_;
    std::unordered_map<std::string, std::uint32_t> prefix_index_;
};

}  // namespace ferry::xml::detail
