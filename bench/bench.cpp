#include "bench/bench.hpp"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <regex>
#include <stdexcept>

namespace ferry::bench {
namespace {

double seconds(clockid_t clock)
{
    timespec t{};
    ::clock_gettime(clock, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

double setting(const char* name, double otherwise)
{
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::atof(text);
}

struct measured {
    std::vector<double> rate;
    std::vector<double> cpu_rate;
    std::vector<double> cpu_per_operation;
};

void repeat(const contestant& c, const rate_unit& unit, measured& into)
{
    if (c.cost) {
        into.cpu_per_operation.push_back(c.cost());
        into.cpu_rate.push_back(unit.per_operation * 1e6 / into.cpu_per_operation.back());
        return;
    }
    const double cpu_before = cpu_seconds();
    const double wall_before = wall_seconds();
    double operations = 0;
    double wall = 0;
    do {
        operations += c.run();
        wall = wall_seconds() - wall_before;
    } while (wall < repetition_seconds());
    const double cpu = cpu_seconds() - cpu_before;
    into.rate.push_back(operations * unit.per_operation / wall);
    into.cpu_rate.push_back(operations * unit.per_operation / cpu);
    into.cpu_per_operation.push_back(cpu / operations * 1e6);
}

}  // namespace

double cpu_seconds()
{
    return seconds(CLOCK_PROCESS_CPUTIME_ID);
}

double wall_seconds()
{
    return seconds(CLOCK_MONOTONIC);
}

double children_cpu_seconds()
{
    rusage used{};
    ::getrusage(RUSAGE_CHILDREN, &used);
    const auto of = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
    };
    return of(used.ru_utime) + of(used.ru_stime);
}

double number_from(const std::string& command)
{
    std::FILE* const program = ::popen(command.c_str(), "r");
    double number = 0;
    const bool is_read = program != nullptr && std::fscanf(program, "%lf", &number) == 1;
    if (program == nullptr || ::pclose(program) != 0 || !is_read)
        throw std::runtime_error("this printed no number: " + command);
    return number;
}

double repetition_seconds()
{
    return setting("FERRY_BENCH_SECONDS", 0.5);
}

int repetitions()
{
    return std::max(1, static_cast<int>(setting("FERRY_BENCH_REPETITIONS", 5)));
}

void use_one_core(std::string_view area)
{
    const char* const cores = std::getenv("FERRY_BENCH_CORES");
    const bool all = cores != nullptr && std::string_view{cores} == "all";
    if (!all) {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(static_cast<std::size_t>(::sched_getcpu()), &one);
        if (::sched_setaffinity(0, sizeof one, &one) != 0)
            throw std::runtime_error("this process cannot be kept on one core");
    }
    std::printf("%.*s # cores=%s\n", static_cast<int>(area.size()), area.data(),
                all ? "all" : "one");
    std::fflush(stdout);
}

bool wanted(std::string_view area, std::string_view name)
{
    const char* only = std::getenv("FERRY_BENCH_ONLY");
    if (only == nullptr || *only == '\0') return true;
    return std::regex_search(std::string{area} + " " + std::string{name}, std::regex{only});
}

double median(std::vector<double> values)
{
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double median_ratio(const std::vector<double>& own, const std::vector<double>& theirs)
{
    std::vector<double> all;
    for (std::size_t i = 0; i < std::min(own.size(), theirs.size()); ++i) {
        all.push_back(own[i] / theirs[i]);
    }
    return median(std::move(all));
}

void print(std::string_view area, std::string_view who_and_case, std::string_view metric,
           std::vector<double> values, std::string_view unit)
{
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    double load = 0;
    if (::getloadavg(&load, 1) < 1) load = 0;
    const double m = median(values);
    std::printf(m >= 1000 ? "%.*s %.*s %.*s %.0f %.*s # min=%.4g max=%.4g n=%zu load=%.2f\n"
                          : "%.*s %.*s %.*s %.4g %.*s # min=%.4g max=%.4g n=%zu load=%.2f\n",
                static_cast<int>(area.size()), area.data(), static_cast<int>(who_and_case.size()),
                who_and_case.data(), static_cast<int>(metric.size()), metric.data(), m,
                static_cast<int>(unit.size()), unit.data(), *low, *high, values.size(), load);
    std::fflush(stdout);
}

void print_ratio(std::string_view area, std::string_view name, double ratio, std::string_view rival,
                 double bar)
{
    std::printf("%.*s ferry/%.*s ratio %.3f %.*s", static_cast<int>(area.size()), area.data(),
                static_cast<int>(name.size()), name.data(), ratio, static_cast<int>(rival.size()),
                rival.data());
    if (bar > 0) std::printf(" # bar=%.4g %s", bar, ratio <= bar ? "reached" : "missed");
    std::putchar('\n');
    std::fflush(stdout);
}

void compare(std::string_view area, std::string_view name, const rate_unit& unit,
             const std::vector<contestant>& contestants, int times)
{
    if (!wanted(area, name)) return;
    std::vector<measured> results(contestants.size());
    for (const contestant& c : contestants)
        if (c.run) c.run();
    for (int i = 0; i < times; ++i) {
        for (std::size_t c = 0; c < contestants.size(); ++c)
            repeat(contestants[c], unit, results[c]);
    }
    for (std::size_t c = 0; c < contestants.size(); ++c) {
        const std::string label = contestants[c].who + "/" + std::string{name};
        if (!results[c].rate.empty()) print(area, label, "rate", results[c].rate, unit.name);
        print(area, label, "cpu-rate", results[c].cpu_rate, unit.name);
        print(area, label, "cpu", results[c].cpu_per_operation, "us/op");
    }
    for (std::size_t c = 1; c < contestants.size(); ++c) {
        print_ratio(area, name,
                    median_ratio(results[0].cpu_per_operation, results[c].cpu_per_operation),
                    contestants[c].who, contestants[c].bar);
    }
}

}  // namespace ferry::bench
