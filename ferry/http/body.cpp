#include "ferry/http/body.hpp"

#include "ferry/compress/encoder.hpp"
#include "ferry/http/detail/file_body.hpp"
#include "ferry/http/options.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace ferry::http {
namespace {

class function_source final : public body_source {
public:
    function_source(std::function<awaitable<buffer>()> next, std::optional<std::uint64_t> length)
        : next_(std::move(next)), length_(length)
    {
    }

    awaitable<buffer> next() override
    {
        started_ = true;
        return next_();
    }
    std::optional<std::uint64_t> length() const override { return length_; }
    bool rewind() override { return !started_; }

private:
    std::function<awaitable<buffer>()> next_;
    std::optional<std::uint64_t> length_;
    bool started_ = false;
};

class pieces_source final : public body_source {
public:
    explicit pieces_source(std::vector<buffer> pieces) : pieces_(std::move(pieces))
    {
        std::erase_if(pieces_, [](const buffer& piece) { return piece.empty(); });
        for (const buffer& piece : pieces_) length_ += piece.size();
    }

    awaitable<buffer> next() override
    {
        co_return next_ < pieces_.size() ? pieces_[next_++] : buffer();
    }
    std::optional<std::uint64_t> length() const override { return length_; }
    bool rewind() override
    {
        next_ = 0;
        return true;
    }

private:
    std::vector<buffer> pieces_;
    std::uint64_t length_ = 0;
    std::size_t next_ = 0;
};

// Another source's bytes in a coding.
class coded_source final : public body_source {
public:
    coded_source(std::shared_ptr<body_source> plain, compress::codec codec,
                 std::optional<int> level)
        : plain_(std::move(plain)), codec_(codec), level_(level), encoder_(codec, level)
    {
    }

    awaitable<buffer> next() override
    {
        ferry::bytes coded;
        while (coded.empty() && !ended_) {
            const buffer part = co_await plain_->next();
            ended_ = part.empty();
            if (ended_) {
                encoder_.finish(coded);
            } else {
                encoder_.update(part.span(), coded);
            }
        }
        co_return buffer(std::move(coded));
    }
    std::optional<std::uint64_t> length() const override { return std::nullopt; }
    bool rewind() override
    {
        ended_ = false;
        encoder_ = compress::encoder(codec_, level_);
        return plain_->rewind();
    }
    headers trailers() const override { return plain_->trailers(); }

private:
    std::shared_ptr<body_source> plain_;
    compress::codec codec_;
    std::optional<int> level_;
    compress::encoder encoder_;
    bool ended_ = false;
};

}  // namespace

body::body(std::vector<buffer> pieces, std::string content_type)
    : body(std::make_shared<pieces_source>(std::move(pieces)), std::move(content_type))
{
}

body body::compressed(compress::codec with, std::optional<int> level) const
{
    body coded = *this;
    if (source_) {
        coded = with_source(std::make_shared<coded_source>(source_, with, level));
    } else {
        coded.data_ = buffer(compress::pack(data_.span(), with, level));
    }
    coded.content_encoding_ = compress::token(with);
    return coded;
}

body body::with_source(std::shared_ptr<body_source> source) const
{
    body other = *this;
    other.data_ = buffer();
    other.source_ = std::move(source);
    return other;
}

void compress_body::apply_to(request_options& to) const
{
    to.compression = *this;
}

body from_file(const std::string& path, std::uint64_t offset, std::optional<std::uint64_t> length)
{
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) throw system_failure(errno, "open " + path);
    auto opened = std::make_shared<const detail::open_file>(descriptor);
    struct stat about{};
    if (::fstat(descriptor, &about) != 0) throw system_failure(errno, "open " + path);
    if (!S_ISREG(about.st_mode)) throw error(ferry::errc::unsupported, path + " is no plain file");
    const auto size = static_cast<std::uint64_t>(about.st_size);
    if (offset > size || length.value_or(0) > size - offset) {
        throw error(ferry::errc::out_of_range, path + " is shorter than the part to be sent");
    }
    std::vector<detail::file_body::part> parts;
    const std::uint64_t count = length.value_or(size - offset);
    if (count > 0) parts.push_back({{}, offset, count});
    return body(std::make_shared<detail::file_body>(std::move(opened), std::move(parts)));
}

void body::apply_to(request_options& to) const
{
    if (to.body.present()) {
        throw error(ferry::errc::invalid_state, "a request has one body: json, form or body");
    }
    to.body = *this;
}

body generator(std::function<awaitable<buffer>()> next, std::string content_type,
               std::optional<std::uint64_t> length)
{
    return body(std::make_shared<function_source>(std::move(next), length),
                std::move(content_type));
}

}  // namespace ferry::http
