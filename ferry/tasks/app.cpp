#include "ferry/tasks/app.hpp"

#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/core/uuid.hpp"
#include "ferry/tasks/control.hpp"
#include "ferry/tasks/detail/app_core.hpp"
#include "ferry/tasks/detail/built_in.hpp"
#include "ferry/tasks/detail/feed.hpp"
#include "ferry/tasks/detail/followers.hpp"

#include <unistd.h>

#include <array>
#include <utility>

namespace ferry::tasks {
namespace detail {

const std::string& host_name()
{
    static const std::string name = [] {
        std::array<char, 256> text{};
        if (::gethostname(text.data(), text.size() - 1) != 0) return std::string{"localhost"};
        return std::string{text.data()};
    }();
    return name;
}

const std::string& origin()
{
    static const std::string text = "gen" + std::to_string(::getpid()) + "@" + host_name();
    return text;
}

app_core::app_core(std::string name, app_settings settings)
    : name_{std::move(name)}, settings_{std::move(settings)}
{
}

std::shared_ptr<message_broker> app_core::broker()
{
    const std::lock_guard lock{mutex_};
    if (!settings_.broker) settings_.broker = open_broker(settings_.broker_url);
    return settings_.broker;
}

std::shared_ptr<result_store> app_core::results()
{
    const std::shared_ptr<message_broker> beside = broker();
    const std::lock_guard lock{mutex_};
    if (!settings_.results) {
        settings_.results = open_results(settings_.results_url, beside, settings_.result_expires);
    }
    return settings_.results;
}

void app_core::forget_connections()
{
    // Their threads do not exist here, so nothing of them may be used, nor destroyed.
    static_cast<void>(new std::shared_ptr<message_broker>{std::move(settings_.broker)});
    static_cast<void>(new std::shared_ptr<result_store>{std::move(settings_.results)});
}

void app_core::add(definition d)
{
    const std::lock_guard lock{mutex_};
    std::string name = d.name;
    const auto [at, fresh] =
        tasks_.try_emplace(std::move(name), std::make_shared<const definition>(std::move(d)));
    if (!fresh) throw error{ferry::errc::invalid_state, at->first + ": registered twice"};
}

std::shared_ptr<const definition> app_core::find(std::string_view name)
{
    const std::lock_guard lock{mutex_};
    const auto at = tasks_.find(name);
    return at == tasks_.end() ? nullptr : at->second;
}

std::shared_ptr<const definition> app_core::find_any(std::string_view name)
{
    const std::shared_ptr<const definition> own = find(name);
    if (own || !name.starts_with("celery.")) return own;
    const std::shared_ptr<const definition> map = map_task(shared_from_this(), name);
    return map ? map : built_in_task(shared_from_this(), name);
}

std::vector<std::string> app_core::names()
{
    const std::lock_guard lock{mutex_};
    std::vector<std::string> all;
    for (const auto& [name, task] : tasks_) all.push_back(name);
    return all;
}

void complete(app_core& app, call_settings& call)
{
    message& m = call.message;
    const std::shared_ptr<const definition> known = app.find(m.task);
    if (known && call.queue.empty() && m.exchange.empty()) {
        call.queue = known->settings.queue;
        m.exchange = known->settings.exchange;
        m.exchange_type = known->settings.exchange_type;
    }
    if (!m.exchange.empty() && !app.broker()->has_buses()) {
        throw error{ferry::errc::unsupported, m.task + ": this broker has no exchanges"};
    }
    if (known && m.priority == 0) m.priority = known->settings.priority;
    if (known && known->settings.ignore_result) m.ignore_result = true;
    if (call.queue.empty() && m.exchange.empty()) call.queue = app.default_queue();
    if (call.countdown) m.eta = now() + *call.countdown;
    if (call.expires_in) m.expires = now() + *call.expires_in;
    if (m.id.empty()) m.id = uuid4();
    m.origin = origin();
}

outgoing prepare(app_core& app, call_settings call)
{
    complete(app, call);
    return outgoing(std::move(call.queue), encode(call.message));
}

namespace {

awaitable<void> tell_sent(std::shared_ptr<message_broker> over, awaitable<void> publishing,
                          value fields)
{
    static logical_clock clock;
    co_await std::move(publishing);
    value event = event_of("task-sent", std::move(fields), origin(), clock);
    try {
        auto telling = over->announce(bus::events, "task.sent", event_envelope(origin(), event));
        co_await std::move(telling);
    } catch (const error& e) {
        log::warning("an event is not sent", "reason", e.what());
    }
}

bool tells(const app_core& app, const message_broker& over)
{
    return app.settings().sent_events && over.has_buses();
}

}  // namespace

bool is_broker_gone(const error& why)
{
    if (why.code() == condition::disconnected) return true;
    const bool silent = dynamic_cast<const connection_error*>(&why) != nullptr;
    return silent && why.code() == condition::timed_out;
}

std::chrono::milliseconds wait_to_send_again(const error& why, const publish_policy& policy,
                                             int retries)
{
    if (retries >= policy.max_retries || !is_broker_gone(why)) throw;
    log::info("a message is sent again", "reason", why.what());
    return policy.wait_after(retries);
}

awaitable<void> send_out(const std::shared_ptr<app_core>& app, outgoing call)
{
    std::shared_ptr<message_broker> to = app->broker();
    value fields = tells(*app, *to) ? sent_event(call) : value();
    auto publishing = to->publish(std::move(call.queue), std::move(call.content));
    if (fields.is_null()) return publishing;
    return tell_sent(std::move(to), std::move(publishing), std::move(fields));
}

awaitable<sent_call> send(std::shared_ptr<app_core> app, std::unique_ptr<call_settings> call)
{
    message& m = call->message;
    const std::shared_ptr<result_store> results = app->results();
    const bool named = !m.reply_to.empty() || !results->wants_reply_to();
    if (m.reply_to.empty()) m.reply_to = result_store::any_reply_to();
    complete(*app, *call);
    std::shared_ptr<arrival> result;
    if (!m.ignore_result) result = results->expect(m.id);
    const std::shared_ptr<message_broker> to = app->broker();
    for (int retries = 0;; ++retries) {
        std::chrono::milliseconds wait{0};
        try {
            if (!named) {
                auto naming = results->reply_to();
                m.reply_to = co_await std::move(naming);
            }
            auto sending = tells(*app, *to) ? send_out(app, outgoing(call->queue, encode(m)))
                                            : to->publish(call->queue, m, result);
            co_await std::move(sending);
            break;
        } catch (const error& e) {
            wait = wait_to_send_again(
                e, call->publishing ? *call->publishing : app->settings().publishing, retries);
        }
        co_await sleep(wait);
    }
    sent_call sent;
    sent.id = std::move(m.id);
    sent.ignores_result = m.ignore_result;
    co_return sent;
}

awaitable<result_document> ignored_result(std::string id)
{
    result_document d;
    d.task_id = std::move(id);
    d.status = state::success;
    co_return d;
}

awaitable<result_document> wait_for_result(std::shared_ptr<app_core> app, std::string id)
{
    const std::shared_ptr<result_store> store = app->results();
    auto ready = store->wait(std::move(id));
    co_return co_await std::move(ready);
}

awaitable<result_document> find_result(std::shared_ptr<app_core> app, std::string id)
{
    const std::shared_ptr<result_store> store = app->results();
    auto found = store->find(std::move(id));
    co_return co_await std::move(found);
}

awaitable<void> forget_result(std::shared_ptr<app_core> app, std::string id)
{
    const std::shared_ptr<result_store> store = app->results();
    auto forgotten = store->forget(std::move(id));
    co_await std::move(forgotten);
}

awaitable<void> revoke_task(std::shared_ptr<app_core> app, value ids, std::string signal)
{
    value arguments = value::object("task_id", std::move(ids), "terminate", !signal.empty());
    if (!signal.empty()) arguments.insert("signal", std::move(signal));
    auto telling = cast(app->broker(), remote_command("revoke").arguments(std::move(arguments)));
    co_await std::move(telling);
}

}  // namespace detail

namespace {

awaitable<void> store_state(std::shared_ptr<result_store> to, result_document d)
{
    auto stored = to->store(std::move(d));
    co_await std::move(stored);
}

}  // namespace

awaitable<void> context::update_state(std::string status, value meta) const
{
    result_document d;
    d.task_id = id();
    d.status = std::move(status);
    d.result = std::move(meta);
    d.parent_id = request_->parent_id;
    d.group_id = request_->group;
    d.reply_to = request_->reply_to;
    return store_state(results_, std::move(d));
}

const std::string& app::name() const noexcept
{
    return core_->name();
}

std::vector<std::string> app::tasks() const
{
    return core_->names();
}

std::shared_ptr<message_broker> app::open_broker() const
{
    return core_->broker();
}

std::shared_ptr<result_store> app::open_results() const
{
    return core_->results();
}

void app::open(std::string name, app_settings settings)
{
    core_ = std::make_shared<detail::app_core>(std::move(name), std::move(settings));
}

void app::add(definition d)
{
    core_->add(std::move(d));
}

}  // namespace ferry::tasks
