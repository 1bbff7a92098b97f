#include "ferry/tasks/detail/canvas_plan.hpp"

#include "ferry/core/uuid.hpp"
#include "ferry/tasks/detail/chord_structure.hpp"
#include "ferry/tasks/detail/signature_call.hpp"
#include "ferry/tasks/detail/signature_value.hpp"
#include "ferry/tasks/result.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace ferry::tasks::detail {
namespace {

/// How many tasks have given their place to the next one.
constexpr std::string_view nesting = "replaced_task_nesting";

/// Which group a task belongs to, and what comes when all of that are done.
struct membership {
    std::string group;
    std::optional<std::int64_t> index;
    value chord;
};

/// A result as Celery writes it, for a task and for a group.
value result_of_task(std::string_view id, value parent)
{
    return value::array(value::array(id, std::move(parent)), nullptr);
}
value result_of_group(std::string_view id, value members)
{
    return value::array(value::array(id, nullptr), std::move(members));
}

/// The result of a frozen signature that comes after another, or after null.
value result_of(const value& frozen, value before, std::size_t depth = 0)
{
    check_depth(depth);
    const std::string_view task = task_of(frozen);
    if (task == chord_name) {
        const value* const body = find_in(frozen, "kwargs", "body");
        if (body != nullptr) return result_of(*body, std::move(before), depth + 1);
    }
    if (task == chain_name) {
        for (const value& step : steps_of(frozen)) {
            before = result_of(step, std::move(before), depth + 1);
        }
        return before;
    }
    if (task != group_name) return result_of_task(id_of(frozen), std::move(before));
    value members = value::array();
    for (const value& member : elements(find_in(frozen, "kwargs", "tasks"))) {
        members.push_back(result_of(member, nullptr, depth + 1));
    }
    return value::array(value::array(id_of(frozen), std::move(before)), std::move(members));
}

result_end end_of(const value& frozen, std::string id)
{
    const value* const ignored = find_in(frozen, "options", "ignore_result");
    return {std::move(id), std::string{task_of(frozen)},
            ignored != nullptr && ignored->is_boolean() && ignored->as<bool>()};
}

class planner {
public:
    explicit planner(const surroundings& from) : from_{from} {}

    plan run(const value& signature, const membership& in = membership())
    {
        begun first = begin(signature, in, from_.chain, true, 0);
        made_.children.push_back(std::move(first.child));
        if (is_nested(first.result)) made_.nested = std::move(first.result);
        return std::move(made_);
    }

private:
    /// Gives the signature its ids and its place in a group. \returns whose result is its own.
    std::string freeze(value& signature, const membership& in, std::size_t depth)
    {
        check_depth(depth);
        const std::string task{task_of(signature)};
        if (task == chain_name) {
            std::vector<value> steps;
            add_step(steps, signature, depth);
            if (steps.empty()) refuse_signature("an empty chain");
            std::string last;
            for (value& step : steps) {
                const bool is_last = &step == &steps.back();
                last = freeze(step, is_last ? in : membership{}, depth + 1);
            }
            value list = value::array();
            for (value& step : steps) list.push_back(std::move(step));
            signature["kwargs"]["tasks"] = std::move(list);
            return last;
        }
        if (task == chord_name) {
            const value* const body = find_in(signature, "kwargs", "body");
            if (body == nullptr) refuse_signature("a chord has no body");
            value frozen = *body;
            std::string id = freeze(frozen, in, depth + 1);
            signature["kwargs"]["body"] = std::move(frozen);
            return id;
        }
        std::string id = option_text(signature, "task_id");
        if (id.empty()) id = uuid4();
        value& options = signature["options"];
        options["task_id"] = id;
        if (task == group_name) {
            // In a chord it is one with the chord's group: so Celery does.
            if (in.chord.is_null()) return id;
            options["task_id"] = in.group;
            options["group_id"] = in.group;
            options["chord"] = in.chord;
            return in.group;
        }
        if (!from_.reply_to.empty() && options.get_if("reply_to") == nullptr) {
            options["reply_to"] = from_.reply_to;
        }
        if (!in.group.empty()) options["group_id"] = in.group;
        if (!in.chord.is_null()) options["chord"] = in.chord;
        if (in.index) options["group_index"] = *in.index;
        return id;
    }

