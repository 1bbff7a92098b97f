#include "ferry/core/file.hpp"

#include "ferry/core/error.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace ferry {
namespace {

class open_file {
public:
    open_file(const std::string& path, int flags) : number_{::open(path.c_str(), flags, 0666)}
    {
        if (number_ < 0) throw system_failure(errno, "open " + path);
    }
    explicit open_file(int number) noexcept : number_{number} {}
    open_file(const open_file&) = delete;
    open_file& operator=(const open_file&) = delete;
    ~open_file()
    {
        if (number_ >= 0) ::close(number_);
    }

    int get() const noexcept { return number_; }
    int release() noexcept { return std::exchange(number_, -1); }

private:
    int number_;
};

[[noreturn]] void fail(std::string_view doing, const std::string& path)
{
    throw system_failure(errno, std::string{doing} + ' ' + path);
}

void write_all(int file, std::string_view content, const std::string& path)
{
    while (!content.empty()) {
        const ssize_t n = ::write(file, content.data(), content.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail("write", path);
        content.remove_prefix(static_cast<std::size_t>(n));
    }
}

int read_number(int file) noexcept
{
    char text[32] = {};
    const auto n = ::pread(file, text, sizeof text - 1, 0);
    return n > 0 ? static_cast<int>(std::strtol(text, nullptr, 10)) : 0;
}

}  // namespace

std::string read_whole_file(const std::string& path, std::size_t max_bytes)
{
    const open_file file{path, O_RDONLY | O_CLOEXEC};
    std::string content;
    for (;;) {
        char piece[16 * 1024];
        const ssize_t n = ::read(file.get(), piece, sizeof piece);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail("read", path);
        if (n == 0) return content;
        content.append(piece, static_cast<std::size_t>(n));
        if (content.size() > max_bytes) throw limit_error("max_file_bytes", max_bytes);
    }
}

void replace_file(const std::string& path, std::string_view content)
{
    std::string neighbour = path + ".XXXXXX";
    const open_file file{::mkostemp(neighbour.data(), O_CLOEXEC)};
    if (file.get() < 0) fail("create", neighbour);
    try {
        write_all(file.get(), content, neighbour);
        if (::fsync(file.get()) != 0) fail("write", neighbour);
        if (std::rename(neighbour.c_str(), path.c_str()) != 0) fail("rename to", path);
    } catch (...) {
        ::unlink(neighbour.c_str());
        throw;
    }
}

file_lock::file_lock(const std::string& path, std::string_view guards)
{
    open_file file{path, O_RDWR | O_CREAT | O_CLOEXEC};
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) fail("lock", path);
        throw error{errc::invalid_state,
                    std::string{guards.empty() ? std::string_view{path} : guards} +
                        ": in use by process " + std::to_string(read_number(file.get()))};
    }
    if (::ftruncate(file.get(), 0) != 0) fail("write", path);
    write_all(file.get(), std::to_string(::getpid()) + '\n', path);
    file_ = file.release();
}

file_lock::~file_lock()
{
    ::close(file_);
}

int file_lock::holder(const std::string& path) noexcept
{
    const open_file file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (file.get() < 0) return 0;
    const bool held = ::flock(file.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    return held ? read_number(file.get()) : 0;
}

}  // namespace ferry
