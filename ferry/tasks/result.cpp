#include "ferry/tasks/result.hpp"

#include "ferry/tasks/async_result.hpp"
#include "ferry/tasks/detail/result_table.hpp"
#include "ferry/tasks/detail/wire_json.hpp"
#include "ferry/tasks/message.hpp"

#include <string>
#include <utility>
#include <vector>

namespace ferry::tasks {
namespace {

class tasks_category final : public std::error_category {
public:
    const char* name() const noexcept override { return "ferry.tasks"; }
    std::string message(int e) const override
    {
        switch (errc{e}) {
            case errc::task_failed: return "the task failed";
            case errc::task_revoked: return "the task was revoked";
            case errc::not_registered: return "no such task";
        }
        return "unknown error";
    }
    std::error_condition default_error_condition(int e) const noexcept override
    {
        switch (errc{e}) {
            case errc::not_registered: return make_error_condition(condition::not_found);
            case errc::task_revoked: return make_error_condition(condition::denied);
            case errc::task_failed: break;
        }
        return make_error_condition(condition::bad_input);
    }
};

value or_null(const std::string& text)
{
    return text.empty() ? value{} : value{text};
}

std::string text_of(const value& object, std::string_view name)
{
    const value* found = object.get_if(name);
    return found != nullptr && found->is_string() ? found->as<std::string>() : std::string{};
}

errc code_of(const std::string& status, const std::string& exc_type)
{
    if (status == state::revoked || exc_type == "TaskRevokedError") return errc::task_revoked;
    if (exc_type == "NotRegistered") return errc::not_registered;
    return errc::task_failed;
}

std::string message_of(const value& failure)
{
    // What a task has stored under the name of a failure by itself may be anything.
    if (failure.is_string()) return failure.as<std::string>();
    if (text_of(failure, "exc_type").empty()) return failure.is_null() ? "" : saferepr(failure);
    const value* message = failure.get_if("exc_message");
    if (message == nullptr) return {};
    if (message->is_string()) return message->as<std::string>();
    // The arguments of the exception's constructor; Python shows a single one as it is.
    if (!message->is_sequence() || message->empty()) return {};
    if (message->size() == 1 && message->at(0).is_string()) return message->at(0).as<std::string>();
    return message->size() == 1 ? python_repr(message->at(0)) : python_args_repr(*message);
}

std::string described(const std::string& type, const std::string& message)
{
    return message.empty() ? type : type + ": " + message;
}

std::string type_or_status(const result_document& d)
{
    const std::string type = text_of(d.result, "exc_type");
    return type.empty() ? d.status : type;
}

/// `[[id, parent], members]`, where a task has null for members.
void collect_ids(const value& result, std::vector<std::string>& into)
{
    if (!result.is_sequence() || result.size() != 2) return;
    const value& members = result.at(1);
    if (members.is_sequence()) {
        for (const value& member : members) collect_ids(member, into);
        return;
    }
    const value& who = result.at(0);
    if (who.is_sequence() && !who.empty() && who.at(0).is_string()) {
        into.push_back(who.at(0).as<std::string>());
    }
}

}  // namespace

std::vector<std::string> detail::ids_of_children(const value& children)
{
    std::vector<std::string> ids;
    if (!children.is_sequence()) return ids;
    for (const value& child : children) collect_ids(child, ids);
    return ids;
}

std::error_code make_error_code(errc e) noexcept
{
    static const tasks_category category;
    return {static_cast<int>(e), category};
}

std::string to_json(const result_document& d)
{
    value all = value::object("status", d.status, "result", d.result, "traceback",
                              or_null(d.traceback), "children", d.children, "date_done",
                              d.date_done ? value{iso8601::format(*d.date_done)} : value{},
                              "task_id", d.task_id);
    if (!d.parent_id.empty()) all.insert("parent_id", d.parent_id);
    if (!d.group_id.empty()) all.insert("group_id", d.group_id);
    if (d.call) {
        all.insert("name", d.call->task);
        all.insert("args", d.call->args);
        all.insert("kwargs", d.call->kwargs);
        all.insert("worker", d.call->worker);
        all.insert("retries", d.call->retries);
        all.insert("queue", or_null(d.call->queue));
    }
    return detail::dump_wire(all);
}

namespace {

std::optional<result_document::origin> origin_in(const value& all)
{
    if (text_of(all, "name").empty()) return std::nullopt;
    result_document::origin call;
    call.task = text_of(all, "name");
    if (const value* args = all.get_if("args")) call.args = *args;
    if (const value* kwargs = all.get_if("kwargs")) call.kwargs = *kwargs;
    call.worker = text_of(all, "worker");
    call.queue = text_of(all, "queue");
    if (const value* n = all.get_if("retries"); n && n->is_integer() && !n->is_big()) {
        call.retries = n->as<std::int64_t>();
    }
    return call;
}

result_document document_in(const value& all)
{
    result_document d;
    d.task_id = text_of(all, "task_id");
    d.status = text_of(all, "status");
    if (!all.is_object() || d.task_id.empty() || d.status.empty()) {
        throw error{ferry::errc::malformed, "result document: no task_id or no status"};
    }
    if (const value* result = all.get_if("result")) d.result = *result;
    if (const value* children = all.get_if("children")) d.children = *children;
    d.traceback = text_of(all, "traceback");
    if (const auto time = iso8601::try_parse(text_of(all, "date_done"))) d.date_done = time->utc;
    d.parent_id = text_of(all, "parent_id");
    d.group_id = text_of(all, "group_id");
    d.call = origin_in(all);
    return d;
}

}  // namespace

result_document result_from_json(std::string_view text)
{
    return document_in(detail::parse_wire(text));
}

result_document result_from_bytes(std::string_view bytes)
{
    result_document d = document_in(detail::parse_serialized(bytes));
    d.result = detail::plain_failure(std::move(d.result));
    return d;
}

task_error::task_error(const result_document& d)
    : error{code_of(d.status, text_of(d.result, "exc_type")),
            d.task_id + ": " + described(type_or_status(d), message_of(d.result))},
      exc_type_{text_of(d.result, "exc_type")},
      exc_module_{text_of(d.result, "exc_module")},
      message_{message_of(d.result)},
      traceback_{d.traceback}
{
}

task_error::task_error(std::string exc_type, std::string exc_module, std::string message,
                       std::string traceback)
    : error{code_of({}, exc_type), described(exc_type, message)},
      exc_type_{std::move(exc_type)},
      exc_module_{std::move(exc_module)},
      message_{std::move(message)},
      traceback_{std::move(traceback)}
{
}

std::string exception_traceback(const value& failure, std::string_view where)
{
    const std::string module = text_of(failure, "exc_module");
    const bool plain = module.empty() || module == "builtins";
    return "Traceback (most recent call last):\n  File \"ferry\", in " + std::string{where} + '\n' +
           (plain ? std::string{} : module + '.') +
           described(text_of(failure, "exc_type"), message_of(failure)) + '\n';
}

std::string exception_repr(const value& failure)
{
    const value* message = failure.get_if("exc_message");
    const std::string type = text_of(failure, "exc_type");
    if (message == nullptr) return type + "()";
    if (!message->is_sequence()) return type + "(" + python_repr(*message) + ")";
    if (message->size() == 1) return type + "(" + python_repr(message->at(0)) + ")";
    return type + python_args_repr(*message);
}

}  // namespace ferry::tasks
