#include "ferry/tasks/broker.hpp"

#include "ferry/core/uuid.hpp"
#include "ferry/tasks/brokers/amqp.hpp"
#include "ferry/tasks/brokers/database.hpp"
#include "ferry/tasks/brokers/redis.hpp"
#include "ferry/tasks/brokers/sqlite.hpp"
#include "ferry/tasks/detail/home.hpp"
#include "ferry/tasks/detail/ledger.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace ferry::tasks {

awaitable<void> result_store::begin_chord(std::string, std::int64_t, value)
{
    throw error{ferry::errc::unsupported, "this result store cannot count the parts of a chord"};
}

awaitable<void> result_store::add_part(std::string)
{
    throw error{ferry::errc::unsupported, "this result store cannot count the parts of a chord"};
}

awaitable<std::vector<chord_part>> result_store::end_part(std::string, chord_part)
{
    throw error{ferry::errc::unsupported, "this result store cannot count the parts of a chord"};
}

awaitable<void> result_store::clean_up()
{
    co_return;
}

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

struct url_option {
    std::string name;
    std::string text;
};

/// Takes the options of these names out of a URL; the others are its client's.
std::vector<url_option> take_options(std::string& url, std::initializer_list<const char*> names)
{
    std::vector<url_option> taken;
    const std::size_t question = url.find('?');
    if (question == std::string::npos) return taken;
    std::string_view rest = std::string_view{url}.substr(question + 1);
    std::string kept = url.substr(0, question);
    char before = '?';
    while (!rest.empty()) {
        const std::string_view option = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), option.size() + 1));
        const std::string_view name = option.substr(0, option.find('='));
        if (std::ranges::find(names, name) == names.end()) {
            kept += before;
            kept += option;
            before = '&';
        } else {
            const std::size_t value = std::min(option.size(), name.size() + 1);
            taken.push_back({std::string{name}, std::string{option.substr(value)}});
        }
    }
    url = std::move(kept);
    return taken;
}

struct redis_location {
    redis::options server;
    redis_broker_options options;
};

redis_location parse_redis(std::string url)
{
    redis_location where;
    for (const url_option& o : take_options(url, {"visibility_timeout", "global_keyprefix"})) {
        if (o.name == "global_keyprefix") {
            where.options.key_prefix(o.text);
            continue;
        }
        // Seconds, as kombu's option of that name.
        const bool digits = o.text.find_first_not_of("0123456789.") == std::string::npos;
        const auto time = try_parse_duration(digits ? o.text + "s" : o.text);
        if (!time || *time <= std::chrono::nanoseconds::zero()) {
            refuse(url, "visibility_timeout=" + o.text);
        }
        where.options.visibility_timeout(
            std::chrono::duration_cast<std::chrono::milliseconds>(*time));
    }
    where.server = redis::options::from_url(url);
    return where;
}

std::shared_ptr<message_broker> open_redis_broker(const std::string& url)
{
    redis_location where = parse_redis(url);
    return std::make_shared<redis_broker>(std::move(where.server), std::move(where.options));
}

std::shared_ptr<result_store> open_redis_results(const std::string& url,
                                                 const message_broker* beside,
                                                 std::chrono::seconds expiry)
{
    redis_location where = parse_redis(url);
    return std::make_shared<redis_results>(std::move(where.server), expiry,
                                           where.options.key_prefix(),
                                           beside == nullptr ? nullptr : beside->home());
}

std::shared_ptr<message_broker> open_amqp_broker(const std::string& url)
{
    std::string rest = url.starts_with("py") ? url.substr(2) : url;
    value arguments = value::object();
    amqp_broker_options with;
    for (const url_option& o :
         take_options(rest, {"max_priority", "queue_type", "confirm_publish"})) {
        if (o.name == "queue_type") {
            arguments.insert("x-queue-type", o.text);
        } else if (o.name == "confirm_publish") {
            if (o.text != "0" && o.text != "1") refuse(rest, "confirm_publish=" + o.text);
            with.confirm_publish(o.text == "1");
        } else if (o.text.empty() || o.text.size() > 3 ||
                   o.text.find_first_not_of("0123456789") != std::string::npos) {
            refuse(rest, "max_priority=" + o.text);
        } else {
            arguments.insert("x-max-priority", std::stoi(o.text));
        }
    }
    with.arguments(std::move(arguments));
    return std::make_shared<amqp_broker>(amqp::options::from_url(rest), std::move(with));
}

