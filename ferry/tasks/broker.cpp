#include "ferry/tasks/broker.hpp"

#include "ferry/tasks/brokers/sqlite.hpp"
#include "ferry/tasks/detail/ledger.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace ferry::tasks {
namespace {

struct location {
    std::string path;
    sqlite_options options;
};

[[noreturn]] void refuse(const std::string& url, std::string_view why)
{
    throw error{ferry::errc::malformed, url + ": " + std::string{why}};
}

void apply(const std::string& url, std::string_view name, std::string_view text, sqlite_options& to)
{
    if (name == "durability" && text == "full") {
        to.durable(sqlite::durability::full);
    } else if (name == "durability" && text == "normal") {
        to.durable(sqlite::durability::normal);
    } else if (const auto time = try_parse_duration(text); name == "lease" && time) {
        to.lease(std::chrono::duration_cast<std::chrono::milliseconds>(*time));
    } else {
        refuse(url, "unknown option " + std::string{name} + "=" + std::string{text});
    }
}

location parse_sqlite(const std::string& url)
{
    std::string_view rest{url};
    rest.remove_prefix(rest.find(':') + 1);
    if (rest.starts_with("//")) rest.remove_prefix(2);
    location where;
    where.path = rest.substr(0, rest.find('?'));
    rest.remove_prefix(std::min(rest.size(), where.path.size() + 1));
    while (!rest.empty()) {
        const std::string_view option = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), option.size() + 1));
        const std::size_t equals = std::min(option.size(), option.find('='));
        apply(url, option.substr(0, equals), option.substr(std::min(option.size(), equals + 1)),
              where.options);
    }
    if (where.path.empty()) where.path = default_database();
    where.path = std::filesystem::absolute(where.path).lexically_normal().string();
    return where;
}

std::shared_ptr<message_broker> open_sqlite_broker(const std::string& url)
{
    const location where = parse_sqlite(url);
    return std::make_shared<sqlite_broker>(where.path, where.options);
}

std::shared_ptr<result_store> open_sqlite_results(const std::string& url,
                                                  const message_broker* beside,
                                                  std::chrono::seconds expiry)
{
    const auto* embedded = dynamic_cast<const sqlite_broker*>(beside);
    const bool anywhere = url == "sqlite:";
    const location where = anywhere && embedded != nullptr ? location() : parse_sqlite(url);
    if (embedded != nullptr && (anywhere || embedded->path() == where.path)) {
        return std::make_shared<sqlite_results>(*embedded, expiry);
    }
    return std::make_shared<sqlite_results>(where.path, expiry, where.options);
}

struct scheme {
    std::string_view name;
    std::shared_ptr<message_broker> (*broker)(const std::string& url);
    std::shared_ptr<result_store> (*results)(const std::string& url, const message_broker* beside,
                                             std::chrono::seconds expiry);
};

// A further broker or result store is one more row.
constexpr std::array schemes = {
    scheme{"sqlite", open_sqlite_broker, open_sqlite_results},
};

const scheme& scheme_of(const std::string& url)
{
    const std::string_view name = std::string_view{url}.substr(0, url.find(':'));
    const auto* found = std::ranges::find(schemes, name, &scheme::name);
    if (found == schemes.end()) {
        throw error{ferry::errc::unsupported, "no broker or result store for the scheme '" +
                                                  std::string{name} + "', known: sqlite"};
    }
    return *found;
}

std::string or_embedded(const std::string& url)
{
    return url.empty() ? "sqlite:" : url;
}

}  // namespace

std::shared_ptr<message_broker> open_broker(const std::string& url)
{
    const std::string wanted = or_embedded(url);
    return scheme_of(wanted).broker(wanted);
}

std::shared_ptr<result_store> open_results(const std::string& url,
                                           const std::shared_ptr<message_broker>& beside,
                                           std::chrono::seconds expiry)
{
    const std::string wanted = or_embedded(url);
    return scheme_of(wanted).results(wanted, beside.get(), expiry);
}

std::string default_database()
{
    namespace fs = std::filesystem;
    fs::path base;
    if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state == '/') {
        base = state;
    } else if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/') {
        base = fs::path{home} / ".local" / "state";
    } else {
        throw error{ferry::errc::not_found,
                    "no place for the task database: neither XDG_STATE_HOME nor HOME is set"};
    }
    const fs::path folder = base / "ferry";
    std::error_code failed;
    fs::create_directories(base, failed);
    if (fs::create_directory(folder, failed)) {
        fs::permissions(folder, fs::perms::owner_all, failed);
    }
    if (failed) throw system_failure(failed.value(), "make " + folder.string());
    return (folder / "tasks.db").string();
}

}  // namespace ferry::tasks
