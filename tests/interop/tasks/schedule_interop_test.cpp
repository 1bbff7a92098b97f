#include "ferry/documents/json.hpp"
#include "ferry/tasks/schedule.hpp"
#include "ferry/testing/program.hpp"

#include <gtest/gtest.h>

#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;

struct question {
    value row;
    std::optional<timestamp> answer;
};

/// What Celery answers, a time for each question.
std::vector<timestamp> ask_celery(const std::vector<question>& all)
{
    std::string lines;
    for (const question& q : all) lines += json::dump(q.row) + '\n';
    const auto ran =
        testing::run_program({FERRY_PYTHON, FERRY_INTEROP_DIR "/schedule_peer.py"}, lines);
    EXPECT_EQ(ran.status, 0) << ran.err;
    std::vector<timestamp> times;
    std::istringstream answers(ran.out);
    for (std::string line; std::getline(answers, line);) times.push_back(iso8601::parse(line).utc);
    return times;
}

void expect_agreement(const std::vector<question>& all, std::chrono::seconds tolerance)
{
    const auto theirs = ask_celery(all);
    ASSERT_EQ(theirs.size(), all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        ASSERT_TRUE(all[i].answer) << json::dump(all[i].row);
        EXPECT_LE(std::chrono::abs(*all[i].answer - theirs[i]), tolerance)
            << json::dump(all[i].row) << " celery " << iso8601::format(theirs[i]) << " ferry "
            << iso8601::format(*all[i].answer);
    }
}

timestamp some_time(std::mt19937& random)
{
    const timestamp start = iso8601::parse("2026-01-01").utc;
    return start + std::chrono::seconds{random() % (3 * 365 * 86400)};
}

template <class T>
const T& one_of(const std::vector<T>& all, std::mt19937& random)
{
    return all[random() % all.size()];
}

TEST(celery_schedule, crontabs_are_due_when_celery_says)
{
    std::mt19937 random(1);
    const std::vector<std::vector<std::string>> fields = {
        {"*", "*/7", "0", "30", "5,10-20/5,59", "50-10", "*/15"},
        {"*", "*/5", "4", "22-2", "9-17/4", "0,12"},
        {"*", "1", "13", "31", "*/10", "28-3", "29"},
        {"*", "2", "*/3", "11-2", "1,7"},
        {"*", "fri", "mon-fri", "fri-mon", "0", "sun,3", "*/2"}};
    std::vector<question> all;
    while (all.size() < 300) {
        std::string text;
        for (const auto& kinds : fields) text += one_of(kinds, random) + ' ';
        const timestamp last = some_time(random);
        const auto due = crontab(text).next(last, time_zone());
        // What never comes keeps Celery searching.
        if (!due || *due - last > 24h * 365 * 3) continue;
        all.push_back(
            {value::object("kind", "crontab", "fields", text, "last", iso8601::format(last)), due});
    }
    expect_agreement(all, 0s);
}

TEST(celery_schedule, intervals_are_due_when_celery_says)
{
    std::mt19937 random(2);
    std::vector<question> all;
    for (const int seconds : {1, 30, 60, 90, 300, 3600, 5400, 86400, 100'000}) {
        for (const bool relative : {false, true}) {
            const timestamp last = some_time(random);
            all.push_back(
                {value::object("kind", "every", "interval", seconds, "relative", relative, "last",
                               iso8601::format(last)),
                 every(std::chrono::seconds{seconds}).relative(relative).next(last, time_zone())});
        }
    }
    expect_agreement(all, 0s);
}

TEST(celery_schedule, the_sun_does_what_celery_says)
{
    std::mt19937 random(3);
    std::vector<question> all;
    for (const auto& [latitude, longitude] :
         std::vector<std::pair<double, double>>{{52.52, 13.405}, {-33.87, 151.21}, {0, -78.5}}) {
        // Celery 5.2 takes 18 degrees above the horizon for the end of astronomical dusk.
        for (const char* const event :
             {"dawn_astronomical", "dawn_nautical", "dawn_civil", "sunrise", "solar_noon", "sunset",
              "dusk_civil", "dusk_nautical"}) {
            // Not in the weeks about midsummer, when Berlin's nights stay light.
            const timestamp last =
                iso8601::parse("2026-09-01").utc + std::chrono::minutes{random() % (200 * 1440)};
            all.push_back({value::object("kind", "solar", "event", event, "latitude", latitude,
                                         "longitude", longitude, "last", iso8601::format(last)),
                           solar(event, latitude, longitude).next(last)});
        }
    }
    expect_agreement(all, 150s);
}

}  // namespace
}  // namespace ferry::tasks
