#include "ferry/http/detail/file_body.hpp"

#include "ferry/core/error.hpp"

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <span>

namespace ferry::http::detail {
namespace {

constexpr std::uint64_t piece_bytes = 64 * 1024;

}  // namespace

open_file::~open_file()
{
    ::close(descriptor_);
}

void open_file::read_at(std::uint64_t offset, std::span<std::byte> into) const
{
    while (!into.empty()) {
        const ssize_t n =
            ::pread(descriptor_, into.data(), into.size(), static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) throw system_failure(errno, "read file");
        if (n == 0) throw error(ferry::errc::truncated, "read file: it became shorter");
        into = into.subspan(static_cast<std::size_t>(n));
        offset += static_cast<std::uint64_t>(n);
    }
}

buffer file_body::take()
{
    if (index_ > parts_.size()) return {};
    if (index_ == parts_.size()) {
        ++index_;
        return buffer::copy(after_);
    }
    const part& p = parts_[index_];
    if (!before_sent_ && !p.before.empty()) {
        before_sent_ = true;
        return buffer::copy(p.before);
    }
    ferry::bytes piece(static_cast<std::size_t>(std::min(piece_bytes, p.size - sent_)));
    file_->read_at(p.offset + sent_, piece);
    sent_ += piece.size();
    if (sent_ == p.size) {
        ++index_;
        sent_ = 0;
        before_sent_ = false;
    }
    return piece;
}

awaitable<buffer> file_body::next()
{
    co_return take();
}

std::optional<std::uint64_t> file_body::length() const
{
    std::uint64_t total = after_.size();
    for (const part& p : parts_) total += p.before.size() + p.size;
    return total;
}

bool file_body::rewind()
{
    index_ = 0;
    sent_ = 0;
    before_sent_ = false;
    return true;
}

}  // namespace ferry::http::detail
