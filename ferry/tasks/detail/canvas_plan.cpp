#include "ferry/tasks/detail/canvas_plan.hpp"

#include "ferry/core/uuid.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <optional>
#include <utility>

namespace ferry::tasks::detail {
namespace {

constexpr std::string_view chain_name = "celery.chain";
constexpr std::string_view group_name = "celery.group";
constexpr std::string_view chord_name = "celery.chord";
constexpr std::string_view chunks_name = "celery.chunks";

[[noreturn]] void refuse(std::string_view why)
{
    throw error{ferry::errc::malformed, "signature: " + std::string{why}};
}

value signature_of(std::string_view task, value args, value kwargs, value subtask_type,
                   bool immutable = false)
{
    return value::object("task", task, "args", std::move(args), "kwargs", std::move(kwargs),
                         "options", value::object(), "subtask_type", std::move(subtask_type),
                         "immutable", immutable);
}

std::string_view task_of(const value& signature)
{
    const value* const name = signature.get_if("task");
    if (name == nullptr || !name->is_string()) refuse("no task");
    return name->as<std::string_view>();
}

bool is_immutable(const value& signature)
{
    const value* const flag = signature.get_if("immutable");
    return flag != nullptr && flag->is_boolean() && flag->as<bool>();
}

const value* find(const value& of, std::string_view outer, std::string_view inner)
{
    const value* const found = of.get_if(outer);
    return found == nullptr ? nullptr : found->get_if(inner);
}

std::string option_text(const value& signature, std::string_view name)
{
    const value* const found = find(signature, "options", name);
    return found != nullptr && found->is_string() ? found->as<std::string>() : std::string{};
}

/// The elements of what may be a list or, if there is one only, the element itself.
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
    return elements(find(chain, "kwargs", "tasks"));
}

void check_depth(std::size_t depth)
{
    if (depth > max_canvas_depth) throw limit_error{"max_canvas_depth", max_canvas_depth};
}

/// The members of a group or of a chord's header, those of groups inside of it too.
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
    const value* const tasks = find(group, "kwargs", "tasks");
    if (tasks != nullptr) add_members(*tasks, to, depth + 1);
}

/// `celery.chunks` is the group of the starmaps of its parts.
value unrolled(const value& signature)
{
    if (!signature.is_object()) refuse("not a mapping");
    if (task_of(signature) != chunks_name) return signature;
    const value* const call = find(signature, "kwargs", "task");
    const value* const items = find(signature, "kwargs", "it");
    const value* const size = find(signature, "kwargs", "n");
    if (call == nullptr || items == nullptr || size == nullptr || !items->is_sequence() ||
        !size->is_integer() || size->is_big() || size->as<std::int64_t>() < 1) {
        refuse("celery.chunks needs task, it and n");
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

/// Puts a step at the end: what follows a group makes it a chord, what follows a chord joins its
/// body, and chains inside of chains dissolve.
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
        const value* const body = find(to.back(), "kwargs", "body");
        if (body == nullptr) refuse("a chord has no body");
        std::vector<value> joined;
        add_step(joined, value{*body}, depth + 1);
        add_step(joined, next, depth + 1);
        to.back()["kwargs"]["body"] = joined.size() == 1 ? joined[0] : chain_of(joined);
    } else {
        to.push_back(std::move(next));
    }
}

/// Which group a task belongs to, and what comes when all of that are done.
struct membership {
    std::string group;
    std::optional<std::int64_t> index;
    value chord;
};

class planner {
public:
    explicit planner(const surroundings& from) : from_{from} {}

