#pragma once

#include "ferry/tasks/app.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::tasks::detail {

/// What the handles of one app share. Every function may be called from any thread.
class app_core : public std::enable_shared_from_this<app_core> {
public:
    app_core(std::string name, app_settings settings);

    const std::string& name() const noexcept { return name_; }
    const std::string& default_queue() const noexcept { return settings_.queue; }

    const accept_content& accept() const noexcept { return settings_.accept; }

    std::shared_ptr<message_broker> broker();
    std::shared_ptr<result_store> results();

    /// In a process that was forked: opens its own connections, when they are needed, and leaves
    /// those that it inherited alone.
    void forget_connections();

    /// Keeps other threads out, for a fork: the child must not find the app in the middle of
    /// something that a thread does which it does not have.
    std::unique_lock<std::mutex> hold() { return std::unique_lock{mutex_}; }

    const app_settings& settings() const noexcept { return settings_; }

    void add(definition d);
    std::shared_ptr<const definition> find(std::string_view name);
    /// Also the tasks that every worker has: `celery.map` and `celery.starmap`.
    std::shared_ptr<const definition> find_any(std::string_view name);
    std::vector<std::string> names();

private:
    std::string name_;
    std::mutex mutex_;
    app_settings settings_;  ///< broker and results: guarded
    std::map<std::string, std::shared_ptr<const definition>, std::less<>> tasks_;  ///< guarded
};

/// Who sends messages from here, `gen<pid>@<host>`.
const std::string& origin();

const std::string& host_name();

/// Fills in what the task and the app say and the call does not, and its id.
void complete(app_core& app, call_settings& call);

/// A complete call as a message and the queue that it goes to.
outgoing prepare(app_core& app, call_settings call);

/// Whether a message was not sent because the broker could not be reached, or the connection broke,
/// which may also show by silence: no heartbeat, no confirm.
bool is_broker_gone(const error& why);

/// What to do about an error that is being handled, of sending a message.
/// \param retries  how often it was sent again already.
/// \returns how long to wait before it is sent again. \throws the error, if it is not.
std::chrono::milliseconds wait_to_send_again(const error& why, const publish_policy& policy,
                                             int retries);

/// Hands what prepare() has made to the broker, and tells those who watch of it, if the app says
/// so.
awaitable<void> send_out(const std::shared_ptr<app_core>& app, outgoing call);

}  // namespace ferry::tasks::detail
