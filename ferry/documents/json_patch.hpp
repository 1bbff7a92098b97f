#pragma once

#include "ferry/core/value.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// \file
/// Changes to documents as documents: JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7396), and
/// what differs between two values.
///
///     value patch = json::make_patch(before, after);   // [{"op":"replace","path":"/price",...}]
///     value same = json::apply_patch(before, patch);   // == after
///     std::string shown = json::diff(before, after);   // - $.price: 1.5
///                                                      // + $.price: 2
namespace ferry::json {

/// A patch cannot be applied.
class patch_error : public error {
public:
    enum class reason : std::uint8_t {
        malformed,    ///< it is no JSON Patch
        missing,      ///< there is nothing at the path, or no place for it
        test_failed,  ///< an operation `test` found another value
    };
    patch_error(reason why, std::size_t operation, std::string_view message);

    reason why() const noexcept { return why_; }
    /// The operation's number in the patch, from 0.
    std::size_t operation() const noexcept { return operation_; }

private:
    reason why_;
    std::size_t operation_;
};

inline constexpr std::uint64_t default_max_patch_steps = 100'000'000;

/// Applies a JSON Patch, all of it or, when it throws, nothing. As `jsonpatch.apply_patch`.
/// `test` compares as value does: 1 equals 1.0, the order of members does not matter. Removing the
/// whole document leaves null.
/// \param max_steps  values that its operations may copy and move to make or close a gap; a patch
///                   that doubles the document thirty times ends here.
/// \throws patch_error  with the operation's number: `operation 2, remove /a: there is nothing`.
/// \throws limit_error  `max_patch_steps`
value apply_patch(value document, const value& patch,
                  std::uint64_t max_steps = default_max_patch_steps);

/// A JSON Patch that makes `to` of `from`, of operations add, remove and replace. Elements of
/// arrays that did not change are found by their longest common subsequence, if the product of the
/// lengths of what differs is below 4 million; else what lies between is replaced one by one. As
/// `jsonpatch.make_patch`.
value make_patch(const value& from, const value& to);

/// Applies a JSON Merge Patch: members of the patch replace those of the target, objects are
/// merged, null removes. Never fails. As `json_merge_patch.merge`. RFC 7396.
value apply_merge_patch(value target, const value& patch);

/// A merge patch that makes `to` of `from`. Since null removes, nulls inside of `to` cannot be
/// expressed. \throws type_error  a member of `to` that differs is or contains a member null.
value make_merge_patch(const value& from, const value& to);

/// One place where two values differ.
struct difference {
    std::string path;     ///< `$.items[3].price`
    std::string pointer;  ///< `/items/3/price`
    const value* before;  ///< in the first value; null: it was added
    const value* after;   ///< in the second value; null: it was removed
};

/// Where two values differ: members in the order of the first, then those that were added. Indexes
/// are those of the second value, of removed elements those of the first.
std::vector<difference> differences(const value& from, const value& to);
std::vector<difference> differences(value&&, const value&) = delete;

/// The same as text, `- $.path: before` and `+ $.path: after`, a line each. Empty if they are
/// equal.
std::string diff(const value& from, const value& to);

}  // namespace ferry::json
