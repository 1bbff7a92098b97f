#include "ferry/tasks/detail/chord_structure.hpp"

#include "ferry/core/log.hpp"
#include "ferry/tasks/result.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace ferry::tasks::detail {
namespace {

chord_part part(std::string id, int result, std::string_view status = state::success)
{
    chord_part p;
    p.task_id = std::move(id);
    p.status = status;
    p.result = result;
    return p;
}

/// `a`, and a group of `b` and `c`.
value header()
{
    const auto one = [](const char* id) {
        return value::array(value::array(id, value()), value());
    };
    const value inner =
        value::array(value::array("inner", value()), value::array(one("b"), one("c")));
    return value::array(value::array("outer", value()), value::array(one("a"), inner));
}

std::vector<value> results(const std::vector<chord_part>& of)
{
    std::vector<value> all;
    for (const chord_part& p : of) all.push_back(p.result);
    return all;
}

class chord_structure : public ::testing::Test {
protected:
    chord_structure() { log::set_level(log::level::off); }
    ~chord_structure() override { log::set_level(log::level::warning); }
    const std::vector<chord_part> flat_ = {part("c", 3), part("a", 1), part("b", 2)};
};

TEST_F(chord_structure, parts_of_a_group_are_one_list)
{
    EXPECT_TRUE(is_nested(header()));
    EXPECT_EQ(results(arranged(flat_, kept_header(header()))),
              (std::vector<value>{1, value::array(2, 3)}));
}

TEST_F(chord_structure, what_the_header_does_not_know_comes_last)
{
    std::vector<chord_part> more = flat_;
    more.insert(more.begin(), part("d", 4));
    EXPECT_EQ(results(arranged(more, kept_header(header()))),
              (std::vector<value>{1, value::array(2, 3), 4}));
}

TEST_F(chord_structure, parts_stay_as_they_are_if_one_failed_or_is_missing)
{
    std::vector<chord_part> failed = flat_;
    failed[1] = part("a", 1, state::failure);
    EXPECT_EQ(results(arranged(failed, kept_header(header()))), results(failed));
    const std::vector<chord_part> two(flat_.begin(), flat_.begin() + 2);
    EXPECT_EQ(results(arranged(two, kept_header(header()))), results(two));
}

TEST_F(chord_structure, parts_stay_as_they_are_if_the_header_is_no_result)
{
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += R"([["x", null], [)";
    for (const std::string& kept :
         {std::string("no json"), std::string("{}"), std::string("[]"), std::string("null"),
          std::string(R"({"result": 5})"), std::string(R"({"result": [["x", null], [5]]})"),
          std::string(R"({"result": [[], [[["a", null], null]]]})"),
          std::string(R"({"result": [["x", null], 7]})"), deep, R"({"result": )" + deep}) {
        EXPECT_EQ(results(arranged(flat_, kept)), results(flat_)) << kept.substr(0, 40);
    }
}

}  // namespace
}  // namespace ferry::tasks::detail
