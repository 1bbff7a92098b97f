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

/// An argument of a command, and how words on a command line become it.
struct method_argument {
    enum class form : unsigned char {
        named,   ///< only as `name=value`
        word,    ///< in its place, a text
        parsed,  ///< in its place, JSON
        rest,    ///< all words from its place on, a list of texts
    };
    std::string_view name;
    form as = form::named;
    bool required = false;
};

/// A command: what it is called, what answers it, in one turn of the loop or later, and the
/// arguments that it must have or that have a place on a command line, in the order of `celery
/// inspect` and `celery control`. An exception becomes the reply.
struct remote_method {
    std::string_view name;
    value (*now)(worker_core&, const value& arguments);
    std::array<method_argument, 4> arguments = {};
    awaitable<value> (*later)(worker_core*, value arguments) = nullptr;
};

/// \name For tables of commands
/// @{
constexpr method_argument named(std::string_view name)
{
    return {name};
}
constexpr method_argument word(std::string_view name)
{
    return {name, method_argument::form::word};
}
constexpr method_argument parsed(std::string_view name)
{
    return {name, method_argument::form::parsed};
}
constexpr method_argument rest(std::string_view name)
{
    return {name, method_argument::form::rest};
}
constexpr method_argument must(method_argument a)
{
    a.required = true;
    return a;
}
/// @}

/// What `celery inspect` asks: nothing changes.
std::span<const remote_method> inspect_methods();
/// What `celery control` orders.
std::span<const remote_method> control_methods();
/// One of either; null: there is none.
const remote_method* find_method(std::string_view name);

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
