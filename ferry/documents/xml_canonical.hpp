#pragma once

#include "ferry/documents/xml.hpp"

/// \file
/// Canonical XML: one form for all documents that mean the same, as signatures need it.
namespace ferry::xml {

enum class c14n : std::uint8_t {
    inclusive,     ///< Canonical XML 1.0
    inclusive_11,  ///< Canonical XML 1.1
    exclusive,     ///< Exclusive XML Canonicalization 1.0: only the namespaces that are used
};

class canonical_options {
public:
    canonical_options() = default;

    canonical_options& method(c14n which)
    {
        method_ = which;
        return *this;
    }
    /// Default: false.
    canonical_options& comments(bool on)
    {
        comments_ = on;
        return *this;
    }
    /// Exclusive: prefixes that are treated as in the inclusive form; `#default` is the empty one.
    canonical_options& inclusive_prefixes(std::vector<std::string> prefixes)
    {
        prefixes_ = std::move(prefixes);
        return *this;
    }

    c14n method() const noexcept { return method_; }
    bool comments() const noexcept { return comments_; }
    const std::vector<std::string>& inclusive_prefixes() const noexcept { return prefixes_; }

private:
    c14n method_ = c14n::inclusive;
    bool comments_ = false;
    std::vector<std::string> prefixes_;
};

/// The canonical form of a document, or of an element with all below it, in UTF-8. As
/// lxml.etree.tostring(method="c14n", exclusive=, with_comments=, inclusive_ns_prefixes=).
std::string canonical(const node& from, const canonical_options& with = canonical_options());
std::string canonical(const document& from, const canonical_options& with = canonical_options());

}  // namespace ferry::xml
