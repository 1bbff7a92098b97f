#include "ferry/tasks/detail/control_arguments.hpp"

#include "ferry/core/error.hpp"
#include "ferry/tasks/command.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace ferry::tasks::detail {
namespace {

struct method_arguments {
    std::string_view method;
    std::array<std::string_view, 4> names;
    std::string_view rest;  ///< a list of all that follows; empty: nothing may follow
};

constexpr std::array known = {
    method_arguments{"add_consumer", {"queue", "exchange", "exchange_type", "routing_key"}, ""},
    method_arguments{"autoscale", {"max", "min"}, ""},
    method_arguments{"cancel_consumer", {"queue"}, ""},
    method_arguments{"conf", {"with_defaults"}, ""},
    method_arguments{"memdump", {"samples"}, ""},
    method_arguments{"objgraph", {"type", "num", "max_depth"}, ""},
    method_arguments{"pool_grow", {"n"}, ""},
    method_arguments{"pool_shrink", {"n"}, ""},
    method_arguments{"query_task", {}, "ids"},
    method_arguments{"rate_limit", {"task_name", "rate_limit"}, ""},
    method_arguments{"registered", {}, "taskinfoitems"},
    method_arguments{"revoke", {}, "task_id"},
    method_arguments{"terminate", {"signal"}, "task_id"},
    method_arguments{"time_limit", {"task_name", "soft", "hard"}, ""},
};

/// Those that are no texts.
constexpr std::array<std::string_view, 9> as_json = {
    "hard", "max", "max_depth", "min", "n", "num", "samples", "soft", "with_defaults"};

value content(std::string_view name, const std::string& word)
{
    return std::ranges::count(as_json, name) != 0 ? parse_argument(word) : value{word};
}

}  // namespace

value control_arguments(std::string_view method, const std::vector<std::string>& words)
{
    const auto* const takes = std::ranges::find(known, method, &method_arguments::method);
    value all = value::object();
    std::size_t place = 0;
    for (const std::string& word : words) {
        const std::size_t equals = word.find('=');
        if (equals != std::string::npos && equals != 0) {
            all.insert(word.substr(0, equals),
                       parse_argument(std::string_view{word}.substr(equals + 1)));
            continue;
        }
        const bool has_place =
            takes != known.end() && place < takes->names.size() && !takes->names.at(place).empty();
        if (has_place) {
            const std::string_view name = takes->names.at(place++);
            all.insert(name, content(name, word));
        } else if (takes != known.end() && !takes->rest.empty()) {
            if (!all.contains(takes->rest)) all.insert(takes->rest, value::array());
            all[takes->rest].push_back(word);
        } else {
            throw error{ferry::errc::malformed, word + ": not name=value"};
        }
    }
    return all;
}

}  // namespace ferry::tasks::detail
