#include "ferry/amqp/error.hpp"
#include "ferry/documents/json.hpp"

#include "apps/ferry/amqp_actions.hpp"
#include "apps/ferry/amqp_tools.hpp"
#include "apps/ferry/commands.hpp"
#include "apps/ferry/output.hpp"
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::command {
namespace {

using namespace amqp_actions;

std::pair<std::string, std::string> split_pair(const std::string& text, const char* option)
{
    const auto at = text.find('=');
    if (at == text.npos || at == 0) {
        throw usage_error(fmt::format("ferry amqp: {} takes name=value, not '{}'", option, text));
    }
    return {text.substr(0, at), text.substr(at + 1)};
}

// Numbers, true, false, null, [...] and {...} are what JSON says; everything else is a text.
value typed(const std::string& text)
{
    try {
        return json::parse(text);
    } catch (const error&) {
        return value(text);
    }
}

value table_of(const std::vector<std::string>& pairs, const char* option)
{
    value table;
    for (const std::string& p : pairs) {
        auto [name, v] = split_pair(p, option);
        table.insert(name, typed(v));
    }
    return table;
}

std::uint8_t octet(const std::string& name, const std::string& text)
{
    unsigned n = 256;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (ec != std::errc() || end != text.data() + text.size() || n > 255) {
        throw usage_error(
            fmt::format("ferry amqp: {} is a number up to 255, not '{}'", name, text));
    }
    return static_cast<std::uint8_t>(n);
}

void set_property(amqp::properties& to, const std::string& pair)
{
    auto [name, text] = split_pair(pair, "--prop");
    using text_setter = amqp::properties& (amqp::properties::*)(std::string);
    static const std::map<std::string, text_setter, std::less<>> texts{
        {"content_type", &amqp::properties::content_type},
        {"content_encoding", &amqp::properties::content_encoding},
        {"correlation_id", &amqp::properties::correlation_id},
        {"reply_to", &amqp::properties::reply_to},
        {"expiration", &amqp::properties::expiration},
        {"message_id", &amqp::properties::message_id},
        {"type", &amqp::properties::type},
        {"user_id", &amqp::properties::user_id},
        {"app_id", &amqp::properties::app_id},
    };
    if (const auto at = texts.find(name); at != texts.end()) {
        (to.*at->second)(std::move(text));
    } else if (name == "priority") {
        to.priority(octet(name, text));
    } else if (name == "delivery_mode") {
        to.delivery_mode(octet(name, text));
    } else {
        throw usage_error(fmt::format("ferry amqp: there is no property '{}'", name));
    }
}

std::vector<std::string> bodies_of(std::string input, bool lines)
{
    if (!lines) return {std::move(input)};
    std::vector<std::string> all;
    for (std::size_t at = 0; at < input.size();) {
        const std::size_t end = std::min(input.find('\n', at), input.size());
        all.push_back(input.substr(at, end - at));
        at = end + 1;
    }
    return all;
}

std::chrono::milliseconds seconds(double s)
{
    return std::chrono::milliseconds(static_cast<std::int64_t>(s * 1000));
}

// `URL,queue` or `URL,exchange,key`: the last words, as the hosts of a URL have commas too.
std::vector<std::string> last_words(std::string text, std::size_t count, const char* option)
{
    std::vector<std::string> words(count + 1);
    for (std::size_t i = count; i > 0; --i) {
        const auto comma = text.rfind(',');
        if (comma == text.npos) {
            throw usage_error(fmt::format("ferry amqp shovel: {} takes {}", option,
                                          count == 1 ? "URL,QUEUE" : "URL,EXCHANGE,KEY"));
        }
        words[i] = text.substr(comma + 1);
        text.resize(comma);
    }
    words[0] = std::move(text);
    return words;
}

int run_publish(CLI::App& options, int argc, char** argv)
{
    publishing what;
    what.url = default_url;
    std::vector<std::string> headers;
    std::vector<std::string> properties;
    bool persistent = false;
    bool lines = false;
    std::string input = "-";
    add_url(options, what.url);
    options.add_option("-e,--exchange", what.exchange, "where to; the default exchange if absent");
    options.add_option("-k,--key", what.key, "routing key; for the default exchange the queue");
    options.add_option("--header", headers, "name=value; the value as JSON if it is that");
    options.add_option("--prop", properties, "name=value, such as content_type=text/plain");
    options.add_flag("--persistent", persistent, "on the broker's disk");
    options.add_flag("--mandatory", what.mandatory, "fail if no queue takes it");
    options.add_flag("--lines", lines, "a message for each line");
    options.add_option("--rate", what.rate, "messages a second at most");
    options.add_option("FILE", input, "the body; - is standard input")->capture_default_str();
    if (const auto end = parse(options, argc, argv)) return *end;
    for (const std::string& p : properties) set_property(what.with, p);
    if (value table = table_of(headers, "--header"); !table.is_null()) {
        what.with.headers(std::move(table));
    }
    if (persistent) what.with.persistent();
    what.bodies = bodies_of(read_input(input), lines);
    return run_until_interrupted(publish(std::move(what)));
}

void add_output(CLI::App& to, consuming& what)
{
    add_url(to, what.url);
    to.add_option("-q,--queue", what.queue, "the queue")->required();
    to.add_option("--format", what.as, "how bodies are printed")
        ->transform(CLI::CheckedTransformer(std::map<std::string, format>{{"raw", format::raw},
                                                                          {"lines", format::lines},
                                                                          {"json", format::json}})
                        .description("{raw,lines,json}"))
        ->type_name("TEXT")
        ->default_str("lines");
    to.add_flag_callback(
        "--json", [&what] { what.as = format::json; }, "as --format json: all that is known");
}

int run_consume(CLI::App& options, int argc, char** argv)
{
    consuming what;
    what.url = default_url;
    double idle = 0;
    add_output(options, what);
    options.add_option("-n,--count", what.count, "end after so many");
    options.add_flag_function(
        "--ack,!--no-ack", [&what](std::int64_t n) { what.no_ack = n < 0; },
        "acknowledge each (default), or let them go when they are sent");
    options.add_option("--prefetch", what.prefetch, "messages under way")->capture_default_str();
    options.add_option("--exec", what.program,
                       "a shell command that gets each body; if it fails the message goes back, "
                       "the second time to the dead letters");
    options.add_option("--timeout", idle, "end with code 10 when nothing came for so many seconds");
    if (const auto end = parse(options, argc, argv)) return *end;
    what.idle = seconds(idle);
    return run_until_interrupted(consume(std::move(what)));
}

int run_get(CLI::App& options, int argc, char** argv)
{
    consuming what;
    what.url = default_url;
    add_output(options, what);
    options.add_flag("--no-ack", what.no_ack, "without an acknowledgement");
    if (const auto end = parse(options, argc, argv)) return *end;
    return run_until_interrupted(get(std::move(what)));
}

// What tells one binding from another.
class binding_options {
public:
    void add_to(CLI::App& app, entity& what)
    {
        app.add_option("--source", what.source, "the exchange it leads from")->required();
        app.add_option("--queue", what.name, "the queue it leads to");
        app.add_option("--exchange", to_exchange_, "the exchange it leads to");
        app.add_option("-k,--key", what.key, "routing key or pattern");
    }

    void finish(entity& what) const
    {
        if (what.name.empty() == to_exchange_.empty()) {
            throw usage_error("ferry amqp: a binding leads to --queue or to --exchange");
        }
        what.what =
            to_exchange_.empty() ? entity::kind::queue_binding : entity::kind::exchange_binding;
        if (!to_exchange_.empty()) what.name = to_exchange_;
    }

private:
    std::string to_exchange_;
};

// What `declare` and `delete` have in common: queue NAME, exchange NAME, binding.
class entity_options {
public:
    entity_options(CLI::App& app, entity& what) : what_{what}
    {
        what.url = default_url;
        queue = app.add_subcommand("queue", "a queue");
        exchange = app.add_subcommand("exchange", "an exchange");
        binding = app.add_subcommand("binding", "what leads from an exchange to a queue");
        app.require_subcommand(1);
        for (CLI::App* a : {queue, exchange, binding}) add_url(*a, what.url);
        for (CLI::App* a : {queue, exchange}) a->add_option("NAME", what.name)->required();
        bound_.add_to(*binding, what);
        for (CLI::App* a : {queue, exchange, binding}) {
            a->add_option("--arg", arguments_, "name=value, such as x-max-length=1000");
        }
        const std::string verb = "Example:\n  " + app.get_name();
        queue->footer(verb + " queue orders");
        exchange->footer(verb + " exchange logs");
        binding->footer(verb + " binding --source logs --queue orders -k 'order.#'");
    }

    void finish()
    {
        what_.arguments = table_of(arguments_, "--arg");
        if (exchange->parsed()) what_.what = entity::kind::exchange;
        if (binding->parsed()) bound_.finish(what_);
    }

    CLI::App* queue;
    CLI::App* exchange;
    CLI::App* binding;

private:
    entity& what_;
    binding_options bound_;
    std::vector<std::string> arguments_;
};

int run_declare(CLI::App& options, int argc, char** argv)
{
    entity what;
    entity_options all(options, what);
    all.exchange->add_option("--type", what.type, "direct, fanout, topic, headers...")
        ->capture_default_str();
    all.exchange->add_flag("--internal", what.internal, "only other exchanges publish to it");
    for (CLI::App* a : {all.queue, all.exchange}) {
        a->add_flag("--durable", what.durable, "survives a restart of the broker");
        a->add_flag("--auto-delete", what.auto_delete, "gone when nobody uses it any more");
        a->add_flag("--passive", what.passive, "only ask whether it exists");
    }
    if (const auto end = parse(options, argc, argv)) return *end;
    all.finish();
    return run_until_interrupted(declare(std::move(what)));
}

int run_delete(CLI::App& options, int argc, char** argv)
{
    entity what;
    entity_options all(options, what);
    all.queue->add_flag("--if-empty", what.if_empty, "only if it has no messages");
    for (CLI::App* a : {all.queue, all.exchange}) {
        a->add_flag("--if-unused", what.if_unused, "only if nobody uses it");
    }
    if (const auto end = parse(options, argc, argv)) return *end;
    all.finish();
    return run_until_interrupted(remove(std::move(what)));
}

template <awaitable<int> (*Work)(entity)>
int run_binding(CLI::App& options, int argc, char** argv)
{
    entity what;
    what.url = default_url;
    binding_options bound;
    std::vector<std::string> arguments;
    add_url(options, what.url);
    bound.add_to(options, what);
    options.add_option("--arg", arguments, "name=value, for an exchange of headers");
    if (const auto end = parse(options, argc, argv)) return *end;
    what.arguments = table_of(arguments, "--arg");
    bound.finish(what);
    return run_until_interrupted(Work(std::move(what)));
}

int run_purge(CLI::App& options, int argc, char** argv)
{
    std::string url = default_url;
    std::string queue;
    add_url(options, url);
    options.add_option("QUEUE", queue)->required();
    if (const auto end = parse(options, argc, argv)) return *end;
    return run_until_interrupted(purge(std::move(url), std::move(queue)));
}

int run_shovel(CLI::App& options, int argc, char** argv)
{
    std::string from;
    std::string to;
    moving what;
    double idle = 0;
    options.add_option("--from", from, "URL,QUEUE")->required();
    options.add_option("--to", to, "URL,EXCHANGE,KEY; no key: the message's own")->required();
    options.add_option("-n,--count", what.count, "end after so many");
    options.add_option("--rate", what.rate, "messages a second at most");
    options.add_option("--timeout", idle, "end when nothing came for so many seconds");
    if (const auto end = parse(options, argc, argv)) return *end;
    auto source = last_words(std::move(from), 1, "--from");
    auto target = last_words(std::move(to), 2, "--to");
    what.from_url = std::move(source[0]);
    what.queue = std::move(source[1]);
    what.to_url = std::move(target[0]);
    what.exchange = std::move(target[1]);
    what.key = std::move(target[2]);
    what.idle = seconds(idle);
    return run_until_interrupted(shovel(std::move(what)));
}

struct action {
    std::string_view name;
    const char* help;
    int (*run)(CLI::App& options, int argc, char** argv);
};

constexpr std::array actions{
    action{"publish",
           "Publish a file, standard input, or each of its lines, and wait for the confirms.\n"
           "  echo hello | ferry amqp publish -k greetings --persistent\n"
           "  ferry amqp publish -e logs -k app.error --header level=3 --lines errors.txt",
           run_publish},
    action{"consume",
           "Print the messages of a queue as they come, or give each to a command.\n"
           "  ferry amqp consume -q greetings -n 10 --json\n"
           "  ferry amqp consume -q jobs --prefetch 1 --exec ./work.sh",
           run_consume},
    action{"get",
           "Print one message of a queue; code 1 if there is none.\n"
           "  ferry amqp get -q greetings",
           run_get},
    action{"declare",
           "Declare a queue, an exchange or a binding.\n"
           "  ferry amqp declare queue orders --durable --arg x-max-length=1000\n"
           "  ferry amqp declare exchange logs --type topic\n"
           "  ferry amqp declare binding --source logs --queue orders -k 'order.#'",
           run_declare},
    action{"delete",
           "Delete a queue, an exchange or a binding.\n"
           "  ferry amqp delete queue orders --if-empty",
           run_delete},
    action{"bind",
           "Let an exchange pass messages on to a queue or another exchange: declare binding.\n"
           "  ferry amqp bind --source logs --queue orders -k 'order.#'",
           run_binding<declare>},
    action{"unbind",
           "Take a binding away: delete binding.\n"
           "  ferry amqp unbind --source logs --queue orders -k 'order.#'",
           run_binding<remove>},
    action{"purge",
           "Drop the messages of a queue.\n"
           "  ferry amqp purge orders",
           run_purge},
    action{"shovel",
           "Move messages from a queue to another broker, at least once each.\n"
           "  ferry amqp shovel --from amqp://a/,orders --to amqp://b/,,orders --timeout 5",
           run_shovel},
    action{"topology",
           "Declare, or compare, all that a file lists: exchanges, queues and bindings.\n"
           "  ferry amqp topology apply shop.toml      [[queues]] name = \"orders\" durable = true "
           "...\n"
           "  ferry amqp topology diff definitions.json",
           run_topology},
    action{
        "list",
        "List queues, exchanges, bindings, connections, channels or consumers, by the management "
        "plugin.\n"
        "  ferry amqp list queues\n"
        "  ferry amqp list connections -m http://admin:secret@127.0.0.1:15672/ --json",
        run_list},
    action{"bench",
           "Measure publishing, consuming and calling.\n"
           "  ferry amqp bench publish --size 100 -n 100000",
           run_bench},
    action{"serve-echo",
           "Answer each request of a queue with its own body.\n"
           "  ferry amqp serve-echo -q echo & ferry amqp bench rpc -q echo",
           run_serve_echo},
};

}  // namespace

void amqp_actions::add_url(CLI::App& to, std::string& url)
{
    to.add_option("-u,--url", url, "amqp[s]://[user:password@]host[:port][/vhost]")
        ->envname("FERRY_RABBITMQ")
        ->capture_default_str();
}

int amqp(int argc, char** argv)
{
    const std::string_view word = argc > 1 ? argv[1] : "--help";
    for (const action& a : actions) {
        if (a.name != word) continue;
        CLI::App options{a.help, fmt::format("ferry amqp {}", a.name)};
        try {
            return a.run(options, argc - 1, argv + 1);
        } catch (const parse_error& e) {  // the URL
            throw usage_error(e.what());
        } catch (const error& e) {
            if (e.code() != amqp::errc::no_route && e.code() != amqp::errc::publish_nacked) throw;
            report_failure();
            return exit_code::client_error;
        }
    }
    CLI::App options{
        "Work with RabbitMQ. `ferry amqp VERB --help` tells more, with examples.\n"
        "  ferry amqp declare queue greetings\n"
        "  echo hello | ferry amqp publish -k greetings\n"
        "  ferry amqp consume -q greetings -n 1",
        "ferry amqp"};
    options.require_subcommand(1);
    for (const action& a : actions) {
        const std::string_view first(a.help, std::string_view(a.help).find('\n'));
        options.add_subcommand(std::string(a.name), std::string(first));
    }
    return parse(options, argc, argv).value_or(exit_code::usage);
}

}  // namespace ferry::command
