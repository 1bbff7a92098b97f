#include "ferry/tasks/detail/chord_structure.hpp"

#include "ferry/core/log.hpp"
#include "ferry/tasks/detail/result_table.hpp"
#include "ferry/tasks/detail/signature_value.hpp"
#include "ferry/tasks/detail/wire_json.hpp"
#include "ferry/tasks/result.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace ferry::tasks::detail {
namespace {

/// `[[id, parent], members]`
bool is_result(const value& v)
{
    return v.is_sequence() && v.size() == 2 && v.at(0).is_sequence() && !v.at(0).empty() &&
           v.at(0).at(0).is_string();
}

const value& members_of(const value& result)
{
    if (!is_result(result)) throw error{ferry::errc::malformed, "chord: its header is no result"};
    return result.at(1);
}

class arrangement {
public:
    explicit arrangement(std::vector<chord_part> flat) : parts_{std::move(flat)}
    {
        for (chord_part& p : parts_) by_id_.emplace(p.task_id, &p);
    }

    std::optional<std::vector<chord_part>> of(const value& header)
    {
        std::vector<chord_part> all;
        for (const value& member : members_of(header)) {
            std::optional<chord_part> one = take(member, 0);
            if (!one) return std::nullopt;
            all.push_back(std::move(*one));
        }
        for (const chord_part& p : parts_) {
            if (by_id_.contains(p.task_id)) all.push_back(p);
        }
        return all;
    }

private:
    std::optional<chord_part> take(const value& result, std::size_t depth)
    {
        check_depth(depth);
        const value& members = members_of(result);
        const std::string id = result.at(0).at(0).as<std::string>();
        if (!members.is_sequence()) {
            const auto found = by_id_.find(id);
            if (found == by_id_.end()) return std::nullopt;
            const chord_part* const part = found->second;
            by_id_.erase(found);
            return *part;
        }
        chord_part list;
        list.task_id = id;
        list.status = state::success;
        list.result = value::array();
        for (const value& member : members) {
            std::optional<chord_part> one = take(member, depth + 1);
            if (!one) return std::nullopt;
            list.result.push_back(std::move(one->result));
        }
        return list;
    }

    std::vector<chord_part> parts_;
    std::map<std::string, const chord_part*> by_id_;
};

}  // namespace

bool is_nested(const value& header)
{
    const value& members = members_of(header);
    return members.is_sequence() && std::ranges::any_of(members, [](const value& member) {
               return members_of(member).is_sequence();
           });
}

std::string kept_header(value header)
{
    return dump_wire(value::object("result", std::move(header)));
}

std::vector<chord_part> arranged(std::vector<chord_part> flat, std::string_view kept)
{
    const auto failed = [](const chord_part& p) { return p.status != state::success; };
    if (std::ranges::any_of(flat, failed)) return flat;
    try {
        const value document = parse_serialized(kept);
        const value* const header = document.get_if("result");
        std::optional<std::vector<chord_part>> nested =
            arrangement{flat}.of(header != nullptr ? *header : value());
        if (nested) return std::move(*nested);
    } catch (const error& e) {
        log::warning("a chord's results are not nested", "reason", e.what());
    }
    return flat;
}

}  // namespace ferry::tasks::detail
