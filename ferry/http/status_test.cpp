#include "ferry/http/status.hpp"

#include <gtest/gtest.h>

namespace ferry::http {
namespace {

TEST(status, has_the_names_that_requests_has)
{
    static_assert(status::okay == 200 && status::moved == 301 && status::other == 303);
    static_assert(status::temporary_moved == 307 && status::resume == 308 && status::bad == 400);
    static_assert(status::teapot == 418 && status::i_am_a_teapot == 418);
    static_assert(status::precondition == 428 && status::too_many == 429);
    static_assert(status::server_error == 500 && status::network_auth == 511);
    EXPECT_EQ(reason_of(status::im_a_teapot), "I'm a Teapot");
    EXPECT_EQ(reason_of(status::no_response), "");
    EXPECT_TRUE(is_client_error(status::not_found) && !is_server_error(status::not_found));
    EXPECT_TRUE(is_redirect(status::found) && !is_redirect(status::not_modified));
}

}  // namespace
}  // namespace ferry::http
