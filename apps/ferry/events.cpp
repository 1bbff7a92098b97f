#include "ferry/tasks/events.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/tasks/app.hpp"
#include "ferry/tasks/control.hpp"

#include "apps/ferry/commands.hpp"
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>

namespace ferry::command {
namespace {

using namespace std::chrono_literals;

constexpr auto draw_each = 1s;

enum class form { table, lines, json };

/// What a terminal may be shown of a text from outside: no control characters.
std::string plain(const std::string& text)
{
    std::string shown = text;
    std::ranges::replace_if(shown, [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; }, '?');
    return shown;
}

std::string cut(const std::string& text, std::size_t width)
{
    const std::string shown = plain(text);
    return shown.size() <= width ? shown : shown.substr(0, width);
}

std::string call_of(const tasks::cluster_state::task& t)
{
    if (t.name.empty()) return "?";
    std::string args = t.args.size() >= 2 ? t.args.substr(1, t.args.size() - 2) : t.args;
    if (args.ends_with(',')) args.pop_back();
    if (t.kwargs.size() > 2) args += (args.empty() ? "**" : ", **") + t.kwargs;
    return t.name + "(" + args + ")";
}

/// Two tables that fill the terminal: the workers, and below them the tasks that changed last.
std::string screen(const tasks::cluster_state& all, std::size_t columns, std::size_t rows)
{
    const timestamp present = now();
    std::string text = "\x1b[H";
    std::size_t used = 0;
    const auto line = [&](const std::string& content) {
        if (used + 1 >= rows) return;
        text += cut(content, columns) + "\x1b[K\n";
        ++used;
    };
    line(fmt::format("{:<32} {:<8} {:>7} {:>10}  {:<17} {}", "WORKER", "STATE", "ACTIVE",
                     "PROCESSED", "LOAD", "SOFTWARE"));
    for (const auto& [name, w] : all.workers()) {
        std::string load;
        for (const double each : w.loadavg) load += fmt::format("{:.2f} ", each);
        line(fmt::format("{:<32} {:<8} {:>7} {:>10}  {:<17} {}", name,
                         w.alive(present) ? "online" : "offline", w.active, w.processed, load,
                         w.software));
    }
    line("");
    line(
        fmt::format("{:<36} {:<8} {:<24} {:>9}  {}", "TASK", "STATE", "WORKER", "RUNTIME", "CALL"));
    for (const auto* t : all.latest(rows)) {
        const std::string result = t->result.empty() ? "" : " -> " + t->result;
        line(fmt::format("{:<36} {:<8} {:<24} {:>9}  {}", t->uuid, t->state, t->worker,
                         t->runtime > 0 ? fmt::format("{:.3f} s", t->runtime) : "",
                         call_of(*t) + result));
    }
    return text + "\x1b[J";
}

void draw(const tasks::cluster_state& all)
{
    winsize size{};
    const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0;
    const std::string text = screen(all, known ? size.ws_col : 80, known ? size.ws_row : 24);
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

/// The terminal's other screen, which leaves what was there before as it was.
class other_screen {
public:
    other_screen() { put("\x1b[?1049h\x1b[?25l"); }
    other_screen(const other_screen&) = delete;
    other_screen& operator=(const other_screen&) = delete;
    ~other_screen() { put("\x1b[?25h\x1b[?1049l"); }

private:
    static void put(const char* text)
    {
        std::fputs(text, stdout);
        std::fflush(stdout);
    }
};

awaitable<int> print_events(std::shared_ptr<tasks::message_broker> over, form how)
{
    const auto lines = std::make_shared<tasks::event_lines>();
    std::function<void(const value&)> each = [lines, how](const value& event) {
        const std::string text =
            how == form::json
                ? json::dump(event, json::dump_options().nan(json::nan_policy::literal))
                : plain(lines->line(event));
        std::printf("%s\n", text.c_str());
        std::fflush(stdout);
    };
    auto watching = tasks::watch_events(std::move(over), std::move(each));
    co_await std::move(watching);
    co_return 0;
}

awaitable<int> show_table(std::shared_ptr<tasks::message_broker> over)
{
    const other_screen shown;
    const auto all = std::make_shared<tasks::cluster_state>();
    std::function<void(const value&)> each = [all](const value& event) { all->apply(event); };
    const auto watching = spawn(tasks::watch_events(std::move(over), std::move(each)));
    while (!watching.done()) {
        draw(*all);
        co_await sleep(draw_each);
    }
    co_await watching.join();
    co_return 0;
}

awaitable<int> watch(std::shared_ptr<tasks::message_broker> over, form how, bool enable)
{
    if (enable) {
        auto asking = tasks::cast(over, tasks::remote_command("enable_events"));
        co_await std::move(asking);
    }
    auto shown = how == form::table ? show_table(over) : print_events(over, how);
    co_return co_await std::move(shown);
}

}  // namespace

int events(int argc, char** argv)
{
    CLI::App options(
        "Shows what task workers tell of themselves and their tasks, until a signal "
        "ends it.",
        "ferry events");
    std::string url;
    bool lines = false;
    bool as_json = false;
    bool enable = false;
    options.add_option("-b,--broker", url, "amqp://... or redis://...")
        ->required()
        ->type_name("URL");
    options.add_flag(
        "-d,--dump", lines,
        "a line for each event, as celery events --dump; so also if standard output is "
        "no terminal");
    options.add_flag("--json", as_json, "a line of JSON for each event")->excludes("--dump");
    options.add_flag("-E,--enable", enable, "ask the workers to tell of their tasks, too");
    options.footer(R"(Example:
  ferry events --broker redis://127.0.0.1/ --enable)");
    if (const auto code = parse(options, argc, argv)) return *code;
    form how = form::table;
    if (lines || ::isatty(STDOUT_FILENO) == 0) how = form::lines;
    if (as_json) how = form::json;
    return run_until_interrupted(watch(tasks::open_broker(url), how, enable));
}

}  // namespace ferry::command
