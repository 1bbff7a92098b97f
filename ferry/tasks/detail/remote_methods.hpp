#pragma once

#include "ferry/tasks/detail/worker_core.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The commands of Celery's remote control, and what their implementations share.
namespace ferry::tasks::detail {

/// A command: what it is called, the arguments that it must have, and what answers it, in one turn
/// of the loop or later. An exception becomes the reply.
struct remote_method {
    std::string_view name;
    value (*now)(worker_core&, const value& arguments);
    std::array<std::string_view, 2> required = {};
    awaitable<value> (*later)(worker_core*, value arguments) = nullptr;
};

/// What `celery inspect` asks: nothing changes.
std::span<const remote_method> inspect_methods();
/// What `celery control` orders.
std::span<const remote_method> control_methods();

/// What this worker knows to be revoked, as `hello` tells it: `{id: [stamp, id]}`.
value told_revoked(const worker_core& w);
/// Takes over what another worker knows to be revoked, a mapping or a list of ids.
void learn_revoked(worker_core& w, const value& from);

/// `{"ok": text}` and `{"error": text}`.
value ok(std::string text);
value failed(std::string text);

/// \name Arguments of a command; what does not fit is refused
/// @{
[[noreturn]] void refuse(std::string why);
/// With Python's TypeError.
[[noreturn]] void refuse_type(std::string why);
/// What Python calls the type of a value: `NoneType`, `dict`.
std::string_view python_type(const value& v) noexcept;
/// \throws task_error  TypeError, in Python's words: one that is required is missing.
void require_arguments(const remote_method& of, const value& arguments);
std::string text_argument(const value& arguments, std::string_view name);
bool flag_argument(const value& arguments, std::string_view name);
std::int64_t integer_argument(const value& arguments, std::string_view name,
                              std::int64_t otherwise);
/// One id or a list of them; others than texts are passed over.
std::vector<std::string> ids_argument(const value& arguments, std::string_view name);
/// @}

}  // namespace ferry::tasks::detail
