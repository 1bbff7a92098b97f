#include "ferry/documents/json_patch.hpp"

#include "ferry/documents/json_pointer.hpp"

#include <utility>

namespace ferry::json {
namespace {

errc code_of(patch_error::reason why) noexcept
{
    switch (why) {
        case patch_error::reason::malformed: return errc::malformed;
        case patch_error::reason::missing: return errc::not_found;
        case patch_error::reason::test_failed: return errc::invalid_state;
    }
    return errc::malformed;
}

/// Values in a value, itself included.
std::uint64_t count_of(const value& v)
{
    std::uint64_t count = 0;
    std::vector<const value*> left{&v};
    while (!left.empty()) {
        const value& next = *left.back();
        left.pop_back();
        ++count;
        if (next.is_object()) {
            for (const auto& [key, member] : next.items()) left.push_back(&member);
        } else if (next.is_sequence()) {
            for (const value& element : next) left.push_back(&element);
        }
    }
    return count;
}

class patcher {
public:
    patcher(value document, std::uint64_t max_steps)
        : document_{std::move(document)}, max_steps_{max_steps}
    {
    }

    value apply(const value& patch)
    {
        if (!patch.is_array()) fail(patch_error::reason::malformed, "a patch is an array");
        for (const value& operation : patch) {
            apply_one(operation);
            ++number_;
        }
        return std::move(document_);
    }

private:
    [[noreturn]] void fail(patch_error::reason why, const std::string& message) const
    {
        const std::string what = operation_.empty() ? message : operation_ + ": " + message;
        throw patch_error{why, number_, what};
    }
    [[noreturn]] void fail_missing() const
    {
        fail(patch_error::reason::missing, "there is nothing");
    }

    void spend(std::uint64_t steps)
    {
        steps_ += steps;
        if (steps_ > max_steps_) throw limit_error{"max_patch_steps", max_steps_};
    }

    const value& member(const value& operation, const char* name) const
    {
        const value* const found = operation.is_object() ? operation.get_if(name) : nullptr;
        if (found == nullptr) {
            fail(patch_error::reason::malformed, "no member \"" + std::string{name} + '"');
        }
        return *found;
    }
    std::string text(const value& operation, const char* name) const
    {
        const value& found = member(operation, name);
        if (!found.is_string()) {
            fail(patch_error::reason::malformed,
                 "member \"" + std::string{name} + "\" is no string");
        }
        return found.as<std::string>();
    }
    pointer place(const value& operation, const char* name) const
    {
        auto made = pointer::try_parse(text(operation, name));
        if (!made) {
            fail(patch_error::reason::malformed,
                 "member \"" + std::string{name} + "\" is no JSON Pointer");
        }
        return std::move(*made);
    }

    void apply_one(const value& operation)
    {
        operation_.clear();
        const std::string op = text(operation, "op");
        operation_ = op;
        const pointer path = place(operation, "path");
        operation_ += path.empty() ? " the document" : ' ' + path.text();
        if (op == "add") {
            add(path, member(operation, "value"));
        } else if (op == "remove") {
            remove(path);
        } else if (op == "replace") {
            const value& made = member(operation, "value");
            existing(path) = made;
        } else if (op == "move") {
            move(place(operation, "from"), path);
        } else if (op == "copy") {
            const value& source = existing(place(operation, "from"));
            spend(count_of(source));
            add(path, source);
        } else if (op == "test") {
            const value& wanted = member(operation, "value");
            const value* const found = path.find(document_);
            if (found == nullptr) fail_missing();
            if (*found != wanted) {
                fail(patch_error::reason::test_failed, "the value is another one");
            }
        } else {
            fail(patch_error::reason::malformed, "no such operation");
        }
    }

    value& existing(const pointer& path)
    {
        if (path.find(document_) == nullptr) fail_missing();
        return path.at(document_);
    }

    void add(const pointer& path, value made)
    {
        if (path.empty()) {
            document_ = std::move(made);
            return;
        }
        value& parent = existing(path.parent());
        const std::string& token = path.tokens().back();
        if (parent.is_object()) {
            parent.insert(token, std::move(made));
        } else if (!parent.is_array() && !parent.is_tuple()) {
            fail(patch_error::reason::missing, "what is around is neither object nor array");
        } else if (token == "-") {
            parent.push_back(std::move(made));
        } else {
            const auto index = detail::array_index(token);
            if (!index || *index > parent.size()) {
                fail(patch_error::reason::missing, "no such place in the array");
            }
            spend(parent.size() - *index);
            parent.insert(*index, std::move(made));
        }
    }

    value remove(const pointer& path)
    {
        value taken = std::exchange(existing(path), nullptr);
        if (path.empty()) return taken;
        value& parent = existing(path.parent());
        spend(parent.size());
        const std::string& token = path.tokens().back();
        if (parent.is_object()) {
            parent.erase(token);
        } else {
            parent.erase(*detail::array_index(token));
        }
        return taken;
    }

    void move(const pointer& from, const pointer& to)
    {
        existing(from);
        if (from == to) return;
        if (from.contains(to)) {
            fail(patch_error::reason::malformed, "a value cannot move into itself");
        }
        add(to, remove(from));
    }

    value document_;
    std::uint64_t max_steps_;
    std::uint64_t steps_ = 0;
    std::size_t number_ = 0;
    std::string operation_;
};

/// Merges one level. \returns the members that are objects on both sides, to be merged in turn.
std::vector<std::pair<value*, const value*>> merge_level(value& target, const value& patch)
{
    bool removes = false;
    for (const auto& [key, change] : patch.items()) removes = removes || change.is_null();
    if (!target.is_object()) target = value::object();
    if (removes) {
        value kept = value::object();
        for (const auto& [key, member] : target.items()) {
            const value* const change = patch.get_if(key);
            if (change == nullptr || !change->is_null()) kept.insert(key, std::move(member));
        }
        target = std::move(kept);
    }
    for (const auto& [key, change] : patch.items()) {
        if (!change.is_object()) {
            if (!change.is_null()) target.insert(key, change);
        } else if (!std::as_const(target).contains(key)) {
            target.insert(key, value::object());
        }
    }
    std::vector<std::pair<value*, const value*>> nested;
    for (const auto& [key, change] : patch.items()) {
        if (change.is_object()) nested.emplace_back(&target.at(key), &change);
    }
    return nested;
}

}  // namespace

patch_error::patch_error(reason why, std::size_t operation, std::string_view message)
    : error{code_of(why), "operation " + std::to_string(operation) + ", " + std::string{message}},
      why_{why},
      operation_{operation}
{
}

value apply_patch(value document, const value& patch, std::uint64_t max_steps)
{
    return patcher{std::move(document), max_steps}.apply(patch);
}

value apply_merge_patch(value target, const value& patch)
{
    if (!patch.is_object()) return patch;
    std::vector<std::pair<value*, const value*>> jobs{{&target, &patch}};
    while (!jobs.empty()) {
        const auto [into, from] = jobs.back();
        jobs.pop_back();
        const auto nested = merge_level(*into, *from);
        jobs.insert(jobs.end(), nested.begin(), nested.end());
    }
    return target;
}

}  // namespace ferry::json
