#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::http::detail {

/// The path of a request target, split at its slashes and decoded segment by segment, so that an
/// encoded slash stays inside its segment.
struct target_path {
    std::vector<std::string> segments;  ///< "/a/b/" gives "a", "b", ""
    std::string text;                   ///< decoded, joined by slashes
    std::string query;                  ///< still encoded, without '?'
};

/// Origin-form, absolute-form and `*` (RFC 9112 section 3.2).
/// \throws problem with 400  a malformed escape, NUL, text that is not UTF-8, a dot segment.
target_path parse_target(std::string_view target);

/// Finds the route of a path. Patterns are made of literal segments, `{name}` for any one segment
/// that is not empty, `{name:int}` for a decimal integer, and, at the end, `{name:path}` for all
/// that is left. At each segment a literal comes before an integer, that before a name, that before
/// the rest. Cost: at most one visit of each node of the tree that the patterns make.
class router {
public:
    using parameters = std::vector<std::pair<std::string, std::string>>;
    using methods = std::map<std::string, std::size_t, std::less<>>;

    struct match {
        const router::methods* methods;  ///< never empty
        router::parameters parameters;
    };

    /// \param handler  any number the caller likes.
    /// \throws error  the pattern is malformed, or has a handler for this method already.
    void add(std::string_view method, std::string_view pattern, std::size_t handler);

    std::optional<match> find(const std::vector<std::string>& segments) const;

private:
    struct node {
        std::map<std::string, std::unique_ptr<node>, std::less<>> literals;
        std::unique_ptr<node> integer;
        std::unique_ptr<node> name;
        std::unique_ptr<node> rest;
        std::vector<std::string> names;  ///< of the parameters on the way here
        router::methods methods;
    };

    static const node* walk(const node& at, const std::vector<std::string>& segments,
                            std::size_t index, std::vector<std::string>& values);

    node root_;
};

}  // namespace ferry::http::detail
