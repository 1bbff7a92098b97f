#include "ferry/core/base64.hpp"
#include "ferry/documents/detail/json_compare.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/documents/json_patch.hpp"
#include "ferry/documents/json_pointer.hpp"

#include <algorithm>
#include <utility>

namespace ferry::json {
namespace {

using detail::alignment;
using detail::relation;

/// Two values that stand for one another, and where they are in the second document.
struct pair_at {
    std::string pointer;
    const value* from;
    const value* to;
};

/// Builds a patch level by level: first an array or object gets its elements, then those that
/// changed inside are gone into. Their places no longer change then.
class patch_maker {
public:
    value make(const value& from, const value& to)
    {
        jobs_.push_back({"", &from, &to});
        while (!jobs_.empty()) {
            const pair_at job = std::move(jobs_.back());
            jobs_.pop_back();
            switch (detail::relate(*job.from, *job.to)) {
                case relation::equal: break;
                case relation::replaced: put("replace", job.pointer, job.to); break;
                case relation::objects: put_objects(job); break;
                case relation::arrays: put_arrays(job); break;
            }
        }
        return std::move(patch_);
    }

private:
    void put(const char* op, const std::string& pointer, const value* with)
    {
        value& operation = patch_.push_back(value{{"op", op}, {"path", pointer}});
        if (with != nullptr) operation.insert("value", *with);
    }

    void put_objects(const pair_at& job)
    {
        const auto place = [&job](std::string_view key) {
            return job.pointer + '/' + escape_pointer(key);
        };
        for (const auto& [key, before] : job.from->items()) {
            const value* const after = job.to->get_if(key);
            if (after == nullptr) {
                put("remove", place(key), nullptr);
            } else {
                jobs_.push_back({place(key), &before, after});
            }
        }
        for (const auto& [key, after] : job.to->items()) {
            if (!job.from->contains(key)) put("add", place(key), &after);
        }
    }

    void put_arrays(const pair_at& job)
    {
        for (const alignment& a : detail::align(*job.from, *job.to)) {
            // What is in front has its final form already, so this is its index as well.
            const std::string place = job.pointer + '/' + std::to_string(a.after);
            switch (a.is) {
                case alignment::kind::same: break;
                case alignment::kind::removed: put("remove", place, nullptr); break;
                case alignment::kind::added: put("add", place, job.to->begin() + a.after); break;
                case alignment::kind::changed:
                    jobs_.push_back(
                        {place, job.from->begin() + a.before, job.to->begin() + a.after});
                    break;
            }
        }
    }

    std::vector<pair_at> jobs_;
    value patch_ = value::array();
};

/// `$.items[3]`, extended.
std::string child_path(const std::string& path, const ferry::detail::path_step& step)
{
    return path + ferry::detail::to_string(&step).substr(1);
}
std::string child_path(const std::string& path, std::string_view key)
{
    return child_path(path, ferry::detail::path_step::member(nullptr, key));
}

/// A difference, or two values to compare.
struct visit {
    difference at;
    bool compared;
};

/// What a pair of containers consists of, in the order in which it is to be shown.
std::vector<visit> children_of(const difference& at)
{
    std::vector<visit> children;
    const auto put_member = [&](std::string_view key, const value* before, const value* after) {
        children.push_back(
            {{child_path(at.path, key), at.pointer + '/' + escape_pointer(key), before, after},
             before != nullptr && after != nullptr});
    };
    if (at.before->is_object()) {
        for (const auto& [key, before] : at.before->items()) {
            put_member(key, &before, at.after->get_if(key));
        }
        for (const auto& [key, after] : at.after->items()) {
            if (!at.before->contains(key)) put_member(key, nullptr, &after);
        }
        return children;
    }
    for (const alignment& a : detail::align(*at.before, *at.after)) {
        if (a.is == alignment::kind::same) continue;
        const bool removed = a.is == alignment::kind::removed;
        const std::size_t index = removed ? a.before : a.after;
        children.push_back(
            {{child_path(at.path, ferry::detail::path_step::element(nullptr, index)),
              at.pointer + '/' + std::to_string(index),
              a.is == alignment::kind::added ? nullptr : at.before->begin() + a.before,
              removed ? nullptr : at.after->begin() + a.after},
             a.is == alignment::kind::changed});
    }
    return children;
}

bool has_null_member(const value& v)
{
    std::vector<const value*> left{&v};
    while (!left.empty()) {
        const value& next = *left.back();
        left.pop_back();
        if (next.is_null()) return true;
        if (!next.is_object()) continue;
        for (const auto& [key, member] : next.items()) left.push_back(&member);
    }
    return false;
}

}  // namespace

value make_patch(const value& from, const value& to)
{
    return patch_maker{}.make(from, to);
}

std::vector<difference> differences(const value& from, const value& to)
{
    std::vector<difference> found;
    std::vector<visit> left{{{"$", "", &from, &to}, true}};
    while (!left.empty()) {
        visit next = std::move(left.back());
        left.pop_back();
        const relation how =
            next.compared ? detail::relate(*next.at.before, *next.at.after) : relation::replaced;
        if (how == relation::equal) continue;
        if (how == relation::replaced) {
            found.push_back(std::move(next.at));
            continue;
        }
        auto children = children_of(next.at);
        left.insert(left.end(), std::make_move_iterator(children.rbegin()),
                    std::make_move_iterator(children.rend()));
    }
    return found;
}

std::string diff(const value& from, const value& to)
{
    const auto style = dump_options().nan(nan_policy::literal).fallback([](const value& v) {
        return value{base64::encode(v.as<std::span<const std::byte>>())};
    });
    std::string shown;
    for (const difference& d : differences(from, to)) {
        if (d.before != nullptr) shown += "- " + d.path + ": " + dump(*d.before, style) + '\n';
        if (d.after != nullptr) shown += "+ " + d.path + ": " + dump(*d.after, style) + '\n';
    }
    return shown;
}

value make_merge_patch(const value& from, const value& to)
{
    if (!to.is_object()) return to;
    struct job {
        const value* from;
        const value* to;
        value* patch;
    };
    static const value nothing = value::object();
    value made = value::object();
    std::vector<job> jobs{{from.is_object() ? &from : &nothing, &to, &made}};
    while (!jobs.empty()) {
        const job now = jobs.back();
        jobs.pop_back();
        for (const auto& [key, before] : now.from->items()) {
            if (!now.to->contains(key)) now.patch->insert(key, nullptr);
        }
        std::vector<std::pair<std::string_view, const value*>> nested;
        for (const auto& [key, after] : now.to->items()) {
            const value* const before = now.from->get_if(key);
            if (before != nullptr && *before == after) continue;
            if (before != nullptr && before->is_object() && after.is_object()) {
                now.patch->insert(key, value::object());
                nested.emplace_back(key, before);
            } else if (has_null_member(after)) {
                throw type_error{child_path("$", key),
                                 "value without nulls, which a merge patch removes", "null"};
            } else {
                now.patch->insert(key, after);
            }
        }
        for (const auto& [key, before] : nested) {
            jobs.push_back({before, now.to->get_if(key), &now.patch->at(key)});
        }
    }
    return made;
}

}  // namespace ferry::json
