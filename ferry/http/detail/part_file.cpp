#include "ferry/http/detail/part_file.hpp"

#include "ferry/core/error.hpp"
#include "ferry/core/file.hpp"
#include "ferry/crypto/hash.hpp"
#include "ferry/http/detail/codec.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
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

// What is before the separator, which is taken too.
std::string_view take(std::string_view& from, char separator) noexcept
{
    const std::size_t end = std::min(from.find(separator), from.size());
    const std::string_view taken = from.substr(0, end);
    from.remove_prefix(std::min(end + 1, from.size()));
    return taken;
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
    struct stat about{};
    const bool empty =
        ::fstat(descriptor_, &about) == 0 && S_ISREG(about.st_mode) && about.st_size == 0;
    if (empty && !finished_) discard();
    ::close(descriptor_);
}

std::optional<part_progress> part_file::find_progress(std::string_view key) const
{
    struct stat about{};
    if (::fstat(descriptor_, &about) != 0) fail("read", part_path_);
    const auto bytes = static_cast<std::uint64_t>(about.st_size);
    std::string info;
    try {
        info = read_whole_file(info_path(), max_info_bytes);
    } catch (const error&) {
        return std::nullopt;
    }
    std::string_view rest = info;
    if (take(rest, '\n') != key) return std::nullopt;
    part_progress there;
    there.validator = take(rest, '\n');
    if (there.validator.empty()) return std::nullopt;
    while (!rest.empty()) {
        std::string_view line = take(rest, '\n');
        const auto first = parse_decimal(take(line, ' '));
        const auto size = parse_decimal(take(line, ' '));
        const auto done = parse_decimal(line);
        const bool fits =
            first && size && done && *done <= *size && *first <= bytes && *size <= bytes - *first;
        if (!fits) return std::nullopt;
        there.segments.push_back({*first, *size, *done});
    }
    if (there.segments.empty()) there.size = bytes;
    return there;
}

void part_file::describe(std::string_view key, const headers& fields,
                         std::span<const part_segment> segments)
{
    const std::string validator = validator_of(fields);
    if (validator.empty() || fields.contains("Content-Encoding")) {
        ::unlink(info_path().c_str());
        return;
    }
    std::string info = fmt::format("{}\n{}\n", key, validator);
    for (const part_segment& s : segments) {
        info += fmt::format("{} {} {}\n", s.first, s.size, s.done);
    }
    replace_file(info_path(), info);
}

std::string part_file::find_in(const std::string& folder, std::string_view key)
{
    constexpr std::string_view ending = ".part.info";
    std::error_code failed;
    for (const auto& entry : std::filesystem::directory_iterator(folder, failed)) {
        const std::string path = entry.path().string();
        if (!path.ends_with(ending)) continue;
        try {
            const std::string info = read_whole_file(path, max_info_bytes);
            if (info.starts_with(key)) return path.substr(0, path.size() - ending.size());
        } catch (const error&) {
            // One that cannot be read is not gone on with.
        }
    }
    return {};
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
    finished_ = true;
    ::unlink(info_path().c_str());
    if (syncs) sync_folder(path_);
}

void part_file::discard() noexcept
{
    ::unlink(part_path_.c_str());
    ::unlink(info_path().c_str());
}

}  // namespace ferry::http::detail
