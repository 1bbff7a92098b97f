#pragma once

#include "ferry/core/url.hpp"
#include "ferry/http/proxy.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::http::detail {

/// A host's name that means this machine, whatever a resolver says.
bool is_this_machine(std::string_view host) noexcept;

/// Whether an entry of `no_proxy` is about a host. Pure.
/// \param host  as in a URL; an IPv6 address in brackets.
bool no_proxy_matches(std::string_view entry, std::string_view host, std::uint16_t port);

/// Which proxy leads to which URL.
class proxy_rules {
public:
    using server = std::shared_ptr<const proxy_server>;

    /// \param getenv  std::getenv, or a test's. What is wrong in it shows when it is used.
    static proxy_rules from_environment(const char* (*getenv)(const char*));

    void add(std::string_view name, std::string_view text);
    void except(std::string_view host) { exceptions_.emplace_back(host); }
    void use_none() noexcept { none_ = true; }

    /// Nothing is said about any proxy.
    bool empty() const noexcept { return rules_.empty(); }

    /// Null: directly.
    server find(const url& to) const;
    /// Whether `to` is reached without a proxy, whatever other rules say.
    bool excepts(const url& to) const;

private:
    class rule {
    public:
        std::string name;
        std::string text;
        server parsed;  ///< null: text is wrong
    };

    server named(std::string_view name) const;

    std::vector<rule> rules_;
    std::vector<std::string> exceptions_;
    bool none_ = false;
    bool spares_this_machine_ = false;
};

/// The first that has an opinion: the request's rules, the session's, the environment's. Any may be
/// null.
proxy_rules::server find_proxy(const url& to, const proxy_rules* request,
                               const proxy_rules* session, const proxy_rules* environment);

}  // namespace ferry::http::detail
