#include "ferry/http/detail/static_files.hpp"

#include "ferry/core/random.hpp"
#include "ferry/http/detail/directory_listing.hpp"
#include "ferry/http/detail/mime.hpp"
#include "ferry/http/detail/syntax.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace ferry::http::detail {
namespace {

constexpr std::uint64_t small_file_bytes = 64 * 1024;
constexpr std::size_t cached_files = 256;
constexpr std::chrono::seconds trusted_for(1);

// Without openat2 (before Linux 5.6, and in some sandboxes): no symbolic link anywhere.
int open_without_links(int root, const std::string& path)
{
    int at = ::dup(root);
    std::size_t begin = 0;
    while (at >= 0 && begin <= path.size()) {
        const std::size_t slash = std::min(path.find('/', begin), path.size());
        const std::string name = path.substr(begin, slash - begin);
        const int next = ::openat(at, name.empty() ? "." : name.c_str(),
                                  O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
        const int failure = errno;
        ::close(at);
        errno = failure;
        at = next;
        begin = slash + 1;
    }
    return at;
}

int open_beneath(int root, const std::string& path)
{
    open_how how{};
    how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    const char* const name = path.empty() ? "." : path.c_str();
    const long opened = ::syscall(SYS_openat2, root, name, &how, sizeof how);
    if (opened < 0 && errno == ENOSYS) return open_without_links(root, path);
    return static_cast<int>(opened);
}

bool is_servable(std::string_view path)
{
    while (!path.empty()) {
        const std::size_t slash = std::min(path.find('/'), path.size());
        const std::string_view segment = path.substr(0, slash);
        const bool is_last = slash == path.size();
        if (segment.starts_with('.') || (segment.empty() && !is_last)) return false;
        path.remove_prefix(is_last ? slash : slash + 1);
    }
    return true;
}

response plain_status(int status)
{
    return response(status, text(fmt::format("{} {}\n", status, reason_of(status))));
}

std::string random_boundary()
{
    std::array<std::byte, 16> random{};
    fill_random(random);
    std::string hex;
    for (const std::byte b : random) hex += fmt::format("{:02x}", std::to_integer<unsigned>(b));
    return hex;
}

std::string content_range(const byte_range& r, std::uint64_t size)
{
    return fmt::format("bytes {}-{}/{}", r.first, r.first + r.size - 1, size);
}

// The parts of the file as a body, from memory if it is there.
http::body make_body(const std::shared_ptr<const open_file>& file, const buffer& content,
                     std::vector<file_body::part> parts, std::string after, std::string type)
{
    if (file) {
        return http::body(std::make_shared<file_body>(file, std::move(parts), std::move(after)),
                          std::move(type));
    }
    if (parts.size() == 1 && parts[0].before.empty() && after.empty()) {
        return http::body(content.slice(parts[0].offset, parts[0].size), std::move(type));
    }
    std::string joined;
    for (const auto& p : parts) {
        joined += p.before;
        joined += content.slice(p.offset, p.size).text();
    }
    return http::body(joined + after, std::move(type));
}

}  // namespace

static_files::static_files(const std::filesystem::path& directory, file_options with)
    : with_(std::move(with))
{
    const int root = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) throw system_failure(errno, "open " + directory.string());
    root_ = std::make_shared<open_file>(root);
}

std::optional<static_files::variant> static_files::open(const std::string& path, bool& is_directory,
                                                        const std::optional<variant>& known) const
{
    const int descriptor = open_beneath(root_->descriptor(), path);
    if (descriptor < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
            throw system_failure(errno, "open " + path);
        }
        return std::nullopt;
    }
    auto file = std::make_shared<open_file>(descriptor);
    struct stat info{};
    if (::fstat(descriptor, &info) != 0) throw system_failure(errno, "stat " + path);
    is_directory = S_ISDIR(info.st_mode);
    if (!S_ISREG(info.st_mode)) return std::nullopt;

    variant v;
    v.size = static_cast<std::uint64_t>(info.st_size);
    v.inode = info.st_ino;
    const auto since_epoch =
        std::chrono::seconds(info.st_mtim.tv_sec) + std::chrono::nanoseconds(info.st_mtim.tv_nsec);
    v.tags.modified = timestamp(std::chrono::floor<std::chrono::microseconds>(since_epoch));
    v.tags.etag = fmt::format("\"{:x}-{:x}\"", since_epoch.count(), v.size);
    if (known && known->inode == v.inode && known->tags.etag == v.tags.etag) return known;
    if (v.size <= small_file_bytes) {
        ferry::bytes content(v.size);
        file->read_at(0, content);
        v.content = std::move(content);
    } else {
        v.file = std::move(file);
    }
    return v;
}