    plan run(const value& signature)
    {
        begin(signature, membership{}, from_.chain, true, 0);
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
            if (steps.empty()) refuse("an empty chain");
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
            const value* const body = find(signature, "kwargs", "body");
            if (body == nullptr) refuse("a chord has no body");
            value frozen = *body;
            std::string id = freeze(frozen, in, depth + 1);
            signature["kwargs"]["body"] = std::move(frozen);
            return id;
        }
        std::string id = option_text(signature, "task_id");
        if (id.empty()) id = uuid4();
        value& options = signature["options"];
        options["task_id"] = id;
        if (task == group_name) return id;
        if (!from_.reply_to.empty()) options["reply_to"] = from_.reply_to;
        if (!in.group.empty()) options["group_id"] = in.group;
        if (!in.chord.is_null()) options["chord"] = in.chord;
        if (in.index) options["group_index"] = *in.index;
        return id;
    }

    /// \param rest       the steps behind it, the next one last.
    /// \param outermost  its result is one of the workflow's.
    void begin(const value& signature, const membership& in, const value& rest, bool outermost,
               std::size_t depth)
    {
        check_depth(depth);
        value what = unrolled(signature);
        const std::string_view task = task_of(what);
        if (task == chain_name) return begin_chain(what, in, rest, outermost, depth);
        if (task == group_name) return begin_group(what, in, outermost, depth);
        if (task == chord_name) return begin_chord(what, in, rest, outermost, depth);
        const std::string id = freeze(what, in, depth);
        if (outermost && (rest.is_null() || rest.empty())) made_.results.push_back(id);
        call_settings call = to_call(what);
        call.message.chain = behind(call.message.chain, rest);
        made_.calls.push_back(std::move(call));
    }

    /// Two lists of steps as one; the next step is always the last.
    static value behind(const value& own, const value& rest)
    {
        if (rest.is_null() || rest.empty()) return own;
        value all = rest;
        for (const value& step : elements(&own)) all.push_back(step);
        return all;
    }

    void begin_chain(const value& chain, const membership& in, const value& rest, bool outermost,
                     std::size_t depth)
    {
        std::vector<value> steps;
        add_step(steps, chain, depth);
        if (steps.empty()) refuse("an empty chain");
        if (steps.size() == 1) return begin(steps[0], in, rest, outermost, depth + 1);
        value follow = rest.is_null() ? value::array() : rest;
        std::vector<std::string> results;
        for (std::size_t i = steps.size(); i-- > 1;) {
            const bool last = i + 1 == steps.size();
            value step = steps[i];
            const std::string id = freeze(step, last ? in : membership{}, depth + 1);
            if (last) results = results_of(step, id);
            follow.push_back(std::move(step));
        }
        begin(steps[0], membership{}, follow, false, depth + 1);
        if (outermost && (rest.is_null() || rest.empty()))
            std::ranges::move(results, std::back_inserter(made_.results));
    }

    /// Of a frozen step at the end.
    std::vector<std::string> results_of(value& step, const std::string& id)
    {
        if (task_of(step) != group_name) return {id};
        made_.group = id;
        std::vector<value> members;
        add_members(step, members, 0);
        std::vector<std::string> ids;
        value list = value::array();
        for (std::size_t i = 0; i < members.size(); ++i) {
            membership place;
            place.index = static_cast<std::int64_t>(i);
            ids.push_back(freeze(members[i], place, 0));
            list.push_back(std::move(members[i]));
        }
        step["kwargs"]["tasks"] = std::move(list);
        return ids;
    }

    void begin_group(value& group, const membership& in, bool outermost, std::size_t depth)
    {
        membership place = in;
        if (in.chord.is_null()) place.group = freeze(group, in, depth);
        std::vector<value> members;
        add_members(group, members, depth);
        if (outermost) made_.group = place.group;
        for (const value& member : members) begin(member, place, {}, outermost, depth + 1);
    }

    void begin_chord(const value& chord, const membership& in, const value& rest, bool outermost,
                     std::size_t depth)
    {
        const value* const header = find(chord, "kwargs", "header");
        const value* const given = find(chord, "kwargs", "body");
        if (header == nullptr || given == nullptr) refuse("a chord has no header or no body");
        // What follows the chord follows its body.
        std::vector<value> body_steps;
        add_step(body_steps, value{*given}, depth + 1);
        const auto later = elements(&rest);
        for (auto step = later.rbegin(); step != later.rend(); ++step) {
            add_step(body_steps, *step, depth + 1);
        }
        if (body_steps.empty()) refuse("a chord has no body");
        value body = body_steps.size() == 1 ? body_steps[0] : chain_of(body_steps);
        const std::string id = freeze(body, in, depth + 1);
        if (outermost) made_.results.push_back(id);
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
        for (std::size_t i = 0; i < members.size(); ++i) {
            place.index = static_cast<std::int64_t>(i);
            begin(members[i], place, {}, true, depth + 1);
        }
        // What a member calls its results are not the workflow's, but what the body waits for.
        made_.group = group;
        std::move(made_.results.begin() + before, made_.results.end(),
                  std::back_inserter(made_.chords[mine].parts));
        made_.results.erase(made_.results.begin() + before, made_.results.end());
    }

    void begin_body_of_nothing(const value& body, std::size_t depth)
    {
        const value none = value::array();
        surroundings from = from_;
        from.result = &none;
        planner inner{from};
        inner.begin(body, membership{}, {}, false, depth + 1);
        for (call_settings& call : inner.made_.calls) made_.calls.push_back(std::move(call));
        for (chord_size& chord : inner.made_.chords) made_.chords.push_back(std::move(chord));
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
                const value* const body = find(member, "kwargs", "body");
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
        m.task = task_of(signature);
        if (from_.result != nullptr && !is_immutable(signature)) m.args.push_back(*from_.result);
        if (const value* const args = signature.get_if("args")) {
            if (!args->is_sequence()) refuse("args is no list");
            for (const value& arg : *args) m.args.push_back(arg);
        }
        if (const value* const kwargs = signature.get_if("kwargs")) {
            if (!kwargs->is_object()) refuse("kwargs is no mapping");
            m.kwargs = *kwargs;
        }
        m.root_id = from_.root_id;
        m.parent_id = from_.parent_id;
        m.reply_to = from_.reply_to;
        for (const auto& [name, v] : from_.stamps.items()) m.headers.insert(name, v);
        if (const value* const options = signature.get_if("options"); options != nullptr) {
            if (!options->is_object()) refuse("options is no mapping");
            for (const auto& [name, v] : options->items()) {
                if (!v.is_null()) set_option(call, name, v);
            }
        }
        return call;
    }

    static std::optional<std::chrono::milliseconds> wait_of(const value& v)
    {
        if (!v.is_integer() && !v.is_real()) return std::nullopt;
        constexpr double longest = 1e11;  // seconds, some 3000 years
        const double seconds = std::clamp(v.to<double>(), 0.0, longest);
        return std::chrono::milliseconds{static_cast<std::int64_t>(seconds * 1000)};
    }
    static timestamp time_of(const value& v)
    {
        if (v.is_timestamp()) return v.as<timestamp>();
        const auto time =
            v.is_string() ? iso8601::try_parse(v.as<std::string_view>()) : std::nullopt;
        if (!time) refuse("eta or expires is no time");
        return time->utc;
    }

    static void set_option(call_settings& call, std::string_view name, const value& v)
    {
        message& m = call.message;
        const auto text = [&] {
            if (!v.is_string()) refuse("the option " + std::string{name} + " is no text");
            return v.as<std::string>();
        };
        const auto seconds = [&]() -> std::optional<double> {
            return v.is_integer() || v.is_real() ? std::optional{v.to<double>()} : std::nullopt;
        };
        const auto integer = [&]() -> std::int64_t {
            if (!v.is_integer() || v.is_big()) refuse("an option is no integer");
            return v.as<std::int64_t>();
        };
        if (name == "task_id") m.id = text();
        if (name == "queue" && v.is_string()) call.queue = text();
        if (name == "routing_key" && call.queue.empty()) call.queue = text();
        if (name == "priority")
            m.priority = static_cast<int>(std::clamp<std::int64_t>(integer(), 0, 255));
        if (name == "countdown") call.countdown = wait_of(v);
        if (name == "eta") m.eta = time_of(v);
        if (name == "expires") {
            call.expires_in = wait_of(v);
            if (!call.expires_in) m.expires = time_of(v);
        }
        if (name == "root_id") m.root_id = text();
        if (name == "parent_id") m.parent_id = text();
        if (name == "group_id") m.group = text();
        if (name == "group_index") m.group_index = integer();
        if (name == "reply_to") m.reply_to = text();
        if (name == "shadow") m.shadow = text();
        if (name == "serializer") m.serializer = find_codec(text()).name;
        if (name == "compression") m.compression = find_compression(text());
        if (name == "time_limit") m.hard_time_limit = seconds();
        if (name == "soft_time_limit") m.soft_time_limit = seconds();
        if (name == "ignore_result") m.ignore_result = v.is_boolean() && v.as<bool>();
        if (name == "chord") m.chord = v;
        if (name == "chain") m.chain = v;
        if (name == "link") m.callbacks = list_of(v);
        if (name == "link_error") m.errbacks = list_of(v);
        if (name == "headers" && v.is_object()) {
            for (const auto& [key, item] : v.items()) m.headers.insert(key, item);
        }
        if (name == "stamped_headers" || name == "stamps") m.headers.insert(name, v);
    }
    static value list_of(const value& v) { return v.is_sequence() ? v : value::array(v); }

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
}

