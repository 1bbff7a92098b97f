#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/tasks/app.hpp"
#include "ferry/tasks/beat_plan.hpp"
#include "ferry/tasks/schedule.hpp"
#include "ferry/tasks/time_zone.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace ferry::tasks {

/// How a beat runs.
struct beat_settings {
    beat_settings() = default;

    std::filesystem::path state = "ferry-beat.json";
    time_zone zone;
    std::chrono::milliseconds max_interval = std::chrono::minutes{5};
    std::optional<std::chrono::milliseconds> starting_deadline;
    std::optional<std::string> leader;  ///< nothing: the app's name; empty: there are no others
    std::chrono::milliseconds lease = std::chrono::seconds{10};
};

/// The file that remembers when what ran last; `ferry-beat.json` in the working directory by
/// default. As `celery beat --schedule`.
class state_file {
public:
    explicit state_file(std::filesystem::path path) : path_{std::move(path)} {}
    void operator()(beat_settings& s) const { s.state = path_; }

private:
    std::filesystem::path path_;
};

/// The zone whose clocks crontabs mean; UTC by default. As Celery's `timezone`.
/// \throws error with errc::not_found  there is none of that name.
class timezone {
public:
    explicit timezone(std::string_view name) : zone_{name} {}
    explicit timezone(time_zone zone) : zone_{std::move(zone)} {}
    void operator()(beat_settings& s) const { s.zone = zone_; }

private:
    time_zone zone_;
};

/// A run that was missed by more than that, while no beat ran, is left out; by default it is made
/// up for, once. As Celery's `beat_cron_starting_deadline`.
class starting_deadline {
public:
    explicit starting_deadline(std::chrono::milliseconds longest) : longest_{longest} {}
    void operator()(beat_settings& s) const { s.starting_deadline = longest_; }

private:
    std::chrono::milliseconds longest_;
};

/// How long it rests at most; 5 min by default. As Celery's `beat_max_loop_interval`.
class max_interval {
public:
    explicit max_interval(std::chrono::milliseconds longest) : longest_{longest} {}
    void operator()(beat_settings& s) const { s.max_interval = longest_; }

private:
    std::chrono::milliseconds longest_;
};

/// Of all beats of this name at one broker only one sends, the others stand by: they take over at
/// once when it ends, or when it was not heard of for `lease`. The app's name by default; an empty
/// one lets the beat send whatever others do.
class leader {
public:
    explicit leader(std::string name, std::chrono::milliseconds lease = std::chrono::seconds{10})
        : name_{std::move(name)}, lease_{lease}
    {
    }
    void operator()(beat_settings& s) const
    {
        s.leader = name_;
        s.lease = lease_;
    }

private:
    std::string name_;
    std::chrono::milliseconds lease_;
};

template <class T>
concept beat_option = requires(const T& option, beat_settings& s) { option(s); };

/// Sends calls when they are due, as `celery beat`.
///
///     tasks::beat beat(app, tasks::state_file("/var/lib/shop/beat.json"),
///                      tasks::timezone("Europe/Berlin"));
///     beat.add("tidy up", tasks::crontab("0 4 * * *"), tidy.s());
///     beat.add("poll", 30s, poll.s("orders").set(tasks::expires(30s)));
///     co_await beat.run();
///
/// One beat a state file: a second one waits for nothing and throws. Beats on several machines have
/// each their own, and one of them leads: see leader. When an entry has run last is told in the
/// broker before it is sent, so none is sent twice; a leader that dies between the two leaves that
/// one run out, and so does a broker that fails then, which is logged.
///
/// An entry that is new is due for the first time after its schedule's first interval. What was due
/// while no beat ran is sent once. The state is on disk within a second of a change; a change of
/// the zone forgets it.
///
/// Belongs to one loop; stop() may be called from any thread.
class beat {
public:
    template <beat_option... Options>
    explicit beat(const app& of, const Options&... options)
    {
        beat_settings settings;
        (options(settings), ...);
        open(of, std::move(settings));
    }
    ~beat();
    beat(beat&&) noexcept;
    beat& operator=(beat&&) noexcept;

    /// \param name  what the state file knows it by. \throws error  the name is taken.
    template <class R>
    void add(std::string name, schedule when, const tasks::signature<R>& call)
    {
        add(periodic_call(std::move(name), std::move(when), call.settings()));
    }
    void add(periodic_call entry);

    /// Runs until stop() or cancellation; either way the state is saved.
    /// \throws error with errc::invalid_state  another beat has the state file; the state cannot be
    /// read or written.
    awaitable<void> run();

    /// Lets run() return.
    void stop() noexcept;

    /// How many calls were sent.
    std::uint64_t sent() const noexcept;

private:
    class impl;

    void open(const app& of, beat_settings settings);
    std::shared_ptr<impl> impl_;
};

}  // namespace ferry::tasks
