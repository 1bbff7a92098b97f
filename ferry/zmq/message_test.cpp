#include "ferry/async/async.hpp"
#include "ferry/zmq/detail/test_sockets.hpp"
#include "ferry/zmq/zmq.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace ferry::zmq {
namespace {

using namespace std::chrono_literals;

TEST(message, is_sent_without_a_copy_and_tells_when_it_is_gone)
{
    socket from(push);
    socket to(pull);
    to.connect(from.bind("inproc://zero-copy"));
    std::string big(copy_threshold, 'x');
    const char* const where = big.data();
    run(from.send(std::move(big)));
    message same = run(to.receive());
    EXPECT_EQ(same.text().data(), where) << "not one byte was copied";
    const buffer kept = std::move(same).to_buffer();
    EXPECT_EQ(kept.text().data(), where);

    auto [m, t] = message::track(buffer::copy("tracked"));
    run(from.send(std::move(m)));
    EXPECT_FALSE(t.done());
    EXPECT_THROW(run(timeout(2ms, t.wait())), timeout_error);
    {
        const message got = run(to.receive());
        EXPECT_EQ(got, "tracked");
        EXPECT_FALSE(t.done());
    }
    run(timeout(20s, t.wait()));
    EXPECT_TRUE(t.done());
    run(t.wait());

    auto [far, gone] = message::track(buffer::copy(std::string(1 << 20, 'x')));
    socket out(push);
    socket in(pull);
    in.connect(out.bind(any_port));
    run(out.send(std::move(far)));
    run(in.receive());
    run(timeout(20s, gone.wait()));
    EXPECT_TRUE(gone.done());
}

constexpr std::size_t lent = 10'000;

std::vector<message> lend_all(const std::shared_ptr<std::string>& text)
{
    std::vector<message> all;
    for (std::size_t i = 0; i < lent; ++i) {
        all.push_back(message::share(buffer(text, as_bytes(*text))));
    }
    return all;
}

TEST(message, what_it_shares_is_let_go_of_in_any_thread_and_after_the_one_that_lent_it)
{
    const auto text = std::make_shared<std::string>("shared");
    std::vector<message> all;
    std::thread([&] { all = lend_all(text); }).join();
    EXPECT_EQ(text.use_count(), static_cast<long>(lent) + 1);
    all.clear();
    EXPECT_EQ(text.use_count(), 1);

    for (int i = 0; i < 3; ++i) {
        std::vector<message> half = lend_all(text);
        all.assign(std::make_move_iterator(half.begin() + lent / 2),
                   std::make_move_iterator(half.end()));
        half.resize(lent / 2);
        std::thread other([&] { half.clear(); });
        all.clear();
        other.join();
        EXPECT_EQ(text.use_count(), 1);
    }
}

TEST(message, copies_share_and_moves_leave_nothing)
{
    const message empty{};
    EXPECT_EQ(empty.size(), 0U);
    EXPECT_FALSE(empty.more());
    EXPECT_FALSE(empty.metadata("Peer-Address"));
    message a(std::string(1000, 'a'));
    const message b = a.copy();
    EXPECT_EQ(a.span().data(), b.span().data());
    const message c = std::move(a);
    EXPECT_EQ(c.size(), 1000U);
    message d("short");
    message e("other");
    d = std::move(e);
    EXPECT_EQ(d, "other");
    EXPECT_EQ(texts(copy(parts("x", d.copy(), bytes(2, std::byte{'y'})))),
              (std::vector<std::string>{"x", "other", "yy"}));
}

TEST(message, knows_its_sender)
{
    socket server(rep);
    socket client(req);
    client.set(opt::metadata, "X-Ship:Argo");
    client.connect(server.bind(any_port));
    run(client.send("x"));
    const message m = run(server.receive());
    EXPECT_EQ(m.metadata("X-Ship"), "Argo");
    EXPECT_EQ(m.metadata("Peer-Address"), "127.0.0.1");
    EXPECT_EQ(m.metadata("Socket-Type"), "REQ");
    EXPECT_FALSE(m.metadata("User-Id"));
}

}  // namespace
}  // namespace ferry::zmq
