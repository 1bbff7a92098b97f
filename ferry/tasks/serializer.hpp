#pragma once

#include "ferry/core/value.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::tasks {

/// A way to carry values in messages: one of kombu's serializers.
struct codec {
    std::string_view name;              ///< `json`, `pickle`, `yaml`, `msgpack`
    std::string_view content_type;      ///< `application/json`, ...
    std::string_view content_encoding;  ///< `utf-8` or `binary`
    std::string (*dump)(const value&);
    /// \throws error  what is read is not of that type, or holds more than plain data.
    value (*load)(std::string_view);
};

/// By name or content type. \throws error  unsupported: there is none.
const codec& find_codec(std::string_view name);

/// The content type of a compression by its name or itself: `gzip`, `zlib`, `bzip2`, `lzma`,
/// `brotli`, `zstd`. \throws error  unsupported: there is none.
std::string_view find_compression(std::string_view name);

/// \param type  as find_compression() takes and gives it. Note that Celery's gzip is zlib.
std::string compress_body(std::string_view type, std::string_view body);
/// \throws error        the body is not of that type.
/// \throws limit_error  it expands to more than max_body_bytes, or too quickly.
std::string expand_body(std::string_view type, std::string_view body);

/// The serializers that may be read: whoever can send messages can send any. JSON alone by default.
/// Pickles are read as plain data, which is safe, but not what Celery accepts unasked. As Celery's
/// setting of this name.
///
///     tasks::app app("shop", tasks::accept_content("json", "msgpack"));
class accept_content {
public:
    accept_content() : types_{"application/json"} {}
    /// Names or content types. \throws error  unsupported.
    template <class... Names>
    explicit accept_content(const Names&... names)
        : types_{std::string{find_codec(names).content_type}...}
    {
    }

    bool contains(std::string_view content_type) const noexcept
    {
        for (const std::string& type : types_) {
            if (type == content_type) return true;
        }
        return false;
    }

    const std::vector<std::string>& types() const noexcept { return types_; }

    template <class Settings>
    void operator()(Settings& s) const
        requires requires { s.accept = *this; }
    {
        s.accept = *this;
    }

private:
    std::vector<std::string> types_;
};

}  // namespace ferry::tasks
