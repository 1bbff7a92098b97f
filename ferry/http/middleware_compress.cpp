#include "ferry/compress/codec.hpp"
#include "ferry/compress/encoder.hpp"
#include "ferry/http/detail/static_files.hpp"
#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/detail/upgrade.hpp"
#include "ferry/http/middleware.hpp"

#include <array>
#include <memory>
#include <optional>
#include <utility>

namespace ferry::http {
namespace {

using compress::codec;

// Fast ones: a response is compressed each time it is sent, while the client waits.
struct choice {
    codec how;
    int level;
};
constexpr std::array choices = {choice{codec::zstd, 3}, choice{codec::brotli, 4},
                                choice{codec::gzip, 5}};

const choice* choose(const headers& asked)
{
    for (const choice& c : choices) {
        if (detail::accepts_coding(asked, compress::token(c.how))) return &c;
    }
    return nullptr;
}

bool is_text(std::string_view type)
{
    const std::string essence = media_type(type).essence();
    if (essence.starts_with("text/") || essence.ends_with("+json") || essence.ends_with("+xml")) {
        return true;
    }
    constexpr std::array others = {"application/json",       "application/xml",
                                   "application/javascript", "application/x-ndjson",
                                   "application/wasm",       "application/problem+json",
                                   "image/svg+xml",          "application/manifest+json"};
    for (const std::string_view other : others) {
        if (essence == other) return true;
    }
    return false;
}

std::string type_of(const response& r)
{
    return std::string(r.headers.get("Content-Type").value_or(r.content.content_type()));
}

bool is_worth_it(const response& r, std::size_t least)
{
    if (r.status == status::partial_content || is_bodiless(r.status) ||
        r.headers.contains("Content-Encoding") || r.headers.contains("Content-Range")) {
        return false;
    }
    const auto& source = r.content.source();
    if (dynamic_cast<const detail::upgrade*>(source.get()) != nullptr) return false;
    const auto length =
        source ? source->length() : std::optional<std::uint64_t>(r.content.data().size());
    if (length && *length < least) return false;
    const std::string control = r.headers.joined("Cache-Control");
    return control.find("no-transform") == std::string::npos && is_text(type_of(r));
}

// Another body, compressed as it goes by. What one piece has made is sent before the next is asked
// for, so that a stream of events stays one.
class compressed_source final : public body_source {
public:
    compressed_source(std::shared_ptr<body_source> from, const choice& how)
        : from_(std::move(from)), encoder_(how.how, how.level)
    {
    }

    awaitable<buffer> next() override
    {
        ferry::bytes out;
        while (out.empty() && !ended_) {
            const buffer piece = co_await from_->next();
            ended_ = piece.empty();
            if (ended_) {
                encoder_.finish(out);
            } else {
                encoder_.update(piece.span(), out);
                encoder_.flush(out);
            }
        }
        co_return buffer(std::move(out));
    }
    std::optional<std::uint64_t> length() const override { return std::nullopt; }
    bool rewind() override { return false; }

private:
    std::shared_ptr<body_source> from_;
    compress::encoder encoder_;
    bool ended_ = false;
};

void compress_body(response& r, const choice& how)
{
    std::string type = type_of(r);
    r.headers.add("Content-Encoding", compress::token(how.how));
    // Ranges would count other bytes.
    r.headers.erase("Accept-Ranges");
    if (const auto tag = r.headers.get("ETag"); tag && !tag->starts_with("W/")) {
        r.headers.set("ETag", "W/" + std::string(*tag));
    }
    if (r.content.source()) {
        r.content =
            body(std::make_shared<compressed_source>(r.content.source(), how), std::move(type));
    } else {
        r.content =
            body(compress::pack(r.content.data().span(), how.how, how.level), std::move(type));
    }
}

awaitable<response> compressed(std::size_t least, request* q, next_handler next)
{
    response r = co_await next(*q);
    if (!is_worth_it(r, least)) co_return r;
    const std::string vary = r.headers.joined("Vary");
    if (vary.find("Accept-Encoding") == std::string::npos) r.headers.add("Vary", "Accept-Encoding");
    const choice* const how = choose(q->headers);
    if (how != nullptr && q->method != "HEAD") compress_body(r, *how);
    co_return r;
}

}  // namespace

middleware compress_responses(std::size_t least_bytes)
{
    return
        [least_bytes](request& q, next_handler next) { return compressed(least_bytes, &q, next); };
}

}  // namespace ferry::http
