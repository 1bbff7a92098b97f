#pragma once

#include "ferry/documents/json.hpp"

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::json {

/// Writes a document of any size piece by piece, in constant memory and byte for byte as `dump`:
///
///     json::writer out(file, json::dump_options().indent(2));
///     out.begin_object().key("rows").begin_array();
///     while (auto row = query.next()) out.value(*row);
///     out.end_array().end_object().finish();
///
/// `sort_keys` sorts what is within one `value()` only. What does not fit, such as a value without
/// a key in an object, throws error errc::invalid_state and changes nothing. As
/// `JSONEncoder.iterencode`.
class writer {
public:
    /// Receives the text in pieces of about `piece_bytes`; what it throws leaves the writer
    /// unusable.
    using sink = std::function<void(std::string_view)>;
    static constexpr std::size_t piece_bytes = 32UL << 10;

    explicit writer(sink to, dump_options options = dump_options());
    /// \param to  must outlive the writer; a write that fails throws error std::errc::io_error.
    explicit writer(std::ostream& to, dump_options options = dump_options());

    writer& begin_object() { return open('{'); }
    writer& begin_array() { return open('['); }
    writer& end_object() { return close('}'); }
    writer& end_array() { return close(']'); }
    writer& key(std::string_view name);
    /// Any value, described struct or container. \throws type_error, limit_error  as `dump`
    template <class T>
    writer& value(const T& v)
    {
        if constexpr (std::same_as<T, ferry::value>) {
            return put(v);
        } else {
            return put(to_value(v));
        }
    }
    template <class T>
    writer& member(std::string_view name, const T& v)
    {
        return key(name).value(v);
    }

    /// Containers that are open.
    std::size_t depth() const noexcept { return open_.size(); }
    /// Hands on what is left; the document must be complete. Nothing may follow.
    void finish();

private:
    struct level {
        bool object;
        bool empty;
    };

    writer& open(char bracket);
    writer& close(char bracket);
    writer& put(const ferry::value& v);
    void check_value() const;
    void start_element();
    void put_line();
    void end_value();

    sink sink_;
    dump_options options_;
    std::string comma_;
    std::string colon_;
    std::string pending_;
    std::vector<level> open_;
    bool has_key_ = false;
    bool done_ = false;
};

}  // namespace ferry::json
