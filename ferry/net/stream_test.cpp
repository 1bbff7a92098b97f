#include "ferry/net/stream.hpp"

#include "ferry/async/async.hpp"
#include "ferry/core/error.hpp"
#include "ferry/net/net.hpp"
#include "ferry/testing/fault_server.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace ferry::net {
namespace {

using namespace std::chrono_literals;

/// Sends `text` in pieces through a pair and hands the other side to `f`.
template <class F>
auto with_input(std::string text, std::size_t piece, F f)
{
    auto main = [](std::string all, std::size_t size,
                   F use) -> awaitable<typename std::invoke_result_t<F, stream*>::value_type> {
        auto [mine, theirs] = pair();
        auto input = testing::script().send_in_pieces(all, size).close();
        auto sending = spawn(testing::play(std::move(input), std::move(theirs), nullptr));
        auto used = use(&mine);
        auto result = co_await std::move(used);
        co_await sending.join();
        co_return result;
    };
    return run(main(std::move(text), piece, std::move(f)));
}

TEST(read_line, keeps_line_ends_and_a_last_line_without_one)
{
    for (const std::size_t piece : {1, 2, 3, 100}) {
        SCOPED_TRACE(piece);
        auto lines = [](stream* s) -> awaitable<std::vector<std::string>> {
            std::vector<std::string> all;
            for (;;) {
                const auto line = co_await s->read_line();
                if (!line) break;
                all.push_back(*line);
            }
            co_return all;
        };
        EXPECT_EQ(with_input("a\r\n\nlong line\nlast", piece, lines),
                  (std::vector<std::string>{"a\r\n", "\n", "long line\n", "last"}));
    }
}

TEST(read_line, has_a_limit_and_consumes_nothing_beyond)
{
    auto read = [](stream* s) -> awaitable<std::string> {
        std::string name = "no limit";
        try {
            co_await s->read_line();
        } catch (const limit_error& e) {
            name = e.name();
        }
        const bytes all = co_await s->read_all(1'000'000);
        co_return name + ' ' + std::to_string(all.size());
    };
    EXPECT_EQ(with_input(std::string(70'000, 'x') + "\nrest", 10'000, read),
              "max_line_bytes 70005");
}

TEST(read_until, finds_separators_that_arrive_in_pieces)
{
    auto read = [](stream* s) -> awaitable<std::string> {
        const std::string head = co_await s->read_until("\r\n\r\n");
        bytes body(4);
        co_await s->read_exactly(body);
        co_return head + '|' + to_string(body);
    };
    for (const std::size_t piece : {1, 3, 100}) {
        EXPECT_EQ(with_input("a: b\r\n\r\nbody", piece, read), "a: b\r\n\r\n|body");
    }
}

TEST(stream, truncation_is_an_error_that_loses_nothing)
{
    auto read = [](stream* s) -> awaitable<std::string> {
        std::string seen;
        try {
            bytes body(10);
            co_await s->read_exactly(body);
        } catch (const error& e) {
            seen = e.code() == errc::truncated ? "truncated " : "other ";
        }
        try {
            co_await s->read_until("!");
        } catch (const error& e) {
            seen += e.code() == errc::truncated ? "truncated " : "other ";
        }
        const bytes rest = co_await s->read_exactly(3);
        co_return seen + to_string(rest);
    };
    EXPECT_EQ(with_input("abc", 1, read), "truncated truncated abc");
}

// tokio issue 5310, and every cancelled readexactly of asyncio.
TEST(stream, a_read_that_is_cancelled_at_any_byte_loses_none)
{
    const std::string message = "0123456789";
    for (std::size_t at = 0; at <= message.size(); ++at) {
        SCOPED_TRACE(at);
        auto main = [](std::string text, std::size_t cut) -> awaitable<std::string> {
            auto [mine, theirs] = pair();
            bytes first(text.size());
            auto reading = spawn([&s = mine, &first] { return s.read_exactly(first); });
            co_await theirs.write(text.substr(0, cut));
            co_await yield_now();
            co_await yield_now();
            reading.cancel();
            co_await theirs.write(text.substr(cut));
            co_await reading.wait();
            if (!reading.cancelled()) co_return to_string(first);
            const bytes again = co_await mine.read_exactly(text.size());
            co_return to_string(again);
        };
        EXPECT_EQ(run(main(message, at)), message);
    }
}

TEST(stream, parses_in_place)
{
    auto read = [](stream* s) -> awaitable<std::string> {
        std::string seen;
        for (;;) {
            const std::size_t count = co_await s->fill();
            if (count == 0) break;
            seen += s->buffered_text();
            if (seen.size() == 6 && s->buffered().size() > 1) s->consume(1);
            s->consume(s->buffered().size());
        }
        s->unread(as_bytes("back"));
        const auto line = co_await s->read_line();
        co_return seen + *line + (s->at_eof() ? "!" : "?");
    };
    EXPECT_EQ(with_input("in place", 3, read), "in placeback!");
}

TEST(stream, writers_follow_each_other_and_are_held_back)
{
    auto main = []() -> awaitable<std::string> {
        auto [mine, theirs] = pair(4);
        std::vector<task<void>> writers;
        for (const char* text : {"aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc"}) {
            writers.push_back(spawn([&s = mine, text] { return s.write(text); }));
        }
        co_await yield_now();
        const bytes all = co_await theirs.read_exactly(30);
        for (const auto& w : writers) co_await w.join();
        co_return to_string(all);
    };
    EXPECT_EQ(run(main()), "aaaaaaaaaabbbbbbbbbbcccccccccc");
}

TEST(stream, what_is_not_taken_at_once_follows_by_a_write)
{
    auto main = []() -> awaitable<void> {
        auto [mine, theirs] = pair(1024);
        const std::string text(5000, 'x');
        const auto from = as_bytes(text);
        const std::size_t at_once = mine.try_write(from);
        EXPECT_LE(at_once, 1024U);
        auto rest = spawn(mine.write(from.subspan(at_once)));
        co_await yield_now();
        EXPECT_EQ(mine.try_write(from), 0U) << "another write is under way";
        const bytes all = co_await theirs.read_exactly(text.size());
        EXPECT_EQ(as_text(all), text);
        co_await rest.join();
        EXPECT_EQ(mine.try_write({}), 0U);
        co_await mine.close();
        EXPECT_THROW(mine.try_write(from), connection_error);
    };
    run(main());
}

TEST(stream, a_write_that_is_cut_breaks_it_for_writing)
{
    auto main = []() -> awaitable<std::string> {
        auto [mine, theirs] = pair(4);
        auto writing = spawn([&s = mine] { return s.write("0123456789"); });
        co_await yield_now();
        writing.cancel();
        co_await writing.wait();
        std::string seen;
        try {
            co_await mine.write("more");
        } catch (const connection_error& e) {
            seen = e.what();
        }
        co_await theirs.write("ok\n");
        const auto line = co_await mine.read_line();
        co_return seen + ' ' + *line;
    };
    EXPECT_EQ(run(main()), "write pair: an earlier write was cut after 4 bytes ok\n");
}

TEST(stream, a_write_that_waits_for_its_turn_leaves_no_trace_when_cancelled)
{
    auto main = []() -> awaitable<std::string> {
        auto [mine, theirs] = pair(4);
        auto first = spawn([&s = mine] { return s.write("01234567"); });
        auto second = spawn([&s = mine] { return s.write("never"); });
        co_await yield_now();
        second.cancel();
        const bytes all = co_await theirs.read_exactly(8);
        co_await first.join();
        co_await mine.write("x");
        const bytes one = co_await theirs.read_exactly(1);
        co_return to_string(all) + to_string(one);
    };
    EXPECT_EQ(run(main()), "01234567x");
}

TEST(stream, a_file_sent_to_a_closed_peer_is_an_error_and_not_the_end_of_the_program)
{
    const int fd = ::memfd_create("file", MFD_CLOEXEC);
    ASSERT_EQ(::ftruncate(fd, 10'000'000), 0);
    auto send = [](int file) -> awaitable<void> {
        listener l(tcp("127.0.0.1", 0));
        auto accepting = spawn(l.accept());
        stream client = co_await connect(l.local_endpoint());
        stream server = co_await accepting.join();
        client.abort();
        for (;;) co_await server.send_file(file, 0, 10'000'000);
    };
    EXPECT_THROW(run(send(fd)), connection_error);
    ::close(fd);
}

TEST(stream, sends_several_buffers_and_files)
{
    const testing::temporary_directory dir;
    const std::string path = dir / "file";
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT, 0600);
    std::string content(300'000, 'f');
    content[0] = 'F';
    ASSERT_EQ(::write(file, content.data(), content.size()), 300'000);
    auto send = [](stream s, int fd) -> awaitable<void> {
        const std::span<const std::byte> parts[] = {as_bytes("ab"), as_bytes(""), as_bytes("cd")};
        co_await s.write(const_buffers(parts));
        co_await s.send_file(fd, 0, 300'000);
        bool truncated = false;
        try {
            co_await s.send_file(fd, 299'999, 2);
        } catch (const error& e) {
            truncated = e.code() == errc::truncated;
        }
        if (truncated) co_await s.write("!");
        co_await s.close();
    };
    auto over_tcp = [&](int fd) -> awaitable<bytes> {
        listener l(tcp("127.0.0.1", 0));
        auto accepting = spawn(l.accept());
        stream client = co_await connect(l.local_endpoint());
        stream server = co_await accepting.join();
        auto sending = spawn(send(std::move(server), fd));
        bytes all = co_await client.read_all(400'000);
        co_await sending.join();
        co_return all;
    };
    auto over_pair = [&](int fd) -> awaitable<bytes> {
        auto [mine, theirs] = pair();
        auto sending = spawn(send(std::move(theirs), fd));
        bytes all = co_await mine.read_all(400'000);
        co_await sending.join();
        co_return all;
    };
    const std::string expected = "abcd" + content + "f!";
    EXPECT_EQ(as_text(run(over_tcp(file))), expected);
    EXPECT_EQ(as_text(run(over_pair(file))), expected);
    ::close(file);
}

TEST(stream, time_limits_name_the_phase_and_the_peer)
{
    testing::fault_server silent(testing::script().stay_silent());
    auto main = [](endpoint to) -> awaitable<std::string> {
        stream s = co_await connect(to);
        std::string seen;
        s.set_timeout(5ms, 0ms);
        try {
            co_await s.read_line();
        } catch (const timeout_error& e) {
            seen = e.what() == "read " + to.text() + ": no answer within 5 ms" ? "1" : e.what();
        }
        s.set_timeout(0ms, 0ms);
        s.expires_after(5ms);
        try {
            co_await s.read_line();
        } catch (const timeout_error&) {
            seen += '2';
        }
        s.expires_after(0ms);
        co_await s.write("still usable");
        co_return seen + '3';
    };
    EXPECT_EQ(run(main(silent.endpoint())), "123");

    auto stalled = []() -> awaitable<std::string> {
        auto [mine, theirs] = pair(4);
        mine.set_timeout(0ms, 5ms);
        try {
            co_await mine.write("more than four");
        } catch (const timeout_error& e) {
            co_return e.what();
        }
        co_return "";
    };
    EXPECT_EQ(run(stalled()), "write pair: no answer within 5 ms");
}

TEST(stream, a_time_limit_is_not_hit_by_a_stream_that_moves)
{
    auto main = []() -> awaitable<int> {
        auto [mine, theirs] = pair();
        mine.set_timeout(30ms, 30ms);
        int got = 0;
        for (int i = 0; i < 12; ++i) {
            auto reading = spawn([&s = mine] { return s.read_exactly(1); });
            co_await sleep(5ms);
            co_await theirs.write("x");
            const bytes one = co_await reading.join();
            got += static_cast<int>(one.size());
        }
        co_return got;
    };
    EXPECT_EQ(run(main()), 12);
}

// Sends or reads without end, on a thread of its own, until the other side goes away.
class flood {
public:
    explicit flood(bool sends) : listening_(::socket(AF_INET, SOCK_STREAM, 0))
    {
        sockaddr_in name{};
        name.sin_family = AF_INET;
        name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof name;
        ::bind(listening_, reinterpret_cast<sockaddr*>(&name), size);
        ::listen(listening_, 1);
        ::getsockname(listening_, reinterpret_cast<sockaddr*>(&name), &size);
        port_ = ntohs(name.sin_port);
        worker_ = std::thread([this, sends] {
            std::string block(1 << 18, 'x');
            const int peer = ::accept(listening_, nullptr, nullptr);
            ssize_t moved = 1;
            while (moved > 0) {
                moved = sends ? ::send(peer, block.data(), block.size(), MSG_NOSIGNAL)
                              : ::recv(peer, block.data(), block.size(), 0);
            }
            ::close(peer);
        });
    }
    ~flood()
    {
        worker_.join();
        ::close(listening_);
    }
    flood(const flood&) = delete;
    flood& operator=(const flood&) = delete;

    std::uint16_t port() const noexcept { return port_; }

private:
    int listening_;
    std::uint16_t port_ = 0;
    std::thread worker_;
};

TEST(stream, a_peer_that_never_makes_it_wait_leaves_the_loop_to_others)
{
    for (const bool sends : {true, false}) {
        SCOPED_TRACE(sends);
        flood peer(sends);
        auto main = [](std::uint16_t port, bool reads) -> awaitable<std::string> {
            stream s = co_await connect(tcp("127.0.0.1", port));
            bool had_a_turn = false;
            auto other = [](bool* set) -> awaitable<void> {
                co_await sleep(5ms);
                *set = true;
            };
            const auto beside = spawn(other(&had_a_turn));
            s.expires_after(50ms);
            // The smaller its pieces, the more the peer is the faster one.
            bytes piece(reads ? 256 : 1);
            try {
                for (;;) {
                    if (reads) {
                        co_await s.read_some(piece);
                    } else {
                        co_await s.write(std::span<const std::byte>(piece));
                    }
                }
            } catch (const timeout_error&) {
            }
            co_await beside.join();
            co_return had_a_turn ? "in time" : "alone";
        };
        EXPECT_EQ(run(main(peer.port(), sends)), "in time");
    }
}

TEST(pair, ends_after_what_was_sent)
{
    auto main = []() -> awaitable<std::string> {
        auto [a, b] = pair();
        co_await a.write("hello");
        a.abort();
        const bytes all = co_await b.read_all(100);
        co_return to_string(all);
    };
    EXPECT_EQ(run(main()), "hello");
}

TEST(stream, destroying_it_ends_what_waits_on_it)
{
    auto main = []() -> awaitable<bool> {
        auto [mine, theirs] = pair();
        auto reading = spawn(mine.read_line());
        co_await yield_now();
        mine = stream();
        co_await reading.wait();
        const auto end = co_await theirs.read_line();
        co_return reading.cancelled() && !end;
    };
    EXPECT_TRUE(run(main()));
}

TEST(stream, a_reset_is_an_error_and_not_the_end)
{
    testing::fault_server rude(testing::script().send("half").receive(1).reset());
    auto main = [](endpoint to) -> awaitable<bool> {
        stream s = co_await connect(to);
        const bytes half = co_await s.read_exactly(4);
        co_await s.write("x");
        try {
            co_await s.read_line();
        } catch (const connection_error& e) {
            co_return e.code() == condition::disconnected&& e.endpoint() == to.text();
        }
        co_return false;
    };
    EXPECT_TRUE(run(main(rude.endpoint())));
}

TEST(stream, reads_what_has_arrived_without_a_wait)
{
    testing::fault_server server(testing::script().receive(1).send("hello").receive(1).close());
    auto main = [](endpoint to) -> awaitable<std::string> {
        stream s = co_await connect(to);
        std::string seen = std::to_string(s.try_fill());
        co_await s.write("x");
        std::size_t count = 0;
        while (count < 5) {
            co_await sleep(1ms);
            count += s.try_fill();
        }
        seen += s.buffered_text();
        co_await s.write("x");
        for (std::size_t more = 1; more != 0;) more = co_await s.fill();
        co_return seen + std::to_string(s.try_fill());
    };
    EXPECT_EQ(run(timeout(60s, main(server.endpoint()), "the test")), "0hello0");
}

TEST(stream, tells_whether_an_idle_connection_can_be_used_again)
{
    testing::fault_server server(testing::script().receive(1).close());
    auto main = [](endpoint to) -> awaitable<std::string> {
        stream s = co_await connect(to);
        std::string seen = s.readable_now() ? "1" : "0";
        co_await s.write("x");
        while (!s.readable_now()) co_await sleep(1ms);
        const auto end = co_await s.read_line();
        co_return seen + (end ? "" : "end");
    };
    EXPECT_EQ(run(main(server.endpoint())), "0end");
}

}  // namespace
}  // namespace ferry::net