    /// What has begun, as results.
    struct begun {
        value child;   ///< what whoever begins it calls a child
        value result;  ///< what a group has of it as a member: with what goes before it
    };

    /// \param rest       the steps behind it, the next one last.
    /// \param outermost  its result is one of the workflow's.
    begun begin(const value& signature, const membership& in, const value& rest, bool outermost,
                std::size_t depth)
    {
        check_depth(depth);
        value what = unrolled(signature);
        const std::string_view task = task_of(what);
        if (task == chain_name) return begin_chain(what, in, rest, outermost, depth);
        if (task == group_name) return begin_group(what, in, outermost, depth);
        if (task == chord_name) return begin_chord(what, in, rest, outermost, depth);
        const std::string id = freeze(what, in, depth);
        if (outermost && (rest.is_null() || rest.empty()))
            made_.results.push_back(end_of(what, id));
        call_settings call = to_call(what);
        call.message.chain = behind(call.message.chain, rest);
        made_.calls.push_back(std::move(call));
        const value result = result_of_task(id, nullptr);
        return {result, result};
    }

    /// What a chain is linked to, its last step is; and all of them to what is called if one fails.
    static void link_as(const value& chain, std::vector<value>& steps)
    {
        for (const value& callback : elements(find_in(chain, "options", "link"))) {
            steps.back() = with_link_at_end(std::move(steps.back()), callback);
        }
        for (const value& errback : elements(find_in(chain, "options", "link_error"))) {
            for (value& step : steps) step = with_link(std::move(step), "link_error", errback);
        }
    }

    /// Of a body: whoever ends the last part looks for its error links there.
    static void keep_links(const value& chain, value& body)
    {
        for (const std::string_view option : {"link", "link_error"}) {
            for (const value& callback : elements(find_in(chain, "options", option))) {
                if (task_of(body) == chain_name) {
                    body["options"][option].push_back(callback);
                } else {
                    body = with_link(std::move(body), option, callback);
                }
            }
        }
    }

    /// Two lists of steps as one; the next step is always the last.
    static value behind(const value& own, const value& rest)
    {
        if (rest.is_null() || rest.empty()) return own;
        value all = rest;
        for (const value& step : elements(&own)) all.push_back(step);
        return all;
    }

    begun begin_chain(const value& chain, const membership& in, const value& rest, bool outermost,
                      std::size_t depth)
    {
        std::vector<value> steps;
        add_step(steps, chain, depth);
        if (steps.empty()) refuse_signature("an empty chain");
        link_as(chain, steps);
        if (const value* const options = chain.get_if("options")) {
            steps[0] = with_options(std::move(steps[0]), *options);
        }
        if (steps.size() == 1) return begin(steps[0], in, rest, outermost, depth + 1);
        value follow = rest.is_null() ? value::array() : rest;
        std::vector<result_end> results;
        for (std::size_t i = steps.size(); i-- > 1;) {
            const bool last = i + 1 == steps.size();
            value step = steps[i];
            if (last) {
                results = freeze_end(step, in, depth + 1);
            } else {
                freeze(step, membership{}, depth + 1);
            }
            follow.push_back(std::move(step));
        }
        begun first = begin(steps[0], membership{}, follow, false, depth + 1);
        if (outermost && (rest.is_null() || rest.empty()))
            std::ranges::move(results, std::back_inserter(made_.results));
        const std::size_t before = rest.is_null() ? 0 : rest.size();
        for (std::size_t i = follow.size(); i-- > before;) {
            first.result = result_of(follow.at(i), std::move(first.result));
        }
        return first;
    }

    /// Of what ends a workflow, and what it is a part of: freezes it, a group with all its members.
    /// \returns its results.
    std::vector<result_end> freeze_end(value& end, const membership& in, std::size_t depth)
    {
        const std::string id = freeze(end, in, depth);
        value* group = &end;
        while (task_of(*group) != group_name) {
            const std::string_view task = task_of(*group);
            if (task != chain_name && task != chord_name) return {end_of(*group, id)};
            value& parts = (*group)["kwargs"];
            group =
                task == chain_name ? &parts["tasks"][parts["tasks"].size() - 1] : &parts["body"];
        }
        return freeze_members(*group, id, in, depth);
    }

