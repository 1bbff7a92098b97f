#include "ferry/tasks/detail/signature_value.hpp"

#include "ferry/core/error.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace ferry::tasks::detail {
namespace {

constexpr std::string_view chunks_name = "celery.chunks";

}  // namespace

void refuse_signature(std::string_view why)
{
    throw error{ferry::errc::malformed, "signature: " + std::string{why}};
}

value signature_of(std::string_view task, value args, value kwargs, value subtask_type,
                   bool immutable)
{
    return value::object("task", task, "args", std::move(args), "kwargs", std::move(kwargs),
                         "options", value::object(), "subtask_type", std::move(subtask_type),
                         "immutable", immutable);
}

value chain_of(std::span<const value> steps)
{
    value tasks = value::array();
    for (const value& step : steps) tasks.push_back(step);
    return signature_of(chain_name, value::array(), value::object("tasks", std::move(tasks)),
                        "chain");
}

value joined(std::span<const value> steps)
{
    std::vector<value> all;
    for (const value& step : steps) add_step(all, step, 0);
    return all.size() == 1 ? std::move(all[0]) : chain_of(all);
}

value group_of(std::span<const value> members)
{
    value tasks = value::array();
    for (const value& member : members) tasks.push_back(member);
    return signature_of(group_name, value::array(), value::object("tasks", std::move(tasks)),
                        "group");
}

value chord_of(const value& header, value body)
{
    value members = header;
    if (header.is_object()) {
        std::vector<value> all;
        add_members(header, all, 0);
        members = value::array();
        for (value& member : all) members.push_back(std::move(member));
    }
    return signature_of(chord_name, value::array(),
                        value::object("kwargs", value::object(), "header", std::move(members),
                                      "body", std::move(body)),
                        "chord");
}

value map_of(std::string_view task, const value& call, value items)
{
    return signature_of(task, value::array(), value::object("task", call, "it", std::move(items)),
                        {}, true);
}

namespace {

/// The same, which takes no result: all that begins with it.
value alone(value signature)
{
    const std::string task{task_of(signature)};
    if (task == chain_name || task == group_name) {
        value& tasks = signature["kwargs"]["tasks"];
        const std::size_t first =
            task == chain_name ? std::min<std::size_t>(tasks.size(), 1) : tasks.size();
        for (std::size_t i = 0; i < first; ++i) tasks[i] = alone(tasks[i]);
    } else if (task == chord_name) {
        std::vector<value> members;
        add_members(value{signature["kwargs"]["header"]}, members, 0);
        value header = value::array();
        for (value& member : members) header.push_back(alone(std::move(member)));
        signature["kwargs"]["header"] = std::move(header);
    } else {
        signature["immutable"] = true;
    }
    return signature;
}

}  // namespace

value with_link(value signature, std::string_view option, const value& callback)
{
    signature = unrolled(signature);
    const std::string task{task_of(signature)};
    if (task == chord_name) {
        value& body = signature["kwargs"]["body"];
        body = with_link(body, option, callback);
    } else if (task != chain_name && task != group_name) {
        signature["options"][option].push_back(callback);
    } else if (value& tasks = signature["kwargs"]["tasks"]; option == "link_error") {
        for (std::size_t i = 0; i < tasks.size(); ++i) {
            tasks[i] = with_link(tasks[i], option, callback);
        }
    } else if (!tasks.empty()) {
        const bool ends = task == chain_name;
        value& one = tasks[ends ? tasks.size() - 1 : 0];
        one = ends ? with_link_at_end(one, callback) : with_link(one, option, alone(callback));
    }
    return signature;
}

value with_link_at_end(value step, const value& callback)
{
    if (task_of(step) != group_name) return with_link(std::move(step), "link", callback);
    value& tasks = step["kwargs"]["tasks"];
    for (std::size_t i = 0; i < tasks.size(); ++i) tasks[i] = with_link_at_end(tasks[i], callback);
    return step;
}

value with_options(value signature, const value& options)
{
    // Links are with_link()'s, and the rest is what a part gets with its place.
    constexpr std::array<std::string_view, 10> own = {
        "link",     "link_error",  "task_id", "root_id", "parent_id",
        "group_id", "group_index", "chord",   "chain",   "reply_to"};
    const std::string task{task_of(signature)};
    if (!options.is_object() || options.empty()) return signature;
    if (task == chain_name || task == group_name) {
        value& tasks = signature["kwargs"]["tasks"];
        for (std::size_t i = 0; i < tasks.size(); ++i) {
            if (i == 0 || task == group_name) tasks[i] = with_options(tasks[i], options);
        }
    } else if (task == chord_name) {
        value& kwargs = signature["kwargs"];
        kwargs["body"] = with_options(kwargs["body"], options);
        std::vector<value> members;
        add_members(value{kwargs["header"]}, members, 0);
        value header = value::array();
        for (value& m : members) header.push_back(with_options(std::move(m), options));
        kwargs["header"] = std::move(header);
    } else {
        for (const auto& [name, v] : options.items()) {
            if (std::ranges::find(own, name) == own.end()) signature["options"][name] = v;
        }
    }
    return signature;
}

