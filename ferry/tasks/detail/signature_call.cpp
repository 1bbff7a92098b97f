#include "ferry/tasks/detail/signature_call.hpp"

#include "ferry/tasks/detail/signature_value.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ferry::tasks::detail {
namespace {

std::optional<std::chrono::milliseconds> wait_of(const value& v)
{
    if (!v.is_integer() && !v.is_real()) return std::nullopt;
    constexpr double longest = 1e11;  // seconds, some 3000 years
    const auto given = v.to<double>();
    const double seconds = given > 0 ? std::min(given, longest) : 0;  // no number is no wait
    return std::chrono::milliseconds{static_cast<std::int64_t>(seconds * 1000)};
}

timestamp time_of(const value& v)
{
    if (v.is_timestamp()) return v.as<timestamp>();
    const auto time = v.is_string() ? iso8601::try_parse(v.as<std::string_view>()) : std::nullopt;
    if (!time) refuse_signature("eta or expires is no time");
    return time->utc;
}

/// What is no number is as in publish_policy.
publish_policy policy_of(const value& v)
{
    publish_policy policy;
    const auto set = [&v](std::string_view name, std::chrono::milliseconds& to) {
        const value* const found = v.get_if(name);
        if (found != nullptr) to = wait_of(*found).value_or(to);
    };
    set("interval_start", policy.interval_start);
    set("interval_step", policy.interval_step);
    set("interval_max", policy.interval_max);
    constexpr std::int64_t for_ever = std::numeric_limits<int>::max();
    if (const value* const times = v.get_if("max_retries"); times != nullptr) {
        if (times->is_null()) policy.max_retries = for_ever;
        if (times->is_integer() && !times->is_big()) {
            policy.max_retries =
                static_cast<int>(std::clamp<std::int64_t>(times->as<std::int64_t>(), 0, for_ever));
        }
    }
    return policy;
}

/// `retry=False` counts, whatever the policy says.
void set_publishing(call_settings& call, const value& options)
{
    const value* const on = options.get_if("retry");
    const value* const policy = options.get_if("retry_policy");
    if (policy != nullptr && policy->is_object()) call.publishing = policy_of(*policy);
    if (on == nullptr || !on->is_boolean()) return;
    if (!call.publishing) call.publishing.emplace();
    if (!on->as<bool>()) call.publishing->max_retries = 0;
}

value list_of(const value& v)
{
    return v.is_sequence() ? v : value::array(v);
}

void set_option(call_settings& call, std::string_view name, const value& v)
{
    message& m = call.message;
    const auto text = [&] {
        if (!v.is_string()) refuse_signature("the option " + std::string{name} + " is no text");
        return v.as<std::string>();
    };
    const auto seconds = [&]() -> std::optional<double> {
        return v.is_integer() || v.is_real() ? std::optional{v.to<double>()} : std::nullopt;
    };
    const auto integer = [&]() -> std::int64_t {
        if (!v.is_integer() || v.is_big()) refuse_signature("an option is no integer");
        return v.as<std::int64_t>();
    };
    if (name == "task_id") m.id = text();
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
    if (name == "argsrepr") m.args_repr = text();
    if (name == "kwargsrepr") m.kwargs_repr = text();
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

/// Where Celery's sender sends it: through an exchange only with a key, or if that is not direct.
void set_destination(call_settings& call, const value& options)
{
    const auto text = [&options](std::string_view name) {
        const value* const v = options.get_if(name);
        return v != nullptr && v->is_string() ? v->as<std::string>() : std::string{};
    };
    std::string queue = text("queue");
    std::string exchange = text("exchange");
    std::string key = text("routing_key");
    const std::string type = text("exchange_type");
    const bool direct = type.empty() || type == "direct";
    if (!exchange.empty() && (!key.empty() || !direct)) {
        call.message.exchange = std::move(exchange);
        call.message.exchange_type = direct ? std::string{} : type;
        call.queue = std::move(key);
    } else if (!queue.empty()) {
        call.queue = std::move(queue);
    }
}

}  // namespace

void add_signature(call_settings& to, const value& signature)
{
    message& m = to.message;
    m.task = task_of(signature);
    if (const value* const args = signature.get_if("args")) {
        if (!args->is_sequence()) refuse_signature("args is no list");
        for (const value& arg : *args) m.args.push_back(arg);
    }
    if (const value* const kwargs = signature.get_if("kwargs")) {
        if (!kwargs->is_object()) refuse_signature("kwargs is no mapping");
        m.kwargs = *kwargs;
    }
    if (const value* const options = signature.get_if("options"); options != nullptr) {
        if (!options->is_object()) refuse_signature("options is no mapping");
        for (const auto& [name, v] : options->items()) {
            if (!v.is_null()) set_option(to, name, v);
        }
        set_publishing(to, *options);
        set_destination(to, *options);
    }
}

value to_signature(const call_settings& call)
{
    const message& m = call.message;
    value made = signature_of(m.task, m.args, m.kwargs, {}, call.immutable);
    value& options = made["options"];
    const auto put = [&](std::string_view name, const std::string& text) {
        if (!text.empty()) options.insert(name, text);
    };
    put("task_id", m.id);
    put(m.exchange.empty() ? "queue" : "routing_key", call.queue);
    put("exchange", m.exchange);
    put("exchange_type", m.exchange_type);
    put("reply_to", m.reply_to);
    put("shadow", m.shadow);
    put("argsrepr", m.args_repr);
    put("kwargsrepr", m.kwargs_repr);
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
    if (call.publishing) {
        const publish_policy& p = *call.publishing;
        options.insert("retry", p.max_retries > 0);
        options.insert("retry_policy", value::object("max_retries", p.max_retries, "interval_start",
                                                     seconds(p.interval_start), "interval_step",
                                                     seconds(p.interval_step), "interval_max",
                                                     seconds(p.interval_max)));
    }
    if (!m.callbacks.is_null()) options.insert("link", m.callbacks);
    if (!m.errbacks.is_null()) options.insert("link_error", m.errbacks);
    if (!m.headers.empty()) options.insert("headers", m.headers);
    return made;
}

}  // namespace ferry::tasks::detail
