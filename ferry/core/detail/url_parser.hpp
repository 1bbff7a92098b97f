#pragma once

#include "ferry/core/percent.hpp"
#include "ferry/core/url.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace ferry::detail {

/// The basic URL parser of the URL Standard section 4.4, without its state overrides. It writes the
/// serialization directly, in one pass, each state a function that takes the rest of the input.
class url_parser {
public:
    /// \param base  null for an absolute URL; must not be `out`.
    url_parser(url& out, const url* base) : out_{out}, base_{base} {}

    /// Returns null, or what is wrong; `out` is then empty.
    const char* parse(std::string_view text);

private:
    using kind = url::kind;

    const char* start(std::string_view text);
    const char* after_scheme(std::string_view rest);
    const char* relative(std::string_view rest);
    const char* authority(std::string_view rest);
    const char* host_and_port(std::string_view text);
    const char* port(std::string_view digits);
    const char* path_start(std::string_view rest);
    const char* file(std::string_view rest);
    const char* file_slash(std::string_view rest);
    const char* file_host(std::string_view rest);
    const char* path(std::string_view rest);
    const char* opaque_path(std::string_view rest);
    const char* query_and_fragment(std::string_view rest);

    void append_segments(std::string_view text);
    void shorten_path();
    void no_authority();
    void take_base(std::size_t end, bool path);
    bool is_slash(std::string_view rest) const;
    bool special() const { return out_.is_special(); }
    std::uint32_t here() const { return static_cast<std::uint32_t>(out_.href_.size()); }
    void append(std::string_view text, const percent::set& which)
    {
        percent::append_encoded(out_.href_, text, which);
    }

    url& out_;
    const url* base_;
};

}  // namespace ferry::detail
