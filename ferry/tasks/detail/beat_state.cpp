#include "ferry/tasks/detail/beat_state.hpp"

#include "ferry/documents/json.hpp"

#include <utility>

namespace ferry::tasks::detail {
namespace {

constexpr std::size_t max_state_bytes = 64 * 1024 * 1024;

}  // namespace

std::string text_of(const beat_memories& all, std::string_view zone)
{
    value entries = value::object();
    for (const auto& [name, memory] : all) {
        entries.insert(name, value::object("last_run", iso8601::format(memory.last_run),
                                           "total_runs", memory.total_runs));
    }
    return json::dump(value::object("timezone", zone, "entries", std::move(entries))) + '\n';
}

beat_memories memories_from(std::string_view text, std::string_view zone)
{
    beat_memories all;
    const value saved = json::parse(text);
    if (saved["timezone"].as<std::string>() != zone) return all;
    for (const auto& [name, one] : saved["entries"].items()) {
        beat_memory memory;
        memory.last_run = iso8601::parse(one["last_run"].as<std::string>()).utc;
        memory.total_runs = one["total_runs"].as<std::uint64_t>();
        all.emplace(name, memory);
    }
    return all;
}

beat_state::beat_state(std::filesystem::path path)
    : path_{std::move(path)}, lock_{path_.string() + ".lock", "beat state " + path_.string()}
{
}

beat_memories beat_state::load(std::string_view zone) const
{
    if (!std::filesystem::exists(path_)) return {};
    try {
        return memories_from(read_whole_file(path_.string(), max_state_bytes), zone);
    } catch (error& e) {
        e.add_context("read beat state " + path_.string());
        throw;
    }
}

void beat_state::save(std::string_view zone, const beat_memories& all) const
{
    replace_file(path_.string(), text_of(all, zone));
}

}  // namespace ferry::tasks::detail
