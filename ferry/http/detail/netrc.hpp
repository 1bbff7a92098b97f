#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::http::detail {

/// Names and passwords for hosts, as ftp, curl and Requests read them from ~/.netrc. As `netrc`.
class netrc {
public:
    static constexpr std::size_t max_file_bytes = 1024 * 1024;
    static constexpr std::size_t max_machines = 10'000;

    struct entry {
        std::string machine;  ///< `host` or `host:port`; empty for `default`
        std::string login;
        std::string password;
    };

    /// Tokens apart from each other by blanks, in double quotes if they hold some, with `\` before
    /// what is meant literally; `#` begins a comment; macdef lasts to the next empty line.
    /// \throws parse_error  another word than the known ones. \throws limit_error
    static netrc parse(std::string_view text);

    /// The file of the user: $NETRC, else ~/.netrc; empty without one. A file that cannot be read,
    /// or others can, or is malformed, is reported as a warning; in the last case it counts as
    /// empty.
    static netrc of_user();
    static netrc load(const std::filesystem::path& file);

    /// For `host:port`, else for `host`, else the default, if that is wanted. Null without any.
    const entry* find(std::string_view host, std::uint16_t port, bool or_default = true) const;

    bool empty() const noexcept { return entries_.empty(); }

private:
    std::vector<entry> entries_;
};

}  // namespace ferry::http::detail
