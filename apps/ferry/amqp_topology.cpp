#include "ferry/amqp/amqp.hpp"
#include "ferry/core/percent.hpp"
#include "ferry/core/url.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/http/http.hpp"

#include "apps/ferry/amqp_tools.hpp"
#include "apps/ferry/commands.hpp"
#include "apps/ferry/output.hpp"
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::command::amqp_actions {
namespace {

value to_value(const toml::node& node);

value to_value(const toml::table& table)
{
    value all = value::object();
    for (const auto& [name, member] : table) all.insert(name.str(), to_value(member));
    return all;
}

// Dates and times, which no argument of a queue is, as their texts. Nesting is limited by the
// reader.
value to_value(const toml::node& node)
{
    if (const auto* table = node.as_table()) return to_value(*table);
    if (const auto* array = node.as_array()) {
        value all = value::array();
        for (const toml::node& element : *array) all.push_back(to_value(element));
        return all;
    }
    if (const auto* text = node.as_string()) return value(text->get());
    if (const auto* number = node.as_integer()) return value(number->get());
    if (const auto* real = node.as_floating_point()) return value(real->get());
    if (const auto* flag = node.as_boolean()) return value(flag->get());
    throw usage_error(
        fmt::format("line {}: a date is no setting of RabbitMQ's", node.source().begin.line));
}

// A file that ends in .json is JSON, as RabbitMQ exports it, every other TOML.
amqp::topology read_topology(const std::string& file)
{
    const std::string text = read_input(file);
    try {
        if (file.ends_with(".json")) return amqp::topology::from(json::parse(text));
        return amqp::topology::from(to_value(toml::parse(text, file)));
    } catch (const toml::parse_error& e) {
        throw usage_error(fmt::format("{}:{}: {}", file, e.source().begin.line, e.description()));
    } catch (const error& e) {
        throw usage_error(fmt::format("{}: {}", file, e.what()));
    }
}

awaitable<value> ask_management(std::string at, std::string what)
{
    while (at.ends_with('/')) at.pop_back();
    auto asking = http::get(at + "/api/" + what);
    http::response answer = co_await std::move(asking);
    answer.raise_for_status();
    co_return answer.json();
}

std::string binding_line(std::string_view source, std::string_view to_type, std::string_view to,
                         std::string_view key)
{
    return fmt::format("binding '{}' -> {} '{}' by '{}'", source, to_type, to, key);
}

// The bindings that the management plugin does not list.
std::vector<std::string> missing_bindings(const amqp::topology& wanted, const value& there)
{
    std::set<std::string> known;
    for (const value& b : there) {
        known.insert(binding_line(b.get("source", ""), b.get("destination_type", ""),
                                  b.get("destination", ""), b.get("routing_key", "")));
    }
    std::vector<std::string> missing;
    for (const auto& b : wanted.bindings) {
        std::string line = binding_line(b.source, b.destination_type, b.destination, b.routing_key);
        if (!known.contains(line)) missing.push_back(std::move(line) + ": missing");
    }
    return missing;
}

struct topology_settings {
    std::string url = default_url;
    std::string file;
    std::string management;
};

awaitable<int> apply(topology_settings with)
{
    const amqp::topology wanted = read_topology(with.file);
    amqp::connection connection = co_await amqp::connect(with.url);
    co_await wanted.apply(connection);
    co_await connection.close();
    co_return 0;
}

awaitable<int> diff(topology_settings with)
{
    const amqp::topology wanted = read_topology(with.file);
    amqp::connection connection = co_await amqp::connect(with.url);
    std::vector<std::string> lines = co_await wanted.differences(connection);
    co_await connection.close();
    if (!with.management.empty()) {
        const std::string vhost = amqp::options::from_url(with.url).vhost();
        auto asking = ask_management(with.management, "bindings/" + percent::encode(vhost, ""));
        const value there = co_await std::move(asking);
        for (std::string& line : missing_bindings(wanted, there)) lines.push_back(std::move(line));
    } else if (!wanted.bindings.empty()) {
        std::fputs("ferry: bindings are compared with --management only\n", stderr);
    }
    for (const std::string& line : lines) std::printf("%s\n", line.c_str());
    co_return lines.empty() ? 0 : exit_code::other;
}

/// What `list` can show, and the members that it prints.
struct listing {
    std::string_view kind;
    std::array<const char*, 5> columns;
};
constexpr std::array listings{
    listing{"queues", {"name", "messages", "consumers", "type", "state"}},
    listing{"exchanges", {"name", "type", "durable", "auto_delete", "internal"}},
    listing{"bindings",
            {"source", "destination_type", "destination", "routing_key", "properties_key"}},
    listing{"connections", {"name", "user", "state", "channels", "ssl"}},
    listing{"channels", {"name", "consumer_count", "messages_unacknowledged", "confirm", "state"}},
    listing{"consumers",
            {"consumer_tag", "queue/name", "ack_required", "prefetch_count", "active"}},
};

std::string cell(const value& of, const char* column)
{
    const value* const v = of.find('/' + std::string(column));
    if (v == nullptr || v->is_null()) return "-";
    return v->is_string() ? v->to<std::string>() : json::dump(*v);
}

void print_table(const listing& what, const value& rows)
{
    std::vector<std::vector<std::string>> lines;
    lines.emplace_back(what.columns.begin(), what.columns.end());
    for (const value& row : rows) {
        auto& line = lines.emplace_back();
        for (const char* column : what.columns) line.push_back(cell(row, column));
    }
    for (std::size_t c = 0; c + 1 < what.columns.size(); ++c) {
        std::size_t width = 0;
        for (const auto& line : lines) width = std::max(width, line[c].size());
        for (auto& line : lines) line[c].resize(width, ' ');
    }
    for (const auto& line : lines)
        std::printf("%s\n", fmt::format("{}", fmt::join(line, "  ")).c_str());
}

struct list_settings {
    std::string kind = "queues";
    std::string management;
    std::string vhost;
    bool json = false;
};

awaitable<int> list(list_settings with)
{
    std::string what = with.kind;
    if (!with.vhost.empty()) {
        const bool of_host = with.kind == "connections" || with.kind == "channels";
        const std::string host = percent::encode(with.vhost, "");
        what = of_host ? "vhosts/" + host + '/' + what : what + '/' + host;
    }
    auto asking = ask_management(with.management, what);
    const value rows = co_await std::move(asking);
    if (with.json) {
        for (const value& row : rows) std::printf("%s\n", json::dump(row).c_str());
        co_return 0;
    }
    const auto at = std::ranges::find(listings, std::string_view(with.kind), &listing::kind);
    print_table(*at, rows);
    co_return 0;
}

void add_management(CLI::App& to, std::string& url)
{
    to.add_option("-m,--management", url, "http://user:password@host:15672/ of the plugin")
        ->envname("FERRY_RABBITMQ_MANAGEMENT");
}

}  // namespace

int run_topology(CLI::App& options, int argc, char** argv)
{
    topology_settings with;
    auto* const applying = options.add_subcommand("apply", "declare what is missing");
    auto* const comparing = options.add_subcommand(
        "diff", "print what is missing or has other settings; code 1 if there is any");
    options.require_subcommand(1);
    applying->footer("Example:\n  ferry amqp topology apply shop.toml");
    comparing->footer("Example:\n  ferry amqp topology diff definitions.json");
    for (CLI::App* const a : {applying, comparing}) {
        add_url(*a, with.url);
        a->add_option("FILE", with.file, "TOML, or the .json that RabbitMQ exports")->required();
    }
    add_management(*comparing, with.management);
    if (const auto end = parse(options, argc, argv)) return *end;
    return run_until_interrupted(applying->parsed() ? apply(with) : diff(with));
}

int run_list(CLI::App& options, int argc, char** argv)
{
    list_settings with;
    with.management = "http://guest:guest@127.0.0.1:15672/";
    std::vector<std::string> kinds;
    for (const listing& l : listings) kinds.emplace_back(l.kind);
    options.add_option("KIND", with.kind, "what to list")
        ->check(CLI::IsMember(kinds))
        ->capture_default_str();
    add_management(options, with.management);
    options.add_option("--vhost", with.vhost, "of one virtual host only");
    options.add_flag("--json", with.json, "all that is known, one object a line");
    if (const auto end = parse(options, argc, argv)) return *end;
    return run_until_interrupted(list(std::move(with)));
}

}  // namespace ferry::command::amqp_actions
