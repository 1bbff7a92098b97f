#include "ferry/http/multipart.hpp"

#include "ferry/core/random.hpp"
#include "ferry/http/detail/mime.hpp"
#include "ferry/http/error.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <memory>
#include <utility>

namespace ferry::http {
namespace {

// As the HTML Standard's multipart/form-data encoding algorithm does.
std::string quoted_name(std::string_view name)
{
    std::string quoted;
    for (const char c : name) {
        if (c == '\0') throw error(errc::bad_header, "the name of a part holds a NUL");
        if (c == '"') {
            quoted += "%22";
        } else if (c == '\r') {
            quoted += "%0D";
        } else if (c == '\n') {
            quoted += "%0A";
        } else {
            quoted += c;
        }
    }
    return quoted;
}

std::string random_boundary()
{
    std::array<std::byte, 16> noise;
    fill_random(noise);
    std::string boundary = "ferry-";
    for (const std::byte b : noise) boundary += fmt::format("{:02x}", std::to_integer<int>(b));
    return boundary;
}

// Pieces of memory and other sources, one after the other.
class joined_source final : public body_source {
public:
    void add(std::string text) { pieces_.push_back({buffer(std::move(text)), nullptr}); }
    void add(const body& content) { pieces_.push_back({content.data(), content.source()}); }

    awaitable<buffer> next() override
    {
        while (at_ < pieces_.size()) {
            piece& p = pieces_[at_];
            if (!p.source) {
                ++at_;
                if (p.data.empty()) continue;
                co_return p.data;
            }
            buffer part = co_await p.source->next();
            if (!part.empty()) co_return part;
            ++at_;
        }
        co_return buffer();
    }

    std::optional<std::uint64_t> length() const override
    {
        std::uint64_t total = 0;
        for (const piece& p : pieces_) {
            const auto one =
                p.source ? p.source->length() : std::optional<std::uint64_t>(p.data.size());
            if (!one) return std::nullopt;
            total += *one;
        }
        return total;
    }

    bool rewind() override
    {
        at_ = 0;
        for (const piece& p : pieces_) {
            if (p.source && !p.source->rewind()) return false;
        }
        return true;
    }

private:
    struct piece {
        buffer data;
        std::shared_ptr<body_source> source;
    };

    std::vector<piece> pieces_;
    std::size_t at_ = 0;
};

}  // namespace

std::string part::head() const
{
    http::headers fields;
    const std::string& type = type_.empty() ? content_.content_type() : type_;
    if (!type.empty()) fields.add("Content-Type", type);
    for (const auto [name, value] : headers_) fields.add(name, value);

    std::string text =
        fmt::format("Content-Disposition: form-data; name=\"{}\"", quoted_name(name_));
    if (!filename_.empty()) text += fmt::format("; filename=\"{}\"", quoted_name(filename_));
    text += "\r\n";
    for (const auto [name, value] : fields) text += fmt::format("{}: {}\r\n", name, value);
    return text + "\r\n";
}

part field(std::string_view name, std::string_view value)
{
    return {name, body(value)};
}

part field(std::string_view name, bool value)
{
    return {name, body(std::string_view(value ? "true" : "false"))};
}

part field(std::string_view name, body content)
{
    return {name, std::move(content)};
}

part file(std::string_view name, const std::string& path)
{
    const std::string shown = std::filesystem::path(path).filename();
    part made(name, from_file(path));
    made.filename(shown).type(detail::mime_type(shown));
    return made;
}

part file(std::string_view name, std::string_view filename, body content)
{
    part made(name, std::move(content));
    made.filename(filename);
    if (made.content().content_type().empty()) made.type(detail::mime_type(filename));
    return made;
}

body multipart(std::vector<part> parts)
{
    const std::string boundary = random_boundary();
    auto source = std::make_shared<joined_source>();
    std::string between = "--" + boundary + "\r\n";
    for (const part& p : parts) {
        source->add(between + p.head());
        source->add(p.content());
        between = "\r\n--" + boundary + "\r\n";
    }
    source->add((parts.empty() ? "--" : "\r\n--") + boundary + "--\r\n");
    return body(std::move(source), "multipart/form-data; boundary=" + boundary);
}

}  // namespace ferry::http
