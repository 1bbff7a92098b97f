#pragma once

#include "ferry/core/value.hpp"
#include "ferry/tasks/options.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// Workflows as pure data: Celery's signature dictionaries in, messages out. What a client does
/// when it starts a workflow and what a worker does when it goes on with one are the same.
namespace ferry::tasks::detail {

/// How many parts a chord waits for before its body is called.
struct chord_size {
    std::string group;
    std::int64_t size = 0;
    value body;
    std::vector<std::string> parts{};  ///< whose results it waits for
    value header{};                    ///< their results, if groups are among them; else null
};

/// A call whose result is one of a workflow's.
struct result_end {
    std::string id;
    std::string task;
    bool ignored = false;  ///< its options say that nobody stores it; its registration may, too
};

/// What starts a workflow.
struct plan {
    std::vector<call_settings> calls;
    std::vector<chord_size> chords;  ///< to be known before the calls are sent
    /// Whose results are the workflow's: one, or those of the members of a group at its end.
    std::vector<result_end> results;
    std::string group;  ///< the group's id; empty: there is none
    /// The result of that group, as Celery writes it, `[[id, parent], members]`, if groups are
    /// among its members; else null.
    value nested{};
    /// What the task that starts it calls its children: one for each workflow, as Celery writes
    /// results, `[[id, parent], members]`.
    value children = value::array();
};

/// Where a signature is started from.
struct surroundings {
    const value* result = nullptr;  ///< what the task before it returned
    std::string root_id;            ///< empty: the first task is the root
    std::string parent_id;
    std::string reply_to;
    value chain;                     ///< what follows, the next step last; or null
    value stamps = value::object();  ///< headers that every message of the workflow gets
};

/// \throws error, limit_error  what comes from outside is no signature.
plan start(const value& signature, const surroundings& from);

/// What a task that succeeded leaves to be done: its callbacks, and the next step of its chain.
plan after_success(const message& done, const value& result);

/// What a task that failed leaves to be done: its errbacks, and those of the steps behind it.
plan after_failure(const message& failed);

/// What takes the place of a task: with its id, its place in a group or a chord, what it is linked
/// to and what follows it. A group at the end is made one result.
/// \throws task_error  ImproperlyConfigured: it cannot.
plan in_place_of(const message& replaced, const value& signature);

/// What is one more part of the chord that a task is a part of.
plan beside_part(const message& of, const value& signature);

/// What calls the body of a chord with the results of its parts, or, as they failed, its errbacks.
plan after_chord(const message& last, const value& results);
plan after_failed_chord(const message& last);

/// Whose results are those of a frozen signature: one, or those of the members of a group at its
/// end. Their ids and the chords they belong to.
std::vector<message> ends_of(const value& frozen);

/// The same of the steps behind a task, all of which fail with it.
std::vector<message> following(const message& failed);

}  // namespace ferry::tasks::detail