    std::vector<result_end> freeze_members(value& group, const std::string& id,
                                           const membership& in, std::size_t depth)
    {
        made_.group = id;
        std::vector<value> members;
        add_members(group, members, depth);
        std::vector<result_end> ends;
        value list = value::array();
        membership place = in;
        for (std::size_t i = 0; i < members.size(); ++i) {
            place.index = static_cast<std::int64_t>(i);
            std::ranges::move(freeze_end(members[i], place, depth + 1), std::back_inserter(ends));
            list.push_back(std::move(members[i]));
        }
        made_.group = id;
        group["kwargs"]["tasks"] = std::move(list);
        return ends;
    }

    begun begin_group(value& group, const membership& in, bool outermost, std::size_t depth)
    {
        membership place = in;
        if (in.chord.is_null()) place.group = freeze(group, in, depth);
        for (const value& callback : elements(find_in(group, "options", "link"))) {
            group = with_link_at_end(std::move(group), callback);
        }
        std::vector<value> members;
        add_members(group, members, depth);
        if (const value* const options = group.get_if("options")) {
            for (value& member : members) member = with_options(std::move(member), *options);
        }
        value results = value::array();
        for (const value& member : members) {
            results.push_back(begin(member, place, {}, outermost, depth + 1).result);
        }
        if (outermost) made_.group = place.group;
        const value result = result_of_group(place.group, std::move(results));
        return {result, result};
    }

    begun begin_chord(const value& chord, const membership& in, const value& rest, bool outermost,
                      std::size_t depth)
    {
        const value* const header = find_in(chord, "kwargs", "header");
        const value* const given = find_in(chord, "kwargs", "body");
        if (header == nullptr || given == nullptr)
            refuse_signature("a chord has no header or no body");
        // What follows the chord follows its body.
        std::vector<value> body_steps;
        add_step(body_steps, value{*given}, depth + 1);
        const auto later = elements(&rest);
        const bool has_own_links = given->is_object() && task_of(*given) == chain_name;
        if (has_own_links && !later.empty()) link_as(*given, body_steps);
        for (auto step = later.rbegin(); step != later.rend(); ++step) {
            add_step(body_steps, *step, depth + 1);
        }
        if (body_steps.empty()) refuse_signature("a chord has no body");
        value body = body_steps.size() == 1 ? body_steps[0] : chain_of(body_steps);
        if (has_own_links && later.empty()) keep_links(*given, body);
        std::vector<result_end> results = freeze_end(body, in, depth + 1);
        if (outermost) std::ranges::move(results, std::back_inserter(made_.results));
        membership place;
        place.group = uuid4();
        place.chord = body;
        std::vector<value> members;
        add_members(*header, members, depth);
        if (members.empty()) return begin_body_of_nothing(body, depth);
        const std::size_t mine = made_.chords.size();
        made_.chords.push_back({place.group, size_of(members, depth), body});
        const std::string group = made_.group;
        const auto before = static_cast<std::ptrdiff_t>(made_.results.size());
        value parts = value::array();
        for (std::size_t i = 0; i < members.size(); ++i) {
            place.index = static_cast<std::int64_t>(i);
            parts.push_back(begin(members[i], place, {}, true, depth + 1).result);
        }
        // What a member calls its results are not the workflow's, but what the body waits for.
        made_.group = group;
        std::transform(made_.results.begin() + before, made_.results.end(),
                       std::back_inserter(made_.chords[mine].parts),
                       [](const result_end& end) { return end.id; });
        made_.results.erase(made_.results.begin() + before, made_.results.end());
        const value first = result_of_group(place.group, std::move(parts));
        if (is_nested(first)) made_.chords[mine].header = first;
        return {first, result_of(body, first)};
    }