std::shared_ptr<result_store> open_rpc_results(const std::string& url, const message_broker* beside,
                                               std::chrono::seconds expiry)
{
    const auto* over = dynamic_cast<const amqp_broker*>(beside);
    if (over == nullptr) {
        throw error{ferry::errc::unsupported,
                    url + ": results as messages need RabbitMQ as broker"};
    }
    return std::make_shared<rpc_results>(*over, expiry);
}

std::shared_ptr<result_store> open_database_results(const std::string& url, const message_broker*,
                                                    std::chrono::seconds expiry)
{
    return std::make_shared<database_results>(url, expiry);
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
    scheme{"amqp", open_amqp_broker, nullptr},
    scheme{"amqps", open_amqp_broker, nullptr},
    scheme{"pyamqp", open_amqp_broker, nullptr},
    scheme{"rpc", nullptr, open_rpc_results},
    scheme{"redis", open_redis_broker, open_redis_results},
    scheme{"rediss", open_redis_broker, open_redis_results},
    scheme{"redis+socket", open_redis_broker, open_redis_results},
    scheme{"sentinel", open_redis_broker, open_redis_results},
    scheme{"db", nullptr, open_database_results},
    scheme{"database", nullptr, open_database_results},
};

awaitable<std::string> made_up_reply_to()
{
    co_return result_store::any_reply_to();
}

[[noreturn]] void refuse_buses()
{
    throw error{ferry::errc::unsupported, "this broker has no remote control and no events"};
}

[[noreturn]] void refuse_scheme(const std::string& url, const char* what)
{
    throw error{
        ferry::errc::unsupported,
        std::string{"no "} + what + " for the scheme '" + url.substr(0, url.find(':')) +
            "', known: sqlite, amqp, amqps, redis, rediss; for results also rpc, db+sqlite, "
            "db+postgresql"};
}

const scheme* find_scheme(const std::string& url)
{
    const std::string_view name = std::string_view{url}.substr(0, url.find(':'));
    const std::string_view kind = name.substr(0, name.find('+'));
    const auto* found = std::ranges::find(schemes, name, &scheme::name);
    if (found == schemes.end() && (kind == "db" || kind == "database")) {
        found = std::ranges::find(schemes, kind, &scheme::name);
    }
    return found == schemes.end() ? nullptr : found;
}

std::string or_embedded(const std::string& url)
{
    return url.empty() ? "sqlite:" : url;
}

}  // namespace

std::shared_ptr<message_broker> open_broker(const std::string& url)
{
    const std::string wanted = or_embedded(url);
    const scheme* found = find_scheme(wanted);
    if (found == nullptr || found->broker == nullptr) refuse_scheme(wanted, "broker");
    return found->broker(wanted);
}

std::shared_ptr<result_store> open_results(const std::string& url,
                                           const std::shared_ptr<message_broker>& beside,
                                           std::chrono::seconds expiry)
{
    if (url.empty()) {
        if (const auto* near = dynamic_cast<const redis_broker*>(beside.get())) {
            return std::make_shared<redis_results>(near->server(), expiry,
                                                   near->options().key_prefix(), near->home());
        }
    }
    if (url.empty() && dynamic_cast<const amqp_broker*>(beside.get()) != nullptr) {
        return open_rpc_results(url, beside.get(), expiry);
    }
    const std::string wanted = or_embedded(url);
    const scheme* found = find_scheme(wanted);
    if (found == nullptr || found->results == nullptr) refuse_scheme(wanted, "result store");
    return found->results(wanted, beside.get(), expiry);
}

const std::string& result_store::any_reply_to()
{
    static const std::string name = uuid4();
    return name;
}

awaitable<std::string> result_store::reply_to()
{
    return made_up_reply_to();
}

awaitable<void> consumer::settled()
{
    co_return;
}

awaitable<void> consumer::set_queue(std::string name, bool, queue_binding)
{
    throw error{ferry::errc::unsupported, name + ": the queues of this consumer are fixed"};
}

awaitable<std::unique_ptr<listener>> message_broker::listen(bus, std::string, std::string)
{
    refuse_buses();
}

awaitable<void> message_broker::announce(bus, std::string, envelope)
{
    refuse_buses();
}

std::unique_ptr<lease> message_broker::open_lease(std::string, std::chrono::milliseconds)
{
    return nullptr;
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
