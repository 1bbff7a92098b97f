#include "ferry/tasks/detail/control_arguments.hpp"

#include "ferry/core/error.hpp"
#include "ferry/tasks/command.hpp"
#include "ferry/tasks/detail/remote_methods.hpp"

#include <cstddef>
#include <span>

namespace ferry::tasks::detail {

value control_arguments(std::string_view method, const std::vector<std::string>& words)
{
    using form = method_argument::form;
    std::span<const method_argument> places;
    if (const remote_method* const known = find_method(method)) places = known->arguments;
    value all = value::object();
    for (const std::string& text : words) {
        const std::size_t equals = text.find('=');
        if (equals != std::string::npos && equals != 0) {
            all.insert(text.substr(0, equals),
                       parse_argument(std::string_view{text}.substr(equals + 1)));
            continue;
        }
        while (!places.empty() && places.front().as == form::named) places = places.subspan(1);
        if (places.empty()) throw error{ferry::errc::malformed, text + ": not name=value"};
        const method_argument& next = places.front();
        if (next.as == form::rest) {
            if (!all.contains(next.name)) all.insert(next.name, value::array());
            all[next.name].push_back(text);
            continue;
        }
        all.insert(next.name, next.as == form::parsed ? parse_argument(text) : value{text});
        places = places.subspan(1);
    }
    return all;
}

}  // namespace ferry::tasks::detail