    begun begin_body_of_nothing(const value& body, std::size_t depth)
    {
        const value none = value::array();
        surroundings from = from_;
        from.result = &none;
        planner inner{from};
        begun first = inner.begin(body, membership{}, {}, false, depth + 1);
        for (call_settings& call : inner.made_.calls) made_.calls.push_back(std::move(call));
        for (chord_size& chord : inner.made_.chords) made_.chords.push_back(std::move(chord));
        return first;
    }

    /// A chain counts as its last step, a chord as its body, a group as all its members.
    static std::int64_t size_of(std::span<const value> members, std::size_t depth)
    {
        check_depth(depth);
        std::int64_t size = 0;
        for (const value& member : members) {
            const std::string_view task = task_of(member);
            if (task == chain_name) {
                std::vector<value> steps;
                add_step(steps, member, depth + 1);
                if (!steps.empty()) size += size_of(std::span{steps}.last(1), depth + 1);
            } else if (task == group_name) {
                std::vector<value> inner;
                add_members(member, inner, depth + 1);
                size += size_of(inner, depth + 1);
            } else if (task == chord_name) {
                const value* const body = find_in(member, "kwargs", "body");
                if (body != nullptr) size += size_of({body, 1}, depth + 1);
            } else {
                ++size;
            }
        }
        return size;
    }

    call_settings to_call(const value& signature)
    {
        call_settings call;
        message& m = call.message;
        const value* const immutable = signature.get_if("immutable");
        const bool alone = immutable != nullptr && immutable->is_boolean() && immutable->as<bool>();
        if (from_.result != nullptr && !alone) m.args.push_back(*from_.result);
        m.root_id = from_.root_id;
        m.parent_id = from_.parent_id;
        m.reply_to = from_.reply_to;
        for (const auto& [name, v] : from_.stamps.items()) m.headers.insert(name, v);
        add_signature(call, signature);
        return call;
    }

    const surroundings& from_;
    plan made_;
};

value stamps_of(const message& m)
{
    value stamps = value::object();
    for (const std::string_view name : {"stamped_headers", "stamps"}) {
        if (const value* const found = m.headers.get_if(name)) stamps.insert(name, *found);
    }
    return stamps;
}

surroundings around(const message& m)
{
    surroundings from;
    from.root_id = m.root_id.empty() ? m.id : m.root_id;
    from.parent_id = m.id;
    from.reply_to = m.reply_to;
    from.stamps = stamps_of(m);
    return from;
}

void join(plan& to, plan more)
{
    for (call_settings& call : more.calls) to.calls.push_back(std::move(call));
    for (chord_size& chord : more.chords) to.chords.push_back(std::move(chord));
    for (const value& child : more.children) to.children.push_back(child);
}

membership membership_of(const message& m)
{
    membership in;
    in.group = m.group;
    in.index = m.group_index;
    in.chord = m.chord;
    return in;
}

/// Makes the results of a group one result, a list.
value gathered_list()
{
    return signature_of("celery.accumulate", value::array(), value::object("index", 0), {});
}

/// Callbacks that are no groups begin as one group, if there are several: so Celery does.
std::vector<value> gathered(std::vector<value> callbacks)
{
    if (callbacks.size() < 2) return callbacks;
    std::vector<value> groups;
    std::vector<value> others;
    for (value& c : callbacks) {
        const bool is_group = c.is_object() && task_of(c) == group_name;
        (is_group ? groups : others).push_back(std::move(c));
    }
    if (!others.empty()) groups.push_back(group_of(others));
    return groups;
}

}  // namespace

plan start(const value& signature, const surroundings& from)
{
    if (!signature.is_object()) refuse_signature("not a mapping");
    return planner{from}.run(signature);
}

plan after_success(const message& done, const value& result)
{
    plan all;
    surroundings from = around(done);
    from.result = &result;
    for (const value& callback : gathered(elements(&done.callbacks)))
        join(all, start(callback, from));
    auto steps = elements(&done.chain);
    if (steps.empty()) return all;
    const value next = std::move(steps.back());
    steps.pop_back();
    from.chain = value::array();
    for (value& step : steps) from.chain.push_back(std::move(step));
    join(all, start(next, from));
    return all;
}