value with_id(value signature, std::string_view id)
{
    const std::string task{task_of(signature)};
    if (task == chain_name) {
        value& tasks = signature["kwargs"]["tasks"];
        if (!tasks.empty()) tasks[tasks.size() - 1] = with_id(tasks[tasks.size() - 1], id);
    } else if (task == chord_name) {
        value& body = signature["kwargs"]["body"];
        body = with_id(body, id);
    } else if (option_text(signature, "task_id").empty()) {
        signature["options"]["task_id"] = id;
    }
    return signature;
}

std::string_view task_of(const value& signature)
{
    const value* const name = signature.get_if("task");
    if (name == nullptr || !name->is_string()) refuse_signature("no task");
    return name->as<std::string_view>();
}

const value* find_in(const value& of, std::string_view outer, std::string_view inner)
{
    const value* const found = of.get_if(outer);
    return found == nullptr ? nullptr : found->get_if(inner);
}

std::string option_text(const value& signature, std::string_view name)
{
    const value* const found = find_in(signature, "options", name);
    return found != nullptr && found->is_string() ? found->as<std::string>() : std::string{};
}

std::vector<value> elements(const value* list)
{
    std::vector<value> all;
    if (list == nullptr || list->is_null()) return all;
    if (!list->is_sequence()) return {*list};
    for (const value& element : *list) all.push_back(element);
    return all;
}

std::vector<value> steps_of(const value& chain)
{
    return elements(find_in(chain, "kwargs", "tasks"));
}

void check_depth(std::size_t depth)
{
    if (depth > max_canvas_depth) throw limit_error{"max_canvas_depth", max_canvas_depth};
}

void add_members(const value& group, std::vector<value>& to, std::size_t depth)
{
    check_depth(depth);
    if (group.is_sequence()) {
        for (const value& member : group) {
            if (member.is_object() && task_of(member) == group_name) {
                add_members(member, to, depth + 1);
            } else {
                to.push_back(member);
            }
        }
        return;
    }
    if (!group.is_object() || task_of(group) != group_name) return to.push_back(group);
    const value* const tasks = find_in(group, "kwargs", "tasks");
    if (tasks != nullptr) add_members(*tasks, to, depth + 1);
}

std::string id_of(const value& step, std::size_t depth)
{
    check_depth(depth);
    const std::string_view task = task_of(step);
    if (task == chord_name) {
        const value* const body = find_in(step, "kwargs", "body");
        return body == nullptr ? std::string{} : id_of(*body, depth + 1);
    }
    if (task == chain_name) {
        const auto steps = steps_of(step);
        return steps.empty() ? std::string{} : id_of(steps.back(), depth + 1);
    }
    return option_text(step, "task_id");
}

value unrolled(const value& signature)
{
    if (!signature.is_object()) refuse_signature("not a mapping");
    if (task_of(signature) != chunks_name) return signature;
    const value* const call = find_in(signature, "kwargs", "task");
    const value* const items = find_in(signature, "kwargs", "it");
    const value* const size = find_in(signature, "kwargs", "n");
    if (call == nullptr || items == nullptr || size == nullptr || !items->is_sequence() ||
        !size->is_integer() || size->is_big() || size->as<std::int64_t>() < 1) {
        refuse_signature("celery.chunks needs task, it and n");
    }
    const auto n = static_cast<std::size_t>(size->as<std::int64_t>());
    std::vector<value> parts;
    value part = value::array();
    for (const value& item : *items) {
        part.push_back(item);
        if (part.size() == n) {
            parts.push_back(map_of("celery.starmap", *call, std::exchange(part, value::array())));
        }
    }
    if (!part.empty()) parts.push_back(map_of("celery.starmap", *call, std::move(part)));
    return group_of(parts);
}

void add_step(std::vector<value>& to, const value& step, std::size_t depth)
{
    check_depth(depth);
    value next = unrolled(step);
    if (task_of(next) == chain_name) {
        for (const value& inner : steps_of(next)) add_step(to, inner, depth + 1);
        return;
    }
    if (task_of(next) == group_name) {
        std::vector<value> members;
        add_members(next, members, depth);
        if (members.size() == 1) return add_step(to, members[0], depth + 1);
    }
    const std::string_view before = to.empty() ? std::string_view{} : task_of(to.back());
    if (before == group_name) {
        to.back() = chord_of(value{to.back()}, std::move(next));
    } else if (before == chord_name) {
        const value* const body = find_in(to.back(), "kwargs", "body");
        if (body == nullptr) refuse_signature("a chord has no body");
        std::vector<value> joined;
        add_step(joined, value{*body}, depth + 1);
        add_step(joined, next, depth + 1);
        to.back()["kwargs"]["body"] = joined.size() == 1 ? joined[0] : chain_of(joined);
    } else {
        to.push_back(std::move(next));
    }
}

}  // namespace ferry::tasks::detail
