#include "ferry/tasks/detail/result_table.hpp"

#include "ferry/core/bytes.hpp"
#include "ferry/formats/pickle.hpp"
#include "ferry/tasks/detail/wire_json.hpp"
#include "ferry/tasks/serializer.hpp"

#include <algorithm>
#include <utility>

namespace ferry::tasks::detail {
namespace {

constexpr std::string_view described_class = "$class";

std::optional<std::string> text_or_none(const std::string& text)
{
    if (text.empty()) return std::nullopt;
    return text;
}

/// Celery keeps the arguments of an exception as the tuple that they are.
value with_tuple(const value& failure)
{
    value made = failure;
    const value* const arguments = failure.get_if("exc_message");
    if (arguments == nullptr || !arguments->is_array()) return made;
    value tuple = value::tuple();
    for (const value& argument : *arguments) tuple.push_back(argument);
    made.insert("exc_message", std::move(tuple));
    return made;
}

}  // namespace

value parse_serialized(std::string_view bytes)
{
    const auto first = static_cast<unsigned char>(bytes.empty() ? '{' : bytes.front());
    const auto second = static_cast<unsigned char>(bytes.size() < 2 ? 0 : bytes[1]);
    std::string_view serializer = "yaml";
    // Maps and arrays of MessagePack, few elements or many. A pickle's 80 is its empty map, too.
    if ((first >= 0x80 && first <= 0x9f) || (first >= 0xdc && first <= 0xdf))
        serializer = "msgpack";
    if (first == 0x80 && second >= 2 && second <= 5) serializer = "pickle";
    if (first == '{' || first == '[') serializer = "json";
    return find_codec(serializer).load(bytes);
}

value plain_failure(value object)
{
    if (!object.is_object() || !object.contains(described_class)) return object;
    const std::string name = object.get(described_class, "");
    const std::size_t dot = name.rfind('.');
    value arguments = value::array();
    if (const value* given = object.get_if("args"); given != nullptr && given->is_sequence()) {
        for (const value& argument : *given) arguments.push_back(argument);
    }
    return value::object("exc_type", name.substr(dot == std::string::npos ? 0 : dot + 1),
                         "exc_message", std::move(arguments), "exc_module",
                         dot == std::string::npos ? std::string{} : name.substr(0, dot));
}

std::string column_time(timestamp t)
{
    std::string text = iso8601::format(t);
    text = text.substr(0, text.find('+'));
    std::ranges::replace(text, 'T', ' ');
    if (text.find('.') == std::string::npos) text += ".000000";
    return text;
}

result_columns columns_of(const result_document& d)
{
    result_columns row;
    row.task_id = d.task_id;
    row.status = d.status;
    const bool failed =
        d.status == state::failure || d.status == state::revoked || d.status == state::retry;
    if (!d.result.is_null()) {
        row.result = as_text(pickle::dump(failed ? with_tuple(d.result) : d.result));
    }
    if (d.date_done) row.date_done = column_time(*d.date_done);
    row.traceback = text_or_none(d.traceback);
    if (d.call) {
        row.name = d.call->task;
        row.args = dump_wire(d.call->args);
        row.kwargs = dump_wire(d.call->kwargs);
        row.worker = text_or_none(d.call->worker);
        row.retries = d.call->retries;
        row.queue = text_or_none(d.call->queue);
    }
    return row;
}

result_document document_of(const result_columns& row)
{
    result_document d;
    d.task_id = row.task_id;
    d.status = row.status;
    if (!row.result.empty()) {
        d.result = plain_failure(pickle::load(
            as_bytes(row.result), pickle::load_options().describe_objects().lone_surrogates()));
    }
    if (row.date_done) {
        if (const auto time = iso8601::try_parse(*row.date_done)) d.date_done = time->utc;
    }
    d.traceback = row.traceback.value_or("");
    if (row.name) {
        result_document::origin call;
        call.task = *row.name;
        if (row.args) call.args = parse_serialized(*row.args);
        if (row.kwargs) call.kwargs = parse_serialized(*row.kwargs);
        call.worker = row.worker.value_or("");
        call.retries = row.retries.value_or(0);
        call.queue = row.queue.value_or("");
        d.call = std::move(call);
    }
    return d;
}

}  // namespace ferry::tasks::detail
