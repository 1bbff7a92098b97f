#pragma once

#include "ferry/core/describe.hpp"
#include "ferry/tasks/broker.hpp"
#include "ferry/tasks/definition.hpp"
#include "ferry/tasks/options.hpp"
#include "ferry/tasks/signature.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ferry::tasks {

struct app_settings {
    app_settings() = default;

    std::string broker_url;                  ///< empty: the embedded broker
    std::string results_url;                 ///< empty: beside the broker
    std::shared_ptr<message_broker> broker;  ///< instead of the URL
    std::shared_ptr<result_store> results;   ///< instead of the URL
    std::chrono::seconds result_expires = default_result_expiry;
    bool result_extended = false;
    bool sent_events = false;
    std::string queue{default_queue};
    publish_policy publishing;
    accept_content accept;
};

/// Where messages go: a URL as open_broker() takes it, or a broker that is open.
class broker {
public:
    explicit broker(std::string url) : url_{std::move(url)} {}
    explicit broker(std::shared_ptr<message_broker> open) : open_{std::move(open)} {}
    void operator()(app_settings& s) const
    {
        s.broker_url = url_;
        s.broker = open_;
    }

private:
    std::string url_;
    std::shared_ptr<message_broker> open_;
};

/// Where results go: a URL as open_results() takes it, or a store that is open.
class results {
public:
    explicit results(std::string url) : url_{std::move(url)} {}
    explicit results(std::shared_ptr<result_store> open) : open_{std::move(open)} {}
    void operator()(app_settings& s) const
    {
        s.results_url = url_;
        s.results = open_;
    }

private:
    std::string url_;
    std::shared_ptr<result_store> open_;
};

/// How long results are kept; a day by default.
class result_expires {
public:
    explicit result_expires(std::chrono::seconds after) : after_{after} {}
    void operator()(app_settings& s) const { s.result_expires = after_; }

private:
    std::chrono::seconds after_;
};

/// Results tell what they are the results of: name, arguments, worker, retries, queue. As Celery's
/// `result_extended`.
class result_extended {
public:
    explicit result_extended(bool on = true) : on_{on} {}
    void operator()(app_settings& s) const { s.result_extended = on_; }

private:
    bool on_;
};

/// Every call tells those who watch that it was sent, by the event `task-sent`. As Celery's
/// `task_send_sent_event`.
class sent_events {
public:
    explicit sent_events(bool on = true) : on_{on} {}
    void operator()(app_settings& s) const { s.sent_events = on_; }

private:
    bool on_;
};

template <class T>
concept app_option = requires(const T& option, app_settings& s) { option(s); };

/// The tasks of a program and the way to those that run them. As Celery's app.
///
///     tasks::app app("shop", tasks::broker("sqlite:///var/lib/shop/tasks.db"));
///     auto add = app.task("shop.add", [](int x, int y) { return x + y; });
///     auto result = co_await add.delay(2, 3);
///     int five = co_await result.get(10s);
///
/// Broker and result store are opened when they are first needed. Register the tasks before a
/// worker starts; all else may be done on any thread.
class app {
public:
    template <app_option... Options>
    explicit app(std::string name, const Options&... options)
    {
        app_settings settings;
        (options(settings), ...);
        open(std::move(name), std::move(settings));
    }

    const std::string& name() const noexcept;

    /// Registers a task: any function, or one that returns an awaitable, whose parameters and
    /// result describe.hpp can turn into values. An exception that leaves it is the task's failure.
    /// \param name  the name on the wire, the same for every program.
    /// \return what calls it.
    /// \throws error  the name is taken.
    template <class F, task_option... Options>
    auto task(std::string name, F f, const Options&... options)
    {
        using type = typename detail::shape_of_t<F>::type;
        task_settings settings;
        (options(settings), ...);
        add(detail::define(name, std::move(f), std::move(settings)));
        return tasks::task<type>(std::move(name), core_);
    }

    /// A call of a task that is known by its name only: `app.signature("python.resize", path)`.
    template <class... Args>
    tasks::signature<value> signature(std::string task, const Args&... args) const
    {
        call_settings call;
        call.message.task = std::move(task);
        call.message.args = value::array(to_value(args)...);
        return tasks::signature<value>(core_, std::move(call));
    }

    /// The outcome of a call whose id is known. As Celery's `app.AsyncResult`.
    template <class T = value>
    async_result<T> result(std::string id) const
    {
        return async_result<T>(std::move(id), core_);
    }

    /// The names of the registered tasks, in order.
    std::vector<std::string> tasks() const;

    /// \throws error  it cannot be opened.
    std::shared_ptr<message_broker> open_broker() const;
    std::shared_ptr<result_store> open_results() const;

    /// The whole of a program's main: `shop worker -c 4`, `shop call shop.add 2 3`, `shop result
    /// ID`, `shop purge`, `shop tasks`; `--help` says more. \return the exit status.
    int main(int argc, char** argv);

    const std::shared_ptr<detail::app_core>& core() const noexcept { return core_; }

private:
    void open(std::string name, app_settings settings);
    void add(definition d);

    std::shared_ptr<detail::app_core> core_;
};

}  // namespace ferry::tasks

/// Exports an app from a shared object, for `ferry worker --app ./libshop.so`.
#define FERRY_TASKS_APP(variable)                   \
    extern "C" ferry::tasks::app* ferry_tasks_app() \
    {                                               \
        return &(variable);                         \
    }
