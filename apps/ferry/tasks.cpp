// The verbs of the task queue are those that every program with an app has: app::main.
#include "ferry/tasks/command.hpp"

#include "apps/ferry/commands.hpp"

#include <string>
#include <vector>

namespace ferry::command {
namespace {

int run_verb(std::string name, int argc, char** argv)
{
    std::string program = "ferry";
    std::vector<char*> words{program.data(), name.data()};
    words.insert(words.end(), argv + 1, argv + argc);
    return tasks::run_command(static_cast<int>(words.size()), words.data());
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
