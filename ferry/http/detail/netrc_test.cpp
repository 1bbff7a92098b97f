#include "ferry/http/detail/netrc.hpp"

#include "ferry/core/error.hpp"
#include "ferry/core/log.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace ferry::http::detail {
namespace {

std::string found(const netrc& in, std::string_view host, std::uint16_t port = 80)
{
    const auto* const e = in.find(host, port);
    return e == nullptr ? "none" : e->login + ":" + e->password;
}

TEST(netrc, finds_ports_before_hosts_before_the_default)
{
    const netrc all = netrc::parse(
        "# mine\n"
        "default login d password dp\n"
        "machine a.example login a password ap  # a comment\n"
        "machine a.example:8080\n\tuser a8\n\taccount x\n\tpassword \"with \\\" blank\"\n"
        "macdef init\ncd /\nmachine b.example login no\n\n"
        "machine C.example login c password p#1\n");
    EXPECT_EQ(found(all, "a.example"), "a:ap");
    EXPECT_EQ(found(all, "a.example", 8080), "a8:with \" blank");
    EXPECT_EQ(found(all, "b.example"), "d:dp");
    EXPECT_EQ(found(all, "c.example"), "c:p#1");
    EXPECT_EQ(found(netrc::parse(""), "a.example"), "none");
    EXPECT_EQ(found(netrc::parse("machine a login x password y"), "b"), "none");
}

TEST(netrc, refuses_what_is_none)
{
    for (const char* bad : {"machine", "machine a login", "login x", "machine a nonsense b",
                            "password p machine a", "hello world"}) {
        SCOPED_TRACE(bad);
        EXPECT_THROW(netrc::parse(bad), parse_error);
    }
    EXPECT_THROW(netrc::parse(std::string(netrc::max_file_bytes + 1, ' ')), limit_error);
    std::string many;
    for (std::size_t i = 0; i <= netrc::max_machines; ++i) many += "machine a ";
    EXPECT_THROW(netrc::parse(many), limit_error);
}

TEST(netrc, warns_of_files_that_others_can_read)
{
    const testing::temporary_directory directory;
    const std::filesystem::path file = directory / "netrc";
    std::ofstream(file) << "machine a login u password secret";
    std::vector<std::string> warnings;
    log::set_sink([&](const log::record& r) { warnings.push_back(log::line(r)); });
    std::filesystem::permissions(file, std::filesystem::perms(0600));
    EXPECT_EQ(found(netrc::load(file), "a"), "u:secret");
    EXPECT_TRUE(warnings.empty());
    std::filesystem::permissions(file, std::filesystem::perms(0644));
    EXPECT_EQ(found(netrc::load(file), "a"), "u:secret");
    ASSERT_EQ(warnings.size(), 1U);
    EXPECT_THAT(warnings[0], ::testing::HasSubstr("can be read by others"));
    EXPECT_TRUE(netrc::load(directory / "none").empty());
    EXPECT_TRUE(netrc::load(directory.path()).empty());
    EXPECT_EQ(warnings.size(), 1U);
    std::ofstream(file) << "nonsense";
    EXPECT_TRUE(netrc::load(file).empty());
    EXPECT_EQ(warnings.size(), 3U);
    log::set_sink({});
}

}  // namespace
}  // namespace ferry::http::detail
