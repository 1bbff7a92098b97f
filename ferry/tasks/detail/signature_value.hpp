#pragma once

#include "ferry/core/value.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Celery's signature dictionaries: `{"task", "args", "kwargs", "options", "subtask_type",
/// "immutable"}`, and the workflows among them, whose parts are in their kwargs.
namespace ferry::tasks::detail {

/// Signatures inside of signatures; more throw limit_error.
inline constexpr std::size_t max_canvas_depth = 64;

inline constexpr std::string_view chain_name = "celery.chain";
inline constexpr std::string_view group_name = "celery.group";
inline constexpr std::string_view chord_name = "celery.chord";

/// \name Making them
/// @{
value signature_of(std::string_view task, value args, value kwargs, value subtask_type,
                   bool immutable = false);
value chain_of(std::span<const value> steps);
/// The chain of them, where chains in it dissolve and what follows a group makes it a chord; the
/// step itself if one is left.
value joined(std::span<const value> steps);
value group_of(std::span<const value> members);
value chord_of(const value& header, value body);
/// `celery.map` or `celery.starmap` of a call.
value map_of(std::string_view task, const value& call, value items);

/// \param option  `link`: of the last task, of a group the first, which gives no result then;
///                `link_error`: of all, of a chord its body.
value with_link(value signature, std::string_view option, const value& callback);
/// The `link` of a chain, which is that of its last step: if that is a group, of each member.
value with_link_at_end(value step, const value& callback);
/// What a workflow says of how it is sent, its parts say then: all of them, of a chain the first.
value with_options(value signature, const value& options);
/// Its last task gets the id, unless it has one.
value with_id(value signature, std::string_view id);
/// @}

/// \name Reading them; what comes from outside may be no signature, and is refused
/// @{
[[noreturn]] void refuse_signature(std::string_view why);
void check_depth(std::size_t depth);

std::string_view task_of(const value& signature);
/// `signature[outer][inner]`, or null.
const value* find_in(const value& signature, std::string_view outer, std::string_view inner);
/// Empty if there is no such text.
std::string option_text(const value& signature, std::string_view name);
/// The elements of what may be a list or, if there is one only, the element itself.
std::vector<value> elements(const value* list);
std::vector<value> steps_of(const value& chain);
/// The id of a frozen step: of the body of a chord, of a chain's last step.
std::string id_of(const value& step, std::size_t depth = 0);
/// @}

/// \name Bringing them into the form in which they are started
/// @{
/// Adds the members of a group or of a chord's header, those of groups inside of it too.
void add_members(const value& group, std::vector<value>& to, std::size_t depth);
/// `celery.chunks` becomes the group of the starmaps of its parts.
value unrolled(const value& signature);
/// Puts a step at the end: what follows a group makes it a chord, what follows a chord joins its
/// body, and chains inside of chains dissolve.
void add_step(std::vector<value>& to, const value& step, std::size_t depth);
/// @}

}  // namespace ferry::tasks::detail
