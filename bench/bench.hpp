#pragma once

// What every benchmark shares: it runs ferry and its rivals in turn in one process, takes the
// median of several repetitions, and prints lines of
//
//     area who/case metric value unit # min=.. max=.. n=.. load=..
//     area ferry/case ratio value rival # bar=.. reached
//
// where the ratio is ferry's cost divided by the rival's, the median of those of each repetition,
// and the bar, if the project has set one, what it may be at most. FERRY_BENCH_SECONDS (0.5) is the
// length of a repetition, FERRY_BENCH_REPETITIONS (5) their number, FERRY_BENCH_ONLY a regular
// expression over "area case".

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::bench {

/// Seconds on the process's CPU clock, all threads together.
double cpu_seconds();

/// Seconds on the monotonic clock.
double wall_seconds();

/// The CPU seconds of the children that have ended.
double children_cpu_seconds();

double repetition_seconds();
int repetitions();

/// Keeps this process, and those that it starts from now on, on one core, and prints that it does.
/// For programs that measure the CPU time of talking to a server on this machine: waking another
/// core is an interrupt, and one that sleeps a call to the hypervisor, which a virtual machine
/// charges to whoever sends; on one core it is a change of context, as it is where all cores have
/// work. With FERRY_BENCH_CORES=all the system places the processes as it likes.
void use_one_core(std::string_view area);

/// One contestant of a case: `run` does the work once and returns how many operations that was.
struct contestant {
    std::string who;
    std::function<double()> run;
    /// Instead of `run`, for a program of its own: runs that, and returns the CPU microseconds that
    /// an operation took there.
    std::function<double()> cost = {};
    double bar = 0;  ///< of a rival: see print_ratio()
};

/// Runs a command of the shell. \returns the number that it prints.
/// \throws std::runtime_error  it fails, or prints something else.
double number_from(const std::string& command);

/// A unit in which a rate is printed: how many of them one operation is worth.
struct rate_unit {
    std::string name;  ///< "MB/s", "req/s"
    double per_operation = 1;
};

/// Runs the contestants in turn, repetition by repetition, so that a machine whose speed drifts
/// treats all alike. Prints each one's rate (per CPU second and per wall second) and CPU time per
/// operation, then ferry's ratio to every other, by CPU time per operation: the median of those
/// within a repetition. Ferry is the first contestant.
void compare(std::string_view area, std::string_view name, const rate_unit& unit,
             const std::vector<contestant>& contestants, int times = repetitions());

/// Prints one measured line.
void print(std::string_view area, std::string_view who_and_case, std::string_view metric,
           std::vector<double> values, std::string_view unit);

/// Prints one ratio line.
/// \param bar  what the ratio may be at most; 0: that is not set.
void print_ratio(std::string_view area, std::string_view name, double ratio, std::string_view rival,
                 double bar = 0);

/// True if FERRY_BENCH_ONLY does not exclude the case.
bool wanted(std::string_view area, std::string_view name);

/// The median; of an even number of values the mean of the middle two.
double median(std::vector<double> values);

/// The median of the ratios of what was measured one right after the other: a machine whose speed
/// drifts is alike to both of a pair.
double median_ratio(const std::vector<double>& own, const std::vector<double>& theirs);

}  // namespace ferry::bench
