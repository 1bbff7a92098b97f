#include "ferry/harvest/detail/jsonl_sink.hpp"

#include "ferry/compress/compress.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace ferry::harvest::detail {

jsonl_sink::jsonl_sink(const recipe& r, const output& what, std::string path,
                       const output_position& committed)
    : path_{std::move(path)}, packing_{what.packed}, at_{committed}
{
    for (const record* one : all_records(r)) {
        wanted_.push_back(what.record.empty() || what.record == one->name);
    }
    file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (file_ < 0) throw system_failure(errno, "open " + path_);
    try {
        struct stat found{};
        if (::fstat(file_, &found) != 0) throw system_failure(errno, "stat " + path_);
        if (static_cast<std::uint64_t>(found.st_size) < at_.bytes) {
            throw error{errc::truncated, path_ +
                                             ": shorter than the state remembers; --fresh "
                                             "starts again"};
        }
        const auto length = static_cast<off_t>(at_.bytes);
        if (::ftruncate(file_, length) != 0 || ::lseek(file_, length, SEEK_SET) < 0) {
            throw system_failure(errno, "cut " + path_);
        }
    } catch (...) {
        ::close(file_);
        throw;
    }
}

jsonl_sink::~jsonl_sink()
{
    ::close(file_);
}

void jsonl_sink::append(const made_record& r)
{
    if (!wanted_[r.record]) return;
    at_.tail += r.line;
    at_.tail += '\n';
    ++at_.records;
}

output_position jsonl_sink::flush()
{
    if (packing_ == output::packing::none) {
        write(at_.tail);
        at_.tail.clear();
    } else if (at_.tail.size() >= block_bytes) {
        write_block(at_.tail);
        at_.tail.clear();
    }
    return at_;
}

output_position jsonl_sink::finish()
{
    // A packed file without a record is still a packed file.
    if (!at_.tail.empty() || (packing_ != output::packing::none && at_.bytes == 0)) {
        write_block(at_.tail);
        at_.tail.clear();
    }
    if (::fsync(file_) != 0) throw system_failure(errno, "write " + path_);
    at_.finished = true;
    return at_;
}

void jsonl_sink::write_block(std::string_view lines)
{
    const auto plain = std::as_bytes(std::span{lines});
    bytes packed;
    switch (packing_) {
        case output::packing::none: write(lines); return;
        case output::packing::gzip: packed = compress::gzip(plain); break;
        case output::packing::zstd: packed = compress::zstd(plain); break;
    }
    write({reinterpret_cast<const char*>(packed.data()), packed.size()});
}

void jsonl_sink::write(std::string_view data)
{
    while (!data.empty()) {
        const auto n = ::write(file_, data.data(), data.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) throw system_failure(errno, "write " + path_);
        data.remove_prefix(static_cast<std::size_t>(n));
        at_.bytes += static_cast<std::uint64_t>(n);
    }
}

}  // namespace ferry::harvest::detail
