#include "ferry/http/detail/directory_listing.hpp"

#include "ferry/core/percent.hpp"
#include "ferry/core/utf8.hpp"
#include "ferry/http/detail/syntax.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace ferry::http::detail {
namespace {

// A page that no browser would show; whoever has more files wants something better than a list.
constexpr std::size_t most_entries = 10'000;

struct directory_closer {
    void operator()(DIR* d) const noexcept { ::closedir(d); }
};

struct entry {
    std::string key;  ///< to sort by, without case
    std::string link;
    std::string shown;
};

std::string escaped(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            default: out += c;
        }
    }
    return out;
}

entry describe(int directory, const std::string& name)
{
    entry e;
    e.key = name;
    std::ranges::transform(e.key, e.key.begin(), lower);
    percent::append_encoded(e.link, name, percent::component);
    e.shown = name;
    struct stat info{};
    if (::fstatat(directory, name.c_str(), &info, 0) == 0 && S_ISDIR(info.st_mode)) {
        e.link += '/';
        e.shown += '/';
    }
    if (::fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISLNK(info.st_mode)) {
        e.shown = name + '@';
    }
    return e;
}

}  // namespace

std::optional<std::string> list_directory(int descriptor, std::string_view shown)
{
    const std::unique_ptr<DIR, directory_closer> directory(::fdopendir(descriptor));
    if (!directory) {
        ::close(descriptor);
        return std::nullopt;
    }
    std::vector<entry> entries;
    while (const dirent* const found = ::readdir(directory.get())) {
        const std::string name = found->d_name;
        if (name.starts_with('.') || !utf8::valid(name)) continue;
        entries.push_back(describe(::dirfd(directory.get()), name));
        if (entries.size() == most_entries) break;
    }
    std::ranges::sort(entries, {}, &entry::key);
    const std::string title = "Directory listing for " + escaped(shown);
    std::string page = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
    page += "<title>" + title + "</title>\n</head>\n<body>\n<h1>" + title + "</h1>\n<hr>\n<ul>\n";
    for (const entry& e : entries) {
        page += "<li><a href=\"" + e.link + "\">" + escaped(e.shown) + "</a></li>\n";
    }
    page += "</ul>\n<hr>\n</body>\n</html>\n";
    return page;
}

}  // namespace ferry::http::detail
