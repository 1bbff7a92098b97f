#pragma once

#include "ferry/core/error.hpp"
#include "ferry/core/time.hpp"
#include "ferry/core/value.hpp"

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace ferry::tasks {

/// The states of a task, spelled as Celery does. A task may also have states of its own making.
namespace state {
inline constexpr std::string_view pending = "PENDING";  ///< also: nothing is known of it
inline constexpr std::string_view started = "STARTED";
inline constexpr std::string_view retry = "RETRY";
inline constexpr std::string_view success = "SUCCESS";
inline constexpr std::string_view failure = "FAILURE";
inline constexpr std::string_view revoked = "REVOKED";
inline constexpr std::string_view ignored = "IGNORED";    ///< never stored
inline constexpr std::string_view rejected = "REJECTED";  ///< never stored

/// No other state follows.
constexpr bool ready(std::string_view s) noexcept
{
    return s == success || s == failure || s == revoked;
}
}  // namespace state

/// What a result store keeps of a task: Celery's result document.
struct result_document {
    result_document() = default;

    std::string task_id;
    std::string status{state::pending};
    value result;           ///< what the task returned; of a failure: type, arguments and module
    std::string traceback;  ///< empty: none
    value children = value::array();
    std::optional<timestamp> date_done;
    std::string parent_id;  ///< empty: none
    std::string group_id;   ///< empty: none
    std::string reply_to;   ///< who waits for it, as the call said; not a part of the document

    /// What it is the result of, and who ran it.
    struct origin {
        origin() = default;

        std::string task;
        value args;
        value kwargs;
        std::string worker;
        std::int64_t retries = 0;
        std::string queue;
    };
    std::optional<origin> call;  ///< where tasks::result_extended is on

    bool ready() const noexcept { return state::ready(status); }
};
static_assert(awaitable_argument<result_document>);

std::string to_json(const result_document& d);

/// \throws error  the text is not a result document.
result_document result_from_json(std::string_view text);

/// Reads a document in whatever serializer Celery's `result_serializer` names: JSON, pickle, YAML
/// or MessagePack, told apart by how they begin. Of a pickle nothing is looked up or called.
/// \throws error  as above.
result_document result_from_bytes(std::string_view bytes);

/// The failures of the module tasks.
enum class errc {
    task_failed = 1,  ///< the task threw
    task_revoked,     ///< the task was revoked, or expired before a worker took it
    not_registered,   ///< no worker knows the task
};
std::error_code make_error_code(errc e) noexcept;

/// What `get` throws for a task that failed or was revoked: the failure as the worker saw it.
class task_error : public error {
public:
    /// \throws nothing; a document that holds no failure gives an error that says so.
    explicit task_error(const result_document& d);
    task_error(std::string exc_type, std::string exc_module, std::string message,
               std::string traceback = {});

    /// The exception's type, by Python's name if it has one: `ValueError`, `ConnectionError`.
    const std::string& exc_type() const noexcept { return exc_type_; }
    /// Where Python finds the type: `builtins`; empty if nobody said.
    const std::string& exc_module() const noexcept { return exc_module_; }
    /// The exception's own text, without what was being done.
    const std::string& message() const noexcept { return message_; }
    const std::string& traceback() const noexcept { return traceback_; }

private:
    std::string exc_type_;
    std::string exc_module_;
    std::string message_;
    std::string traceback_;
};

/// A failure in the form in which results carry it: `{"exc_type": "ValueError", "exc_message":
/// ["no"], "exc_module": "builtins"}`. C++'s and ferry's exceptions get the name of the Python
/// exception that means the same; others keep the name of their type.
value exception_to_value(const std::exception_ptr& failure);

/// The same as one line, `ValueError('no')`.
std::string exception_repr(const value& failure);

/// The same as Python shows it: `Traceback (most recent call last): ...` in lines of its own.
/// \param where  the task.
std::string exception_traceback(const value& failure, std::string_view where);

}  // namespace ferry::tasks

template <>
struct std::is_error_code_enum<ferry::tasks::errc> : std::true_type {};
