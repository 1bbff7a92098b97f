#include "ferry/http/detail/netrc.hpp"

#include "ferry/core/error.hpp"
#include "ferry/core/log.hpp"
#include "ferry/http/detail/syntax.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <utility>

namespace ferry::http::detail {
namespace {

class tokens {
public:
    explicit tokens(std::string_view text) noexcept : text_(text) {}

    /// The next word; nothing at the end.
    std::optional<std::string> next()
    {
        skip_blanks_and_comments();
        begin_ = at_;
        if (at_ == text_.size()) return std::nullopt;
        const bool is_quoted = text_[at_] == '"';
        if (is_quoted) ++at_;
        std::string word;
        for (; at_ < text_.size(); ++at_) {
            if (is_quoted ? text_[at_] == '"' : is_space(text_[at_])) break;
            if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
            word += text_[at_];
        }
        if (is_quoted && at_ < text_.size()) ++at_;
        return word;
    }

    void skip_macro() noexcept
    {
        const std::size_t end = text_.find("\n\n", at_);
        at_ = end == std::string_view::npos ? text_.size() : end;
    }

    /// Where the last word began.
    std::size_t offset() const noexcept { return begin_; }

private:
    static bool is_space(char c) noexcept
    {
        return is_blank(c) || c == '\n' || c == '\r' || c == '\f';
    }

    void skip_blanks_and_comments() noexcept
    {
        for (; at_ < text_.size(); ++at_) {
            if (text_[at_] == '#') {
                at_ = std::min(text_.find('\n', at_), text_.size());
                if (at_ == text_.size()) return;
            }
            if (!is_space(text_[at_])) return;
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t begin_ = 0;
};

}  // namespace

netrc netrc::parse(std::string_view text)
{
    if (text.size() > max_file_bytes) throw limit_error("netrc_bytes", max_file_bytes);
    netrc all;
    tokens in(text);
    while (const auto word = in.next()) {
        const std::size_t at = in.offset();
        if (*word == "default") {
            all.entries_.emplace_back();
        } else if (*word == "macdef") {
            in.skip_macro();
        } else {
            auto value = in.next();
            const bool is_detail =
                *word == "login" || *word == "user" || *word == "password" || *word == "account";
            const bool fits = *word == "machine" || (is_detail && !all.entries_.empty());
            if (!value || !fits) {
                throw parse_error(ferry::errc::malformed,
                                  "netrc: expected machine, default, login, password or account",
                                  position_of(text, at));
            }
            if (*word == "machine") {
                if (all.entries_.size() == max_machines) {
                    throw limit_error("netrc_machines", max_machines);
                }
                std::ranges::transform(*value, value->begin(), lower);
                all.entries_.push_back({std::move(*value), {}, {}});
            } else if (*word == "password") {
                all.entries_.back().password = std::move(*value);
            } else if (*word != "account") {
                all.entries_.back().login = std::move(*value);
            }
        }
    }
    return all;
}

netrc netrc::load(const std::filesystem::path& file)
{
    struct stat about{};
    if (::stat(file.c_str(), &about) != 0) {
        if (errno != ENOENT && errno != ENOTDIR) {
            log::warning("netrc cannot be read", "file", file.string());
        }
        return {};
    }
    if (!S_ISREG(about.st_mode)) return {};
    std::string text(
        std::min<std::size_t>(static_cast<std::size_t>(about.st_size), max_file_bytes + 1), '\0');
    std::ifstream in(file, std::ios::binary);
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!in) {
        log::warning("netrc cannot be read", "file", file.string());
        return {};
    }
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        log::warning("netrc can be read by others: chmod 600 it", "file", file.string());
    }
    try {
        return parse(text);
    } catch (const error& e) {
        log::warning("netrc is not used", "file", file.string(), "cause", e.what());
        return {};
    }
}

netrc netrc::of_user()
{
    if (const char* const named = std::getenv("NETRC")) return load(named);
    if (const char* const home = std::getenv("HOME")) {
        return load(std::filesystem::path(home) / ".netrc");
    }
    return {};
}

const netrc::entry* netrc::find(std::string_view host, std::uint16_t port, bool or_default) const
{
    if (entries_.empty()) return nullptr;
    const std::string with_port = fmt::format("{}:{}", host, port);
    const entry* by_host = nullptr;
    const entry* otherwise = nullptr;
    for (const entry& e : entries_) {
        if (e.machine == with_port) return &e;
        if (by_host == nullptr && e.machine == host) by_host = &e;
        if (otherwise == nullptr && e.machine.empty()) otherwise = &e;
    }
    return by_host != nullptr || !or_default ? by_host : otherwise;
}

}  // namespace ferry::http::detail
