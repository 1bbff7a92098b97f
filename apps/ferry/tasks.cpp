#include "ferry/tasks/app.hpp"
#include "ferry/tasks/command.hpp"

#include "apps/ferry/commands.hpp"

#include <string>
#include <vector>

namespace ferry::command {
namespace {

/// Takes `--name value` or `--name=value` out of the arguments.
std::string take_option(std::vector<char*>& arguments, const std::string& name)
{
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        const std::string argument = arguments[i];
        if (argument == "--") break;
        if (argument == name && i + 1 < arguments.size()) {
            std::string value = arguments[i + 1];
            arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(i),
                            arguments.begin() + static_cast<std::ptrdiff_t>(i) + 2);
            return value;
        }
        if (argument.starts_with(name + '=')) {
            arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(i));
            return argument.substr(name.size() + 1);
        }
    }
    return {};
}

/// A verb of the task queue: what every program with an app offers, for the app of `--app FILE`, or
/// for one without tasks of its own, and for the broker of `--broker URL`.
int run_verb(const std::string& name, int argc, char** argv)
{
    std::vector<char*> arguments(argv, argv + argc);
    const std::string file = take_option(arguments, "--app");
    const std::string url = take_option(arguments, "--broker");
    if (!file.empty() && !url.empty()) {
        throw usage_error("--app and --broker: the app names its broker itself");
    }
    std::string program = "ferry";
    std::string verb = name;
    arguments.front() = verb.data();
    arguments.insert(arguments.begin(), program.data());
    const auto count = static_cast<int>(arguments.size());
    if (!file.empty()) return tasks::run_command(tasks::load_app(file), count, arguments.data());
    tasks::app plain = url.empty() ? tasks::app("ferry") : tasks::app("ferry", tasks::broker(url));
    return tasks::run_command(plain, count, arguments.data());
}

}  // namespace

int worker(int argc, char** argv)
{
    return run_verb("worker", argc, argv);
}

int call(int argc, char** argv)
{
    return run_verb("call", argc, argv);
}

int result(int argc, char** argv)
{
    return run_verb("result", argc, argv);
}

int inspect(int argc, char** argv)
{
    return run_verb("inspect", argc, argv);
}

int control(int argc, char** argv)
{
    return run_verb("control", argc, argv);
}

int purge(int argc, char** argv)
{
    return run_verb("purge", argc, argv);
}

}  // namespace ferry::command
