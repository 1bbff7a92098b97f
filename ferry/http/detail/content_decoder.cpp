#include "ferry/http/detail/content_decoder.hpp"

#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/error.hpp"

#include <utility>

namespace ferry::http::detail {
namespace {

constexpr std::size_t piece_bytes = 64 * 1024;
constexpr std::size_t max_codings = 4;

[[noreturn]] void undecodable(const error& e)
{
    throw protocol_error(errc::undecodable_body, e.what());
}

}  // namespace

std::optional<content_decoder> content_decoder::for_headers(const headers& fields,
                                                            const compress::limits& limits)
{
    if (!fields.contains("Content-Encoding")) return std::nullopt;
    const std::string list = fields.joined("Content-Encoding");
    std::vector<std::string_view> codings;
    std::string_view rest = list;
    while (!rest.empty()) {
        const std::string_view token = take_element(rest);
        if (!token.empty() && !same(token, "identity")) codings.push_back(token);
    }
    if (codings.size() > max_codings) {
        throw protocol_error(errc::undecodable_body, "too many codings in Content-Encoding");
    }
    content_decoder made;
    while (!codings.empty()) {
        const auto known = compress::find(codings.back());
        if (!known) break;
        made.stages_.push_back({compress::decoder(*known, limits), {}, {}});
        codings.pop_back();
    }
    for (const std::string_view token : codings) {
        if (!made.undecoded_.empty()) made.undecoded_ += ", ";
        made.undecoded_ += token;
    }
    return made;
}

void content_decoder::feed(ferry::bytes coded)
{
    stage& first = stages_.front();
    first.input = std::move(coded);
    first.rest = first.input;
}

// Recursion is as deep as there are codings.
std::size_t content_decoder::produce(std::size_t index, std::span<std::byte> into)
{
    stage& s = stages_[index];
    for (;;) {
        const std::size_t n = s.decoder.read(s.rest, into);
        if (n > 0) return n;
        s.rest = {};  // what follows the end of the content is no part of it
        if (index == 0) return 0;
        s.input.resize(piece_bytes);
        const std::size_t came = produce(index - 1, s.input);
        if (came == 0) return 0;
        s.rest = std::span(s.input).first(came);
    }
}

buffer content_decoder::take()
{
    ferry::bytes decoded(piece_bytes);
    try {
        decoded.resize(produce(stages_.size() - 1, decoded));
    } catch (const parse_error& e) {
        undecodable(e);
    }
    return decoded;
}

void content_decoder::finish() const
{
    try {
        for (const stage& s : stages_) s.decoder.finish();
    } catch (const parse_error& e) {
        undecodable(e);
    }
}

}  // namespace ferry::http::detail
