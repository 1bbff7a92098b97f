#pragma once

#include "ferry/tasks/detail/worker_core.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The commands of Celery's remote control, and what their implementations share.
namespace ferry::tasks::detail {

/// A command: what it is called, and what answers it, in one turn of the loop or later. An
/// exception becomes the reply.
struct remote_method {
    std::string_view name;
    value (*now)(worker_core&, const value& arguments);
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
[[noreturn]] void missing(std::string_view name);
struct missing_argument {
    std::string name;
};
std::string text_argument(const value& arguments, std::string_view name);
bool flag_argument(const value& arguments, std::string_view name);
std::int64_t integer_argument(const value& arguments, std::string_view name,
                              std::int64_t otherwise);
/// One id or a list of them; others than texts are passed over.
std::vector<std::string> ids_argument(const value& arguments, std::string_view name);
/// @}

}  // namespace ferry::tasks::detail
