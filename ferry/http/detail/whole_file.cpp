#include "ferry/http/detail/whole_file.hpp"

#include "ferry/core/error.hpp"
#include "ferry/http/detail/file_body.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace ferry::http::detail {
namespace {

[[noreturn]] void fail(std::string_view doing, const std::string& path)
{
    throw system_failure(errno, std::string(doing) + " " + path);
}

void write_all(int descriptor, std::string_view content, const std::string& path)
{
    while (!content.empty()) {
        const ssize_t n = ::write(descriptor, content.data(), content.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail("write", path);
        content.remove_prefix(static_cast<std::size_t>(n));
    }
}

}  // namespace

std::string read_whole_file(const std::string& path, std::size_t max_bytes)
{
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) fail("open", path);
    const open_file file(descriptor);
    std::string content;
    for (;;) {
        char piece[16 * 1024];
        const ssize_t n = ::read(descriptor, piece, sizeof piece);
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
    const int descriptor = ::mkostemp(neighbour.data(), O_CLOEXEC);
    if (descriptor < 0) fail("create", neighbour);
    const open_file file(descriptor);
    try {
        write_all(descriptor, content, neighbour);
        if (::fsync(descriptor) != 0) fail("write", neighbour);
        if (std::rename(neighbour.c_str(), path.c_str()) != 0) fail("rename to", path);
    } catch (...) {
        ::unlink(neighbour.c_str());
        throw;
    }
}

}  // namespace ferry::http::detail