std::shared_ptr<const static_files::entry> static_files::look_up(const std::string& path)
{
    const auto now = std::chrono::steady_clock::now();
    std::shared_ptr<const entry> known;
    {
        const std::lock_guard lock(mutex_);
        if (const auto at = cache_.find(path); at != cache_.end()) known = at->second;
    }
    if (known && now - known->checked < trusted_for) return known;
    auto e = std::make_shared<entry>();
    bool ignored = false;
    e->plain = open(path, e->is_directory, known ? known->plain : std::nullopt);
    if (e->plain) {
        e->brotli = open(path + ".br", ignored, known ? known->brotli : std::nullopt);
        e->gzip = open(path + ".gz", ignored, known ? known->gzip : std::nullopt);
    }
    e->checked = now;
    const std::lock_guard lock(mutex_);
    // Whoever asks for many names may only push out what is quickly read again.
    if (!known && cache_.size() >= cached_files) cache_.clear();
    cache_[path] = e;
    return e;
}

// A directory without index.html.
response static_files::answer_directory(const request& asked, const std::string& path) const
{
    if (with_.listing()) {
        const int opened = open_beneath(root_->descriptor(), path);
        if (opened >= 0) {
            auto page = list_directory(opened, asked.path());
            if (page) return response(http::html(std::move(*page)));
        }
    }
    return plain_status(status::not_found);
}

response static_files::serve(const request& asked, std::string_view below)
{
    if (!is_servable(below)) return plain_status(status::not_found);
    std::string path(below);
    const bool is_directory = path.empty() || path.ends_with('/');
    if (is_directory) path += "index.html";
    const auto looked_up = look_up(path);
    const entry& found = *looked_up;
    if (!found.plain) {
        if (is_directory) return answer_directory(asked, std::string(below));
        if (!found.is_directory) return plain_status(status::not_found);
        const std::size_t mark = std::min(asked.target.find('?'), asked.target.size());
        std::string location = asked.target;
        location.insert(mark, "/");
        return plain_status(status::moved_permanently).with("Location", location);
    }
    const variant* chosen = &*found.plain;
    std::string_view coding;
    if (found.brotli && accepts_coding(asked.headers, "br")) {
        chosen = &*found.brotli;
        coding = "br";
    } else if (found.gzip && accepts_coding(asked.headers, "gzip")) {
        chosen = &*found.gzip;
        coding = "gzip";
    }

    response r;
    r.headers.add("ETag", chosen->tags.etag);
    r.headers.add("Last-Modified", http_date::format(chosen->tags.modified));
    if (found.brotli || found.gzip) r.headers.add("Vary", "Accept-Encoding");
    if (!with_.cache_control().empty()) r.headers.add("Cache-Control", with_.cache_control());
    switch (check_preconditions(asked.headers, true, chosen->tags)) {
        case precondition::not_modified: r.status = status::not_modified; return r;
        case precondition::failed: return plain_status(status::precondition_failed);
        case precondition::proceed: break;
    }
    r.headers.add("Accept-Ranges", "bytes");
    if (!coding.empty()) r.headers.add("Content-Encoding", coding);

    std::string type(mime_type(path));
    range_request wanted;
    if (const auto range = asked.headers.get("Range");
        range && asked.method == "GET" && if_range_holds(asked.headers, chosen->tags)) {
        wanted = parse_range(*range, chosen->size);
    }
    std::vector<file_body::part> parts;
    std::string after;
    switch (wanted.kind) {
        case range_request::answer::whole: parts.push_back({{}, 0, chosen->size}); break;
        case range_request::answer::unsatisfiable:
            return plain_status(status::range_not_satisfiable)
                .with("Content-Range", fmt::format("bytes */{}", chosen->size));
        case range_request::answer::parts:
            r.status = status::partial_content;
            if (wanted.ranges.size() == 1) {
                const byte_range& one = wanted.ranges.front();
                r.headers.add("Content-Range", content_range(one, chosen->size));
                parts.push_back({{}, one.first, one.size});
                break;
            }
            const std::string boundary = random_boundary();
            for (const byte_range& one : wanted.ranges) {
                parts.push_back(
                    {fmt::format("\r\n--{}\r\nContent-Type: {}\r\nContent-Range: {}\r\n\r\n",
                                 boundary, type, content_range(one, chosen->size)),
                     one.first, one.size});
            }
            after = fmt::format("\r\n--{}--\r\n", boundary);
            type = "multipart/byteranges; boundary=" + boundary;
            break;
    }
    r.content = make_body(chosen->file, chosen->content, std::move(parts), std::move(after),
                          std::move(type));
    return r;
}

bool accepts_coding(const headers& request, std::string_view coding)
{
    const std::string list = request.joined("Accept-Encoding");
    std::string_view rest = list;
    bool by_star = false;
    while (!rest.empty()) {
        std::string_view element = take_element(rest);
        const std::string_view name = take_element(element, ';');
        const std::string_view weight = trim(element);
        const bool refused = same(weight.substr(0, 2), "q=") &&
                             weight.find_first_not_of("0.", 2) == std::string_view::npos;
        if (same(name, coding)) return !refused;
        if (name == "*") by_star = !refused;
    }
    return by_star;
}

}  // namespace ferry::http::detail
