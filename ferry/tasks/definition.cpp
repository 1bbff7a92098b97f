#include "ferry/tasks/definition.hpp"

#include "ferry/tasks/result.hpp"

#include <algorithm>

namespace ferry::tasks::detail {
namespace {

[[noreturn]] void refuse(const definition& task, const std::string& why)
{
    throw task_error{"TypeError", "builtins", task.name + "() " + why};
}

std::string quoted(std::string_view name)
{
    return "'" + std::string{name} + "'";
}

std::string name_of(const definition& task, std::size_t index)
{
    const std::vector<std::string>& names = task.settings.parameters;
    return index < names.size() ? quoted(names[index]) : std::to_string(index + 1);
}

std::string counted(std::size_t count, const std::string& what)
{
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

/// `a`, `a and b`, `a, b, and c`.
std::string enumerated(const std::vector<std::string>& all)
{
    std::string text = all.front();
    for (std::size_t i = 1; i < all.size(); ++i) {
        text += all.size() > 2 ? ", " : " ";
        if (i + 1 == all.size()) text += "and ";
        text += all[i];
    }
    return text;
}

void take_named(const definition& task, const value& kwargs, std::vector<const value*>& found)
{
    const std::vector<std::string>& names = task.settings.parameters;
    for (const auto& [name, given] : kwargs.items()) {
        const auto at = std::ranges::find(names, name);
        const auto index = static_cast<std::size_t>(at - names.begin());
        if (at == names.end() || index >= found.size()) {
            refuse(task, "got an unexpected keyword argument " + quoted(name));
        }
        if (found[index] != nullptr) {
            refuse(task, "got multiple values for argument " + quoted(name));
        }
        found[index] = &given;
    }
}

}  // namespace

std::vector<const value*> match_arguments(const definition& task, const message& call,
                                          std::span<const bool> optional)
{
    const std::size_t given = call.args.size();
    if (given > optional.size()) {
        refuse(task, "takes " + counted(optional.size(), "positional argument") + " but " +
                         std::to_string(given) + (given == 1 ? " was given" : " were given"));
    }
    std::vector<const value*> found(optional.size());
    for (std::size_t i = 0; i < given; ++i) found[i] = &call.args.at(i);
    take_named(task, call.kwargs, found);
    std::vector<std::string> missing;
    for (std::size_t i = 0; i < found.size(); ++i) {
        if (found[i] == nullptr && !optional[i]) missing.push_back(name_of(task, i));
    }
    if (!missing.empty()) {
        refuse(task, "missing " + counted(missing.size(), "required positional argument") + ": " +
                         enumerated(missing));
    }
    return found;
}

void refuse_argument(const definition& task, std::size_t index, const error& why)
{
    const auto* wrong = dynamic_cast<const type_error*>(&why);
    if (wrong == nullptr) refuse(task, "argument " + name_of(task, index) + ": " + why.what());
    // The path leads through the message, `$[0][1].count`, or from the argument on, `$.count`.
    std::string_view path{wrong->path()};
    path.remove_prefix(std::min<std::size_t>(1, path.size()));
    if (path.starts_with("[0][")) path.remove_prefix(path.find(']', 4) + 1);
    refuse(task, "argument " + name_of(task, index) + std::string{path} + ": expected " +
                     wrong->wanted() + ", got " + wrong->found());
}

}  // namespace ferry::tasks::detail