plan after_failure(const message& failed)
{
    plan all;
    surroundings from = around(failed);
    const value id = failed.id;
    from.result = &id;
    for (const value& errback : elements(&failed.errbacks)) join(all, start(errback, from));
    return all;
}

plan in_place_of(const message& replaced, const value& signature)
{
    const auto refuse = [](const char* why) {
        throw task_error{"ImproperlyConfigured", "celery.exceptions", why};
    };
    if (find_in(signature, "options", "chord") != nullptr) {
        refuse("A signature replacing a task must not be part of a chord");
    }
    std::vector<value> steps;
    if (task_of(signature) == group_name) {
        steps.push_back(chord_of(signature, gathered_list()));
    } else {
        add_step(steps, signature, 0);
    }
    if (steps.empty()) refuse("Cannot replace with an empty chain");
    if (task_of(steps.back()) == group_name) add_step(steps, gathered_list(), 0);
    value with = steps.size() == 1 ? std::move(steps[0]) : chain_of(steps);
    for (const value& callback : elements(&replaced.callbacks)) {
        with = with_link(std::move(with), "link", callback);
    }
    for (const value& errback : elements(&replaced.errbacks)) {
        with = with_link(std::move(with), "link_error", errback);
    }
    surroundings from = around(replaced);
    from.chain = replaced.chain;
    const value* const before = replaced.headers.get_if(nesting);
    const bool again = before != nullptr && before->is_integer() && !before->is_big();
    from.stamps.insert(nesting, again ? before->as<std::int64_t>() + 1 : 1);
    return planner{from}.run(with_id(std::move(with), replaced.id), membership_of(replaced));
}

plan beside_part(const message& of, const value& signature)
{
    return planner{around(of)}.run(signature, membership_of(of));
}

plan after_chord(const message& last, const value& results)
{
    surroundings from = around(last);
    from.result = &results;
    return start(last.chord, from);
}

plan after_failed_chord(const message& last)
{
    plan all;
    const value& body = last.chord;
    std::vector<value> failed;
    if (task_of(body) == group_name) add_members(body, failed, 0);
    if (failed.empty()) failed.push_back(body);
    for (const value& one : failed) {
        const value id = id_of(one);
        surroundings from = around(last);
        from.result = &id;
        value linked = one;
        if (task_of(one) == chain_name && find_in(one, "options", "link_error") == nullptr) {
            const auto steps = steps_of(one);
            if (!steps.empty()) linked = value{steps[0]};
        }
        const value* const errbacks = find_in(linked, "options", "link_error");
        for (const value& errback : elements(errbacks)) join(all, start(errback, from));
    }
    return all;
}

namespace {

/// What a step's result is stored under: one id, or those of the members of a group at its end.
void add_ends(std::vector<message>& to, const value& step, const std::string& root_id,
              std::size_t depth)
{
    check_depth(depth);
    const std::string_view task = task_of(step);
    if (task == chord_name) {
        const value* const body = find_in(step, "kwargs", "body");
        if (body != nullptr) add_ends(to, *body, root_id, depth + 1);
    } else if (task == chain_name) {
        const auto steps = steps_of(step);
        if (!steps.empty()) add_ends(to, steps.back(), root_id, depth + 1);
    } else if (task == group_name) {
        for (const value& member : steps_of(step)) add_ends(to, member, root_id, depth + 1);
    } else if (std::string id = id_of(step); !id.empty()) {
        message m;
        m.id = std::move(id);
        m.root_id = root_id;
        m.group = option_text(step, "group_id");
        if (const value* const chord = find_in(step, "options", "chord")) m.chord = *chord;
        const value* const index = find_in(step, "options", "group_index");
        if (index != nullptr && index->is_integer() && !index->is_big()) {
            m.group_index = index->as<std::int64_t>();
        }
        to.push_back(std::move(m));
    }
}

}  // namespace

std::vector<message> ends_of(const value& frozen)
{
    std::vector<message> all;
    add_ends(all, frozen, {}, 0);
    return all;
}

std::vector<message> following(const message& failed)
{
    std::vector<message> all;
    for (const value& step : elements(&failed.chain)) add_ends(all, step, failed.root_id, 0);
    return all;
}

}  // namespace ferry::tasks::detail
