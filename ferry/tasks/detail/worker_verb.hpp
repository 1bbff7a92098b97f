#pragma once

#include "ferry/tasks/app.hpp"
#include "ferry/tasks/worker_options.hpp"

#include <CLI/CLI.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace ferry::tasks::detail {

/// The verb `worker` of a command line: its options are those of `celery worker`.
class worker_verb {
public:
    explicit worker_verb(CLI::App& in);
    worker_verb(const worker_verb&) = delete;
    worker_verb& operator=(const worker_verb&) = delete;

    bool parsed() const { return verb_->parsed(); }

    /// Serves until a signal ends it. \throws error  as serve(); the plan of the beat is wrong.
    void run(const app& of);

private:
    void add_pool_options();
    void add_queue_options();
    void add_features();
    worker_settings settings() const;

    CLI::App* verb_;
    worker_settings with_;
    std::vector<std::string> broadcasts_;
    std::string pool_;
    std::vector<std::size_t> scale_;
    double hard_limit_ = 0;
    double soft_limit_ = 0;
    double heartbeat_ = 2;
    bool no_mingle_ = false;
    bool no_gossip_ = false;
    bool no_heartbeat_ = false;
    std::string plan_;
    std::string plan_state_ = "ferry-beat.json";
    std::string fairness_;
    std::string level_ = "info";
};

}  // namespace ferry::tasks::detail
