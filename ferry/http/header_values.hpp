#pragma once

#include "ferry/core/error.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What the values of some header fields say. `headers` has a reader for each:
/// `r.headers.content_disposition().filename()`. All of them take what servers really send: what is
/// malformed is skipped, never an error. Cost: linear.
namespace ferry::http {

/// `; name=value` pairs behind the first word of a field: names in lower case, in order.
class parameters {
public:
    using pair = std::pair<std::string, std::string>;

    void add(std::string name, std::string value)
    {
        pairs_.emplace_back(std::move(name), std::move(value));
    }

    /// The first value of that name, in any case, without quotes.
    std::optional<std::string_view> find(std::string_view name) const noexcept;

    /// The value of `name*`, decoded to UTF-8 (RFC 8187); without one that can be read, the value
    /// of `name`, which is taken for Latin-1 if it is not UTF-8.
    std::optional<std::string> find_extended(std::string_view name) const;

    auto begin() const noexcept { return pairs_.begin(); }
    auto end() const noexcept { return pairs_.end(); }

private:
    std::vector<pair> pairs_;
};

/// The type, its subtype and its parameters in a Content-Type (RFC 9110 section 8.3).
class media_type {
public:
    media_type() = default;

    /// Reads `text/html; charset="utf-8"`.
    explicit media_type(std::string_view field);

    const std::string& essence() const noexcept { return essence_; }  ///< `text/html`, lower case
    std::string_view type() const noexcept;                           ///< `text`
    std::string_view subtype() const noexcept;                        ///< `html`

    /// Empty without.
    std::string_view charset() const noexcept { return parameter("charset"); }
    std::string_view boundary() const noexcept { return parameter("boundary"); }

    /// A parameter's value without quotes; empty without.
    std::string_view parameter(std::string_view name) const noexcept
    {
        return parameters_.find(name).value_or(std::string_view());
    }
    const http::parameters& parameters() const noexcept { return parameters_; }

private:
    std::string essence_;
    http::parameters parameters_;
};

/// A Content-Disposition (RFC 6266).
class content_disposition {
public:
    content_disposition() = default;
    explicit content_disposition(std::string_view field);

    const std::string& type() const noexcept { return type_; }  ///< `attachment`, lower case

    /// The name that the sender gave, in UTF-8: `filename*` before `filename`. It may hold
    /// anything,
    /// `../` too; see safe_filename.
    std::optional<std::string> filename() const { return parameters_.find_extended("filename"); }

    const http::parameters& parameters() const noexcept { return parameters_; }

private:
    std::string type_;
    http::parameters parameters_;
};

/// A file name that stays in its folder: the part behind the last `/` or `\`, without control
/// characters and leading dots, at most 255 bytes of UTF-8; empty if nothing is left.
std::string safe_filename(std::string_view name);

/// One link of a Link header (RFC 8288). As an entry of Response.links.
class link_value {
public:
    link_value() = default;

    std::string url;    ///< as written; `response::links` makes it absolute
    std::string rel;    ///< one relation type, in lower case: `next`
    std::string title;  ///< UTF-8
    http::parameters parameters;
};

/// The links of a message, one for each relation type of each target.
class links {
public:
    links() = default;
    explicit links(std::vector<link_value> all) : all_(std::move(all)) {}

    /// The first with this relation; null without.
    const link_value* find(std::string_view rel) const noexcept;
    bool contains(std::string_view rel) const noexcept { return find(rel) != nullptr; }
    /// \throws lookup_error  no link has this relation.
    const link_value& operator[](std::string_view rel) const;

    std::size_t size() const noexcept { return all_.size(); }
    bool empty() const noexcept { return all_.empty(); }
    auto begin() const noexcept { return all_.begin(); }
    auto end() const noexcept { return all_.end(); }

private:
    std::vector<link_value> all_;
};

/// Reads a Link field, or several joined by commas.
links parse_links(std::string_view field);

/// The directives of Cache-Control (RFC 9111 section 5.2).
class cache_control {
public:
    cache_control() = default;
    explicit cache_control(std::string_view field);

    bool has(std::string_view directive) const noexcept
    {
        return directives_.find(directive).has_value();
    }
    /// The argument in seconds, at most 2^31; nothing without the directive or for no number.
    std::optional<std::chrono::seconds> seconds(std::string_view directive) const noexcept;

    std::optional<std::chrono::seconds> max_age() const noexcept { return seconds("max-age"); }
    bool no_store() const noexcept { return has("no-store"); }
    bool no_cache() const noexcept { return has("no-cache"); }

    const parameters& directives() const noexcept { return directives_; }

private:
    parameters directives_;
};

/// An ETag (RFC 9110 section 8.8.3).
class entity_tag {
public:
    entity_tag() = default;

    std::string value;  ///< between the quotes
    bool weak = false;

    /// As in a header: `W/"x"`.
    std::string text() const;

    friend bool operator==(const entity_tag&, const entity_tag&) = default;
};

std::optional<entity_tag> parse_entity_tag(std::string_view field);

static_assert(awaitable_argument<media_type> && awaitable_argument<content_disposition>);

}  // namespace ferry::http
