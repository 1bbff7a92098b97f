#include "ferry/tasks/serializer.hpp"

#include "ferry/compress/compress.hpp"
#include "ferry/formats/msgpack.hpp"
#include "ferry/formats/pickle.hpp"
#include "ferry/formats/yaml.hpp"
#include "ferry/tasks/detail/wire_json.hpp"
#include "ferry/tasks/message.hpp"

#include <algorithm>
#include <array>

namespace ferry::tasks {
namespace {

std::string dump_pickle(const value& v)
{
    return to_string(pickle::dump(v));
}
constexpr std::size_t max_pickle_depth = 1000;

/// Celery's signatures are dictionaries of a class of their own, which pickle calls by its maker.
/// No deeper than max_pickle_depth.
value with_plain_signatures(const value& v)
{
    if (v.is_object()) {
        const value* const args = v.get_if("args");
        if (args != nullptr && args->is_sequence() && !args->empty() && args->at(0).is_object() &&
            v.get("$class", "") == "celery.canvas.signature") {
            return with_plain_signatures(args->at(0));
        }
        value plain = value::object();
        for (const auto& [key, item] : v.items()) plain.insert(key, with_plain_signatures(item));
        return plain;
    }
    if (!v.is_array() && !v.is_tuple()) return v;
    value plain = v.is_tuple() ? value::tuple() : value::array();
    plain.reserve(v.size());
    for (const value& item : v) plain.push_back(with_plain_signatures(item));
    return plain;
}

value load_pickle(std::string_view body)
{
    const auto options =
        pickle::load_options().max_depth(max_pickle_depth).describe_objects().lone_surrogates();
    value all = pickle::load(as_bytes(body), options);
    if (body.find("celery.canvas") == std::string_view::npos) return all;
    return with_plain_signatures(all);
}
std::string dump_yaml(const value& v)
{
    return yaml::dump(v);
}
value load_yaml(std::string_view body)
{
    return yaml::load(body, yaml::load_options().lone_surrogates());
}
std::string dump_msgpack(const value& v)
{
    return to_string(msgpack::dump(v, msgpack::dump_options().naive_as_utc()));
}
value load_msgpack(std::string_view body)
{
    return msgpack::load(as_bytes(body), msgpack::load_options().any_key());
}

constexpr auto codecs = std::to_array<codec>({
    {"json", "application/json", "utf-8", detail::dump_wire, detail::parse_wire},
    {"pickle", "application/x-python-serialize", "binary", dump_pickle, load_pickle},
    {"yaml", "application/x-yaml", "utf-8", dump_yaml, load_yaml},
    {"msgpack", "application/x-msgpack", "binary", dump_msgpack, load_msgpack},
});

struct compression_name {
    std::string_view name;
    std::string_view type;
    compress::codec codec;
};

// Several names may mean one type; the type's own line comes first.
constexpr auto compressions = std::to_array<compression_name>({
    {"gzip", "application/x-gzip", compress::codec::deflate},
    {"zlib", "application/x-gzip", compress::codec::deflate},
    {"bzip2", "application/x-bz2", compress::codec::bzip2},
    {"bzip", "application/x-bz2", compress::codec::bzip2},
    {"bzip2", "application/x-bzip2", compress::codec::bzip2},
    {"lzma", "application/x-lzma", compress::codec::xz},
    {"xz", "application/x-lzma", compress::codec::xz},
    {"brotli", "application/x-brotli", compress::codec::brotli},
    {"zstd", "application/zstd", compress::codec::zstd},
    {"zstandard", "application/zstd", compress::codec::zstd},
});

const compression_name& compression_called(std::string_view name)
{
    const auto* const found = std::ranges::find_if(
        compressions, [&](const compression_name& c) { return c.name == name || c.type == name; });
    if (found != compressions.end()) return *found;
    throw error{ferry::errc::unsupported, "no compression is called " + std::string{name}};
}

}  // namespace

const codec& find_codec(std::string_view name)
{
    const auto* const found = std::ranges::find_if(
        codecs, [&](const codec& c) { return c.name == name || c.content_type == name; });
    if (found != codecs.end()) return *found;
    throw error{ferry::errc::unsupported, "no serializer is called " + std::string{name}};
}

std::string_view find_compression(std::string_view name)
{
    return compression_called(name).type;
}

std::string compress_body(std::string_view type, std::string_view body)
{
    return to_string(compress::pack(as_bytes(body), compression_called(type).codec));
}

std::string expand_body(std::string_view type, std::string_view body)
{
    const auto limits = compress::limits().max_output_bytes(max_body_bytes);
    return to_string(compress::expand(as_bytes(body), compression_called(type).codec, limits));
}

}  // namespace ferry::tasks
