#include "ferry/documents/json.hpp"
#include "ferry/testing/program.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace ferry::json {
namespace {

std::string run_peer(const std::string& mode, const std::string& input = {})
{
    const auto ended = testing::run_program(
        {FERRY_PYTHON, std::string{FERRY_INTEROP_DIR} + "/json_peer.py", mode}, input);
    EXPECT_EQ(ended.status, 0) << ended.err;
    return ended.out;
}

std::vector<std::string_view> split(std::string_view text)
{
    std::vector<std::string_view> items;
    while (!text.empty()) {
        const std::size_t end = text.find('\0');
        items.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end, text.size() - 1) + 1);
    }
    return items;
}

/// What Python accepts by default and ferry on request.
parse_options as_python()
{
    return parse_options().allow_nan().overflow_to_infinity().lone_surrogates(surrogates::wtf8);
}

TEST(json_interop, ferry_reads_python_and_writes_the_same_bytes)
{
    const std::string written = run_peer("write");
    const auto forms = split(written);
    constexpr std::size_t per_document = 5;
    ASSERT_EQ(forms.size() % per_document, 0U);
    ASSERT_GE(forms.size(), 300 * per_document);
    for (std::size_t i = 0; i < forms.size(); i += per_document) {
        const value v = parse(forms[i]);
        for (std::size_t k = 1; k < per_document; ++k) ASSERT_EQ(parse(forms[i + k]), v);
        ASSERT_EQ(dump(v, dump_options().python()), forms[i]);
        ASSERT_EQ(dump(v), forms[i + 1]);
        ASSERT_EQ(dump(v, dump_options().python().indent(2)), forms[i + 2]);
        ASSERT_EQ(dump(v, dump_options().indent("\t")), forms[i + 3]);
        ASSERT_EQ(dump(v, dump_options().python().sort_keys()), forms[i + 4]);
    }
}

/// Python's keyword arguments as dump_options.
dump_options options_of(const value& keywords)
{
    auto options = dump_options().python();
    if (const value* const pair = keywords.get_if("separators")) {
        options.separators(pair->at(0).as<std::string>(), pair->at(1).as<std::string>());
    }
    if (const value* const indent = keywords.get_if("indent")) {
        if (indent->is_string()) {
            options.indent(indent->as<std::string>());
        } else {
            options.indent(indent->as<std::size_t>());
        }
    }
    options.sort_keys(keywords.get("sort_keys", false));
    options.ascii(keywords.get("ensure_ascii", true));
    if (!keywords.get("allow_nan", true)) options.nan(nan_policy::error);
    return options;
}

TEST(json_interop, every_option_gives_the_bytes_of_python)
{
    const std::string written = run_peer("options");
    const auto items = split(written);
    ASSERT_GE(items.size(), 3 * 2000U);
    std::size_t refused = 0;
    for (std::size_t i = 0; i + 2 < items.size(); i += 3) {
        SCOPED_TRACE(std::string{items[i]});
        const auto options = options_of(parse(items[i]));
        const value v = parse(items[i + 1], parse_options().allow_nan());
        std::string text = "ValueError";
        try {
            text = dump(v, options);
        } catch (const type_error&) {
            ++refused;
        }
        ASSERT_EQ(text, items[i + 2]);
    }
    EXPECT_GE(refused, 100U);
}

TEST(json_interop, python_reads_ferry)
{
    const std::string written = run_peer("write");
    const auto forms = split(written);
    std::string answer;
    for (std::size_t i = 0; i < forms.size(); i += 5) answer += dump(parse(forms[i])) + '\0';
    EXPECT_EQ(run_peer("check", answer), "ok\n");
}

TEST(json_interop, errors_are_where_python_finds_them)
{
    const std::string written = run_peer("errors");
    const auto items = split(written);
    ASSERT_GE(items.size(), 2 * 200U);
    std::size_t refused = 0;
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
        SCOPED_TRACE(std::string{items[i]});
        std::string verdict = "ok";
        try {
            parse(items[i], as_python());
        } catch (const parse_error& e) {
            const std::string_view what = e.what();
            verdict = std::to_string(e.where().line) + ":" + std::to_string(e.where().column) +
                      ":" + std::string{what.substr(0, what.rfind(" (line"))};
            ++refused;
        }
        ASSERT_EQ(verdict, items[i + 1]);
    }
    EXPECT_GE(refused, 200U);
}

}  // namespace
}  // namespace ferry::json
