#include "ferry/http/detail/part_file.hpp"

#include "ferry/core/error.hpp"
#include "ferry/core/file.hpp"
#include "ferry/crypto/hash.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <utility>

namespace ferry::http::detail {
namespace {

constexpr std::size_t max_info_bytes = 64 * 1024;

[[noreturn]] void fail(std::string_view doing, const std::string& path)
{
    throw system_failure(errno, std::string(doing) + " " + path);
}

// What If-Range may hold; a date stands for a file only if it was old when it was sent (RFC 9110
// section 8.8.2.2).
std::string validator_of(const headers& fields)
{
    if (const auto tag = fields.etag()) return tag->weak ? std::string() : tag->text();
    const auto modified = fields.last_modified();
    const auto sent = fields.date();
    const bool strong = modified && sent && *sent - *modified >= std::chrono::minutes(1);
    return strong ? std::string(*fields.get("Last-Modified")) : std::string();
}

void sync_folder(const std::string& path)
{
    const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return;
    ::fsync(descriptor);
    ::close(descriptor);
}

}  // namespace

part_file::part_file(std::string path) : path_(std::move(path)), part_path_(path_ + ".part")
{
    descriptor_ = ::open(part_path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor_ < 0) fail("open", part_path_);
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        ::close(descriptor_);
        throw error(ferry::errc::invalid_state, part_path_ + " is being downloaded already");
    }
}

part_file::~part_file()
{
    ::close(descriptor_);
}

std::uint64_t part_file::find_progress(std::string_view key, std::string& validator) const
{
    struct stat about{};
    if (::fstat(descriptor_, &about) != 0) fail("read", part_path_);
    std::string info;
    try {
        info = read_whole_file(info_path(), max_info_bytes);
    } catch (const error&) {
        return 0;
    }
    const std::size_t end = info.find('\n');
    if (end == std::string::npos || std::string_view(info).substr(0, end) != key) return 0;
    validator = info.substr(end + 1);
    if (validator.ends_with('\n')) validator.pop_back();
    return validator.empty() ? 0 : static_cast<std::uint64_t>(about.st_size);
}

void part_file::describe(std::string_view key, const headers& fields)
{
    const std::string validator = validator_of(fields);
    if (validator.empty() || fields.contains("Content-Encoding")) {
        ::unlink(info_path().c_str());
    } else {
        replace_file(info_path(), std::string(key) + "\n" + validator + "\n");
    }
}

void part_file::resize(std::uint64_t size)
{
    struct stat about{};
    const auto wanted = static_cast<off_t>(size);
    if (::fstat(descriptor_, &about) == 0 && about.st_size == wanted) return;
    if (::ftruncate(descriptor_, wanted) != 0) fail("write", part_path_);
}

void part_file::write_at(std::uint64_t offset, std::span<const std::byte> data)
{
    while (!data.empty()) {
        const ssize_t n =
            ::pwrite(descriptor_, data.data(), data.size(), static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail("write", part_path_);
        data = data.subspan(static_cast<std::size_t>(n));
        offset += static_cast<std::uint64_t>(n);
    }
}

std::string part_file::sha256() const
{
    return hash::file(part_path_).hex();
}

void part_file::finish(std::optional<timestamp> modified, bool syncs)
{
    if (modified) {
        const auto seconds = std::chrono::floor<std::chrono::seconds>(*modified);
        const timespec time{static_cast<time_t>(seconds.time_since_epoch().count()), 0};
        const timespec times[2] = {time, time};
        if (::futimens(descriptor_, times) != 0) fail("set the time of", part_path_);
    }
    if (syncs && ::fsync(descriptor_) != 0) fail("write", part_path_);
    if (std::rename(part_path_.c_str(), path_.c_str()) != 0) fail("rename to", path_);
    ::unlink(info_path().c_str());
    if (syncs) sync_folder(path_);
}

void part_file::discard() noexcept
{
    ::unlink(part_path_.c_str());
    ::unlink(info_path().c_str());
}

}  // namespace ferry::http::detail
