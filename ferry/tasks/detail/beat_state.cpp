#include "ferry/tasks/detail/beat_state.hpp"

#include "ferry/core/error.hpp"
#include "ferry/core/value.hpp"
#include "ferry/documents/json.hpp"

#include <utility>

namespace ferry::tasks::detail {
namespace {

constexpr std::size_t max_state_bytes = 64 * 1024 * 1024;

}  // namespace

beat_state::beat_state(std::filesystem::path path)
    : path_{std::move(path)}, lock_{path_.string() + ".lock", "beat state " + path_.string()}
{
}

beat_state::entries beat_state::load(std::string_view zone) const
{
    entries all;
    if (!std::filesystem::exists(path_)) return all;
    try {
        const value saved = json::parse(read_whole_file(path_.string(), max_state_bytes));
        if (saved["timezone"].as<std::string>() != zone) return all;
        for (const auto& [name, one] : saved["entries"].items()) {
            beat_memory memory;
            memory.last_run = iso8601::parse(one["last_run"].as<std::string>()).utc;
            memory.total_runs = one["total_runs"].as<std::uint64_t>();
            all.emplace(name, memory);
        }
    } catch (error& e) {
        e.add_context("read beat state " + path_.string());
        throw;
    }
    return all;
}

void beat_state::save(std::string_view zone, const entries& all) const
{
    value saved = value::object();
    for (const auto& [name, memory] : all) {
        saved.insert(name, value::object("last_run", iso8601::format(memory.last_run), "total_runs",
                                         memory.total_runs));
    }
    replace_file(path_.string(),
                 json::dump(value::object("timezone", zone, "entries", std::move(saved))) + '\n');
}

}  // namespace ferry::tasks::detail
