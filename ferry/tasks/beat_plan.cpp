#include "ferry/tasks/beat_plan.hpp"

#include "ferry/core/error.hpp"
#include "ferry/core/file.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <optional>

namespace ferry::tasks {
namespace {

constexpr std::size_t max_plan_bytes = 16 * 1024 * 1024;

/// Reads one file; every error names the place in it.
class plan_reader {
public:
    explicit plan_reader(std::string file_name) : file_name_{std::move(file_name)} {}

    beat_plan read(std::string_view text) const
    {
        toml::table root;
        try {
            root = toml::parse(text, file_name_);
        } catch (const toml::parse_error& e) {
            fail(e.source(), e.description());
        }
        beat_plan plan;
        for (const auto& [key, node] : root) {
            if (key.str() == "timezone") {
                const std::string name = text_of(node, "timezone");
                plan.zone = at(node, [&] { return time_zone(name); });
            } else if (const toml::table* const entry = node.as_table()) {
                plan.calls.push_back(read_entry(std::string{key.str()}, *entry));
            } else {
                fail(node.source(), fmt::format("{} is not timezone, and no table", key.str()));
            }
        }
        return plan;
    }

private:
    [[noreturn]] void fail(const toml::source_region& where, std::string_view why) const
    {
        throw error{ferry::errc::malformed, fmt::format("{}:{}:{}: {}", file_name_,
                                                        where.begin.line, where.begin.column, why)};
    }

    // What `make` makes of a node, or its error with the node's place.
    template <class F>
    auto at(const toml::node& node, F make) const -> decltype(make())
    {
        try {
            return make();
        } catch (const error& e) {
            fail(node.source(), e.what());
        }
    }

    std::string text_of(const toml::node& node, std::string_view key) const
    {
        if (const auto* const text = node.as_string()) return text->get();
        fail(node.source(), fmt::format("{} must be a text", key));
    }

    std::chrono::milliseconds duration_of(const toml::node& node, std::string_view key) const
    {
        const std::string text = text_of(node, key);
        return at(node, [&] {
            return std::chrono::floor<std::chrono::milliseconds>(parse_duration(text));
        });
    }

    periodic_call read_entry(std::string name, const toml::table& entry) const
    {
        call_settings call;
        std::optional<schedule> when;
        const toml::node* relative = nullptr;
        std::optional<every> interval;
        const auto set = [&](const toml::node& node, schedule s) {
            if (when) fail(node.source(), "an entry has one of crontab, every and solar");
            when = std::move(s);
        };
        for (const auto& [key, node] : entry) {
            const std::string_view k = key.str();
            if (k == "task") {
                call.message.task = text_of(node, k);
            } else if (k == "crontab") {
                const std::string text = text_of(node, k);
                set(node, at(node, [&] { return crontab(text); }));
            } else if (k == "every") {
                const auto duration = duration_of(node, k);
                interval = at(node, [&] { return every(duration); });
                set(node, *interval);
            } else if (k == "relative") {
                relative = &node;
            } else if (k == "solar") {
                const std::string text = text_of(node, k);
                set(node, at(node, [&] { return solar_of(text); }));
            } else if (k == "args" && node.is_array()) {
                call.message.args = value_of(node);
            } else if (k == "kwargs" && node.is_table()) {
                call.message.kwargs = value_of(node);
            } else if (k == "queue") {
                call.queue = text_of(node, k);
            } else if (k == "priority" && node.is_integer()) {
                const auto level = node.as_integer()->get();
                if (level < 0 || level > 9) fail(node.source(), "priority is 0 to 9");
                call.message.priority = static_cast<int>(level);
            } else if (k == "expires") {
                call.expires_in = duration_of(node, k);
            } else {
                fail(node.source(),
                     fmt::format("{} is unknown here, or of the wrong type; an entry has task, one "
                                 "of crontab, every and solar, and args, kwargs, queue, priority, "
                                 "expires, relative",
                                 k));
            }
        }
        if (call.message.task.empty()) fail(entry.source(), name + " has no task");
        if (!when) fail(entry.source(), name + " has none of crontab, every and solar");
        if (relative != nullptr) {
            if (!interval || !relative->is_boolean()) {
                fail(relative->source(), "relative is true or false, and goes with every");
            }
            when = interval->relative(relative->as_boolean()->get());
        }
        return {std::move(name), std::move(*when), std::move(call)};
    }

    // `sunset 52.52 13.40`
    static solar solar_of(std::string_view text)
    {
        std::array<std::string_view, 3> words;
        std::size_t count = 0;
        while (!text.empty()) {
            text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
            const std::string_view word = text.substr(0, text.find(' '));
            text.remove_prefix(word.size());
            if (word.empty()) break;
            if (count < words.size()) words[count] = word;
            ++count;
        }
        if (count != words.size()) {
            throw error{ferry::errc::malformed,
                        "solar is an event, a latitude and a longitude: sunset 52.52 13.40"};
        }
        return {words[0], degrees_of(words[1]), degrees_of(words[2])};
    }

    static double degrees_of(std::string_view word)
    {
        double number = 0;
        const auto [end, problem] = std::from_chars(word.data(), word.data() + word.size(), number);
        if (problem != std::errc{} || end != word.data() + word.size()) {
            throw error{ferry::errc::malformed, fmt::format("{} is no number of degrees", word)};
        }
        return number;
    }

    value value_of(const toml::node& node) const
    {
        if (const auto* const text = node.as_string()) return text->get();
        if (const auto* const number = node.as_integer()) return number->get();
        if (const auto* const number = node.as_floating_point()) return number->get();
        if (const auto* const flag = node.as_boolean()) return flag->get();
        if (const auto* const list = node.as_array()) {
            value made = value::array();
            for (const auto& element : *list) made.push_back(value_of(element));
            return made;
        }
        if (const auto* const table = node.as_table()) {
            value made = value::object();
            for (const auto& [key, element] : *table) made.insert(key.str(), value_of(element));
            return made;
        }
        fail(node.source(), "dates and times are written as texts here");
    }

    std::string file_name_;
};

}  // namespace

beat_plan parse_beat_plan(std::string_view toml, const std::string& file_name)
{
    return plan_reader{file_name}.read(toml);
}

std::string plan_name(const std::string& path)
{
    return std::filesystem::path(path).stem().string();
}

beat_plan read_beat_plan(const std::string& path)
{
    return parse_beat_plan(read_whole_file(path, max_plan_bytes), path);
}

}  // namespace ferry::tasks
