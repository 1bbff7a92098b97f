#include "ferry/zmq/zmq.hpp"

#include "ferry/async/async.hpp"
#include "ferry/documents/json.hpp"

#include "apps/ferry/commands.hpp"
#include "apps/ferry/input_lines.hpp"
#include "apps/ferry/zmq_services.hpp"
#include "apps/ferry/zmq_tools.hpp"

#include <array>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

namespace ferry::command {
namespace {

using std::chrono::milliseconds;

/// What all sockets of the command have in common.
struct settings {
    std::string endpoint;
    bool bind = false;
    bool connect = false;
    std::vector<std::string> topics;
    std::uint64_t count = std::numeric_limits<std::uint64_t>::max();
    line_format format = line_format::text;
    std::string separator;
    double timeout = -1;
    int hwm = 1000;
    double linger = 10;
    std::string server_key;
    std::string certificate;
    std::string execute;
    int subscribers = 0;
};

milliseconds in_milliseconds(double seconds)
{
    return seconds < 0 ? zmq::forever : milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

void print(const zmq::multipart& m, const settings& with)
{
    const std::string line = to_line(m, with.format, with.separator) + '\n';
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fflush(stdout);
}

zmq::socket open(zmq::socket_type type, const settings& with, bool binds_by_default)
{
    zmq::socket s(type);
    s.set_hwm(with.hwm);
    // A subscriber has nothing to say at its end but that it goes.
    s.set(zmq::opt::linger, type == zmq::sub ? milliseconds(0) : in_milliseconds(with.linger));
    s.set(zmq::opt::rcvtimeo, in_milliseconds(with.timeout));
    s.set(zmq::opt::sndtimeo, in_milliseconds(with.timeout));
    if (!with.certificate.empty() && with.server_key.empty()) {
        zmq::certificate::load(with.certificate).serve(s);
    } else if (!with.server_key.empty()) {
        const auto mine = with.certificate.empty() ? zmq::certificate::generate()
                                                   : zmq::certificate::load(with.certificate);
        mine.connect(s, with.server_key);
    }
    if (type == zmq::sub) {
        for (const std::string& topic : with.topics) s.subscribe(topic);
        if (with.topics.empty()) s.subscribe("");
    }
    if (with.bind || (binds_by_default && !with.connect)) {
        std::fprintf(stderr, "bound to %s\n", s.bind(with.endpoint).c_str());
    } else {
        s.connect(with.endpoint);
    }
    return s;
}

zmq::multipart outgoing(const std::string& line, const settings& with)
{
    zmq::multipart m = to_message(line, with.format, with.separator);
    if (!with.topics.empty()) m.emplace(m.begin(), with.topics.front());
    return m;
}

awaitable<int> send_lines(zmq::socket s, settings with)
{
    input_lines input;
    for (int heard = 0; heard < with.subscribers;) {
        const zmq::multipart news = co_await s.receive_multipart();
        heard += news[0].text().starts_with('\x01') ? 1 : 0;
    }
    for (std::uint64_t i = 0; i < with.count; ++i) {
        auto reading = input.next();
        const auto line = co_await std::move(reading);
        if (!line) break;
        co_await s.send_multipart(outgoing(*line, with));
    }
    co_return 0;
}

awaitable<int> print_messages(zmq::socket s, settings with)
{
    for (std::uint64_t i = 0; i < with.count; ++i) {
        const zmq::multipart m = co_await s.receive_multipart();
        print(m, with);
    }
    co_return 0;
}

awaitable<int> ask(zmq::socket s, settings with)
{
    input_lines input;
    for (std::uint64_t i = 0; i < with.count; ++i) {
        auto reading = input.next();
        const auto line = co_await std::move(reading);
        if (!line) break;
        co_await s.send_multipart(to_message(*line, with.format, with.separator));
        const zmq::multipart answer = co_await s.receive_multipart();
        print(answer, with);
    }
    co_return 0;
}

awaitable<int> answer(zmq::socket s, settings with)
{
    input_lines input;
    for (std::uint64_t i = 0; i < with.count; ++i) {
        const zmq::multipart question = co_await s.receive_multipart();
        if (with.execute.empty()) {
            print(question, with);
            auto reading = input.next();
            const auto line = co_await std::move(reading);
            if (!line) break;
            co_await s.send_multipart(to_message(*line, with.format, with.separator));
        } else {
            auto running =
                run_shell(with.execute, to_line(question, with.format, with.separator) + '\n');
            std::string output = co_await std::move(running);
            if (output.ends_with('\n')) output.pop_back();
            co_await s.send_multipart(to_message(output, with.format, with.separator));
        }
    }
    co_return 0;
}

/// Lines to the socket, and its messages to the output, side by side.
awaitable<int> talk(zmq::socket s, settings with)
{
    auto send_all = [](zmq::socket* to, settings how) -> awaitable<void> {
        input_lines input;
        for (;;) {
            auto reading = input.next();
            const auto line = co_await std::move(reading);
            if (!line) co_return;
            co_await to->send_multipart(to_message(*line, how.format, how.separator));
        }
    };
    task_group both;
    both.spawn(send_all(&s, with));
    for (std::uint64_t i = 0; i < with.count; ++i) {
        const zmq::multipart m = co_await s.receive_multipart();
        print(m, with);
    }
    both.cancel();
    co_await both.join();
    co_return 0;
}

struct pattern {
    const char* name;
    const char* summary;
    const char* example;
    zmq::socket_type type;
    bool binds;
    awaitable<int> (*work)(zmq::socket, settings);
};

constexpr std::array patterns{
    pattern{"push", "send each line of the input to one of the peers",
            "seq 9 | ferry zmq push 'tcp://127.0.0.1:5000'", zmq::push, true, send_lines},
    pattern{"pull", "print what peers push", "ferry zmq pull tcp://127.0.0.1:5000 -n 9", zmq::pull,
            false, print_messages},
    pattern{"pub", "publish each line of the input",
            "echo sunny | ferry zmq pub tcp://127.0.0.1:5001 -t weather. --wait 1", zmq::xpub, true,
            send_lines},
    pattern{"sub", "print what is published, or some topics of it",
            "ferry zmq sub tcp://127.0.0.1:5001 -t weather.", zmq::sub, false, print_messages},
    pattern{"req", "ask each line of the input, and print the answers",
            "echo hello | ferry zmq req tcp://127.0.0.1:5002", zmq::req, false, ask},
    pattern{"rep", "print each request and answer with a line of the input, or of a command",
            "ferry zmq rep tcp://127.0.0.1:5002 --exec 'tr a-z A-Z'", zmq::rep, true, answer},
    pattern{"dealer", "send lines and print messages, independently",
            "seq 9 | ferry zmq dealer tcp://127.0.0.1:5003", zmq::dealer, false, talk},
    pattern{"router", "the same, the first frame being the peer's name",
            "ferry zmq router tcp://127.0.0.1:5003 --json", zmq::router, true, talk},
    pattern{"pair", "the same with the one other end of a pair",
            "ferry zmq pair ipc:///tmp/talk --connect", zmq::pair, true, talk},
};

void show_example(CLI::App& of, const std::string& line)
{
    of.footer("Example:\n  " + line);
}

void add_pattern(CLI::App& options, const pattern& p, settings& with)
{
    auto* const verb = options.add_subcommand(p.name, p.summary);
    show_example(*verb, p.example);
    verb->add_option("endpoint", with.endpoint, "tcp://host:port, ipc://path; tcp://127.0.0.1:*")
        ->required();
    auto* const bind =
        verb->add_flag("--bind", with.bind, p.binds ? "listen (the default)" : "listen");
    verb->add_flag("--connect", with.connect, p.binds ? "connect" : "connect (the default)")
        ->excludes(bind);
    verb->add_option("-n,--count", with.count, "end after so many messages");
    verb->add_flag_callback(
        "--lines", [&] { with.format = line_format::text; },
        "a message is a line of text (the default)");
    verb->add_flag_callback(
        "--json", [&] { with.format = line_format::json; },
        "a message is a JSON array of its frames");
    verb->add_flag_callback(
        "--hex", [&] { with.format = line_format::hex; },
        "a message is its bytes in hexadecimal, frames between blanks");
    verb->add_flag_callback(
        "--pickle", [&] { with.format = line_format::pickle; },
        "a message is a pickle, a line its value in JSON");
    verb->add_option("--parts", with.separator, "what stands between the frames of a line");
    verb->add_option("--timeout", with.timeout, "seconds to wait for each message");
    verb->add_option("--hwm", with.hwm, "messages that may wait for each peer")
        ->capture_default_str();
    verb->add_option("--linger", with.linger, "seconds to keep what is not sent at the end")
        ->capture_default_str();
    verb->add_option("--cert", with.certificate,
                     "the NAME.key_secret of this end; alone: of a CURVE server");
    verb->add_option("--curve-server", with.server_key,
                     "be a CURVE client of the server with "
                     "this public key");
    const std::string name = p.name;
    if (name == "sub") verb->add_option("-t,--topic", with.topics, "a topic; may be repeated");
    if (name == "pub") {
        verb->add_option("-t,--topic", with.topics, "a frame in front of each message")
            ->expected(1);
        verb->add_option("--wait", with.subscribers, "begin when there are so many subscriptions");
    }
    if (name == "rep") {
        verb->add_option("--exec", with.execute,
                         "a shell command that reads the request and "
                         "prints the answer");
    }
}

struct proxy_settings {
    std::string kind;
    std::string front;
    std::string back;
    std::string capture;
};

awaitable<int> pass_on(proxy_settings with)
{
    const bool queue = with.kind == "queue";
    const bool forwarder = with.kind == "forwarder";
    zmq::socket front(queue ? zmq::router : forwarder ? zmq::xsub : zmq::pull);
    zmq::socket back(queue ? zmq::dealer : forwarder ? zmq::xpub : zmq::push);
    zmq::socket seen(zmq::pub);
    std::fprintf(stderr, "bound to %s\n", front.bind(with.front).c_str());
    std::fprintf(stderr, "bound to %s\n", back.bind(with.back).c_str());
    zmq::proxy_options how;
    if (!with.capture.empty()) {
        std::fprintf(stderr, "bound to %s\n", seen.bind(with.capture).c_str());
        how.capture(seen);
    }
    co_await zmq::proxy(front, back, how);
    co_return 0;
}

awaitable<int> print_events(std::string endpoint, std::uint64_t count)
{
    zmq::socket s(zmq::dealer);
    auto news = s.watch();
    s.connect(endpoint);
    for (std::uint64_t i = 0; i < count; ++i) {
        auto next = news.next();
        const auto e = co_await std::move(next);
        if (!e) break;
        std::printf("%s %d %s\n", std::string(zmq::name(e->type)).c_str(), e->value,
                    e->endpoint.c_str());
        std::fflush(stdout);
    }
    co_return 0;
}

/// The verbs that are more than one socket.
class services {
public:
    explicit services(CLI::App& options)
    {
        log_ = options.add_subcommand("log", "print the log records that programs publish");
        show_example(*log_, "ferry zmq log tcp://127.0.0.1:5004 --bind -l WARNING");
        log_->add_option("endpoint", log_with_.endpoint, "where they are published")->required();
        log_->add_flag("--bind", log_with_.bind, "listen, for programs that connect");
        log_->add_option("-l,--level", log_with_.level, "the least level")
            ->check(CLI::IsMember({"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}))
            ->capture_default_str();
        log_->add_option("-t,--topic", log_with_.topic, "only topics that begin so, as app.");
        log_->add_option("-n,--count", log_with_.count, "end after so many records");

        mdp_ = options.add_subcommand("mdp", "services by name: the Majordomo protocol");
        show_example(*mdp_, "ferry zmq mdp broker tcp://127.0.0.1:5555");
        mdp_->require_subcommand(1);
        broker_ = mdp_->add_subcommand("broker", "stand between clients and workers");
        show_example(*broker_, "ferry zmq mdp broker tcp://127.0.0.1:5555");
        call_ = mdp_->add_subcommand("call", "ask a service, and print the answer");
        show_example(*call_, "ferry zmq mdp call tcp://127.0.0.1:5555 echo hello");
        list_ = mdp_->add_subcommand("list", "tell whether services have a worker");
        show_example(*list_, "ferry zmq mdp list tcp://127.0.0.1:5555 echo coffee");
        for (CLI::App* const verb : {broker_, call_, list_}) {
            verb->add_option("endpoint", mdp_with_.endpoint, "the broker's endpoint")->required();
        }
        for (CLI::App* const verb : {call_, list_}) {
            verb->add_option("--timeout", mdp_with_.timeout, "seconds for each attempt")
                ->capture_default_str();
            verb->add_option("--retries", mdp_with_.retries, "further attempts")
                ->capture_default_str();
        }
        call_->add_option("service", mdp_with_.service, "its name")->required();
        call_->add_option("words", mdp_with_.words,
                          "the frames of the question; without them each line of the input is one");
        list_->add_option("services", mdp_with_.words, "their names")->required();

        bench_ = options.add_subcommand("bench", "measure this machine's ZeroMQ");
        show_example(*bench_, "ferry zmq bench ipc:///tmp/bench --size 64");
        bench_->add_option("endpoint", bench_with_.endpoint, "ipc://path, tcp://127.0.0.1:*")
            ->capture_default_str();
        bench_->add_option("--size", bench_with_.size, "bytes of a message")->capture_default_str();
        bench_->add_option("-n,--count", bench_with_.count, "messages to push")
            ->check(CLI::Range(2, 1'000'000'000))
            ->capture_default_str();
        bench_->add_option("--questions", bench_with_.questions, "questions to ask")
            ->check(CLI::Range(1, 1'000'000'000))
            ->capture_default_str();
        bench_->add_flag("--json", bench_with_.json, "print one object");
    }

    /// The chosen one's operation; none if it is another verb.
    std::optional<awaitable<int>> chosen() const
    {
        if (*log_) return watch_log(log_with_);
        if (*bench_) return measure_zmq(bench_with_);
        if (*broker_) return run_mdp_broker(mdp_with_);
        if (*call_) return call_mdp_service(mdp_with_);
        if (*list_) return list_mdp_services(mdp_with_);
        return std::nullopt;
    }

private:
    CLI::App* log_;
    CLI::App* mdp_;
    CLI::App* broker_;
    CLI::App* call_;
    CLI::App* list_;
    CLI::App* bench_;
    log_settings log_with_;
    mdp_settings mdp_with_;
    zmq_bench_settings bench_with_;
};

}  // namespace

int zmq(int argc, char** argv)
{
    CLI::App options{
        "Send and receive messages of ZeroMQ.\n"
        "  ferry zmq rep tcp://127.0.0.1:5000 --exec 'tr a-z A-Z'\n"
        "  echo hello | ferry zmq req tcp://127.0.0.1:5000\n"
        "  ferry zmq sub tcp://127.0.0.1:5001 -t weather.\n"
        "  ferry zmq proxy queue 'tcp://*:5002' 'tcp://*:5003'",
        "ferry zmq"};
    options.require_subcommand(1);
    settings with;
    for (const pattern& p : patterns) add_pattern(options, p, with);

    proxy_settings between;
    auto* const passing = options.add_subcommand("proxy", "pass messages on between two endpoints");
    show_example(*passing, "ferry zmq proxy queue 'tcp://*:5002' 'tcp://*:5003'");
    passing->add_option("kind", between.kind, "queue, forwarder or streamer")
        ->required()
        ->check(CLI::IsMember({"queue", "forwarder", "streamer"}));
    passing->add_option("front", between.front, "where clients, publishers or sources connect")
        ->required();
    passing->add_option("back", between.back, "where workers, subscribers or sinks connect")
        ->required();
    passing->add_option("--capture", between.capture, "publish a copy of every message there");

    auto* const monitoring = options.add_subcommand("monitor", "connect, and print what happens");
    show_example(*monitoring, "ferry zmq monitor tcp://127.0.0.1:5000 -n 3");
    monitoring->add_option("endpoint", with.endpoint, "tcp://host:port...")->required();
    monitoring->add_option("-n,--count", with.count, "end after so many events");

    std::string name;
    auto* const making = options.add_subcommand("keygen", "make NAME.key and NAME.key_secret");
    show_example(*making, "ferry zmq keygen certificates/server");
    making->add_option("name", name, "a path without the ending")->required();

    const services more(options);

    if (const auto end = parse(options, argc, argv)) return *end;
    if (auto operation = more.chosen()) return run_until_interrupted(std::move(*operation));
    if (*passing) return run_until_interrupted(pass_on(between));
    if (*monitoring) return run_until_interrupted(print_events(with.endpoint, with.count));
    if (*making) {
        const auto slash = name.rfind('/');
        const std::string folder = slash == std::string::npos ? "." : name.substr(0, slash + 1);
        const auto made = zmq::certificate::generate();
        made.save(folder, slash == std::string::npos ? name : name.substr(slash + 1));
        std::printf("%s\n", made.public_key().c_str());
        return 0;
    }
    const std::string chosen = options.get_subcommands().front()->get_name();
    for (const pattern& p : patterns) {
        if (chosen != p.name) continue;
        const auto type = p.type == zmq::xpub && with.subscribers == 0 ? zmq::pub : p.type;
        return run_until_interrupted(p.work(open(type, with, p.binds), with));
    }
    return exit_code::usage;
}

}  // namespace ferry::command