/// The id of a frozen step: of the body of a chord, of a chain's last step.
std::string id_of(const value& step, std::size_t depth = 0)
{
    check_depth(depth);
    const std::string_view task = task_of(step);
    if (task == chord_name) {
        const value* const body = find(step, "kwargs", "body");
        return body == nullptr ? std::string{} : id_of(*body, depth + 1);
    }
    if (task == chain_name) {
        const auto steps = steps_of(step);
        return steps.empty() ? std::string{} : id_of(steps.back(), depth + 1);
    }
    return option_text(step, "task_id");
}

}  // namespace

value to_signature(const call_settings& call)
{
    const message& m = call.message;
    value made = signature_of(m.task, m.args, m.kwargs, {}, call.immutable);
    value& options = made["options"];
    const auto put = [&](std::string_view name, const std::string& text) {
        if (!text.empty()) options.insert(name, text);
    };
    put("task_id", m.id);
    put("queue", call.queue);
    put("shadow", m.shadow);
    put("compression", m.compression);
    if (m.serializer != "json") put("serializer", m.serializer);
    if (m.priority != 0) options.insert("priority", m.priority);
    const auto seconds = [](std::chrono::milliseconds wait) {
        return wait.count() % 1000 == 0 ? value{wait.count() / 1000}
                                        : value{static_cast<double>(wait.count()) / 1000};
    };
    if (call.countdown) options.insert("countdown", seconds(*call.countdown));
    if (call.expires_in) options.insert("expires", seconds(*call.expires_in));
    if (m.eta) options.insert("eta", iso8601::format(*m.eta));
    if (m.expires) options.insert("expires", iso8601::format(*m.expires));
    if (m.hard_time_limit) options.insert("time_limit", *m.hard_time_limit);
    if (m.soft_time_limit) options.insert("soft_time_limit", *m.soft_time_limit);
    if (m.ignore_result) options.insert("ignore_result", true);
    if (!m.callbacks.is_null()) options.insert("link", m.callbacks);
    if (!m.errbacks.is_null()) options.insert("link_error", m.errbacks);
    if (!m.headers.empty()) options.insert("headers", m.headers);
    return made;
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

plan start(const value& signature, const surroundings& from)
{
    if (!signature.is_object()) refuse("not a mapping");
    return planner{from}.run(signature);
}

plan after_success(const message& done, const value& result)
{
    plan all;
    surroundings from = around(done);
    from.result = &result;
    for (const value& callback : elements(&done.callbacks)) join(all, start(callback, from));
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

std::string result_id_of(const value& step)
{
    return id_of(step);
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
    surroundings from = around(last);
    const value id = id_of(last.chord);
    from.result = &id;
    value body = last.chord;
    if (task_of(body) == chain_name) {
        const auto steps = steps_of(body);
        if (!steps.empty()) body = value{steps[0]};
    }
    const value* const errbacks = find(body, "options", "link_error");
    for (const value& errback : elements(errbacks)) join(all, start(errback, from));
    return all;
}

std::vector<message> following(const message& failed)
{
    std::vector<message> all;
    for (const value& step : elements(&failed.chain)) {
        message m;
        m.id = id_of(step);
        if (m.id.empty()) continue;
        m.group = option_text(step, "group_id");
        if (const value* const chord = find(step, "options", "chord")) m.chord = *chord;
        const value* const index = find(step, "options", "group_index");
        if (index != nullptr && index->is_integer() && !index->is_big()) {
            m.group_index = index->as<std::int64_t>();
        }
        m.root_id = failed.root_id;
        all.push_back(std::move(m));
    }
    return all;
}

value with_link(value signature, std::string_view option, const value& callback)
{
    const std::string task{task_of(signature)};
    const bool errors = option == "link_error";
    if (task == chain_name || task == group_name) {
        value& tasks = signature["kwargs"]["tasks"];
        for (std::size_t i = 0; i < tasks.size(); ++i) {
            const bool last = i + 1 == tasks.size();
            if (!errors && task == chain_name && !last) continue;
            tasks[i] = with_link(tasks[i], option, callback);
        }
    } else if (task == chord_name) {
        value& body = signature["kwargs"]["body"];
        body = with_link(body, option, callback);
    } else {
        signature["options"][option].push_back(callback);
    }
    return signature;
}

}  // namespace ferry::tasks::detail
