#include "ferry/http/detail/websocket_machine.hpp"

#include "ferry/core/bytes.hpp"
#include "ferry/crypto/secrets.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ferry::http::detail {
namespace {

using namespace std::string_literals;
using event = websocket_machine::event;

// A client's frame, masked with zeros so that the payload can be read in the test.
std::string frame(opcode op, std::string_view payload, bool last = true, bool compressed = false)
{
    frame_head head;
    head.op = op;
    head.last = last;
    head.compressed = compressed;
    head.masked = true;
    head.size = payload.size();
    std::string wire;
    write_frame_head(head, wire);
    return wire.append(payload);
}

// What a machine makes of bytes that come in pieces of `step`: one word an event.
std::string tell(websocket_machine& m, std::string_view wire, std::size_t step)
{
    std::string told;
    std::string pending;
    try {
        for (std::size_t at = 0; at < wire.size(); at += step) {
            pending.append(wire.substr(at, step));
            for (bool more = true; more;) {
                auto rest = as_bytes(pending);
                const event e = m.read(rest);
                const std::size_t used = pending.size() - rest.size();
                more = e != event::none;
                switch (e) {
                    case event::message: {
                        const auto got = m.take_message();
                        const bool is_long = got.bytes().size() > 20;
                        told += (got.is_text() ? "text:" : "binary:") +
                                (is_long ? fmt::format("{}", got.bytes().size())
                                         : std::string(got.text())) +
                                " ";
                        break;
                    }
                    case event::ping: told += "ping:" + to_string(m.control_payload()) + " "; break;
                    case event::pong: told += "pong:" + to_string(m.control_payload()) + " "; break;
                    case event::close:
                        told += fmt::format("close:{}:{} ", m.closed_by().code, m.closed_by().text);
                        break;
                    case event::none: break;
                }
                pending.erase(0, used);
            }
        }
    } catch (const websocket_error& e) {
        told += fmt::format("fail:{}", e.close_code());
    }
    return told;
}

// The cases of RFC 6455 sections 5 to 7, in the order of the Autobahn test suite's chapters.
TEST(websocket_machine, follows_the_rules_of_the_rfc)
{
    const auto text = opcode::text;
    const auto more = opcode::continuation;
    const struct {
        const char* name;
        std::string wire;
        std::string told;
    } rows[] = {
        {"1 empty text", frame(text, ""), "text: "},
        {"1 empty binary", frame(opcode::binary, ""), "binary: "},
        {"1 125", frame(text, std::string(125, '*')), "text:125 "},
        {"1 126", frame(text, std::string(126, '*')), "text:126 "},
        {"1 65536", frame(opcode::binary, std::string(65536, '\xfe')), "binary:65536 "},
        {"2 ping", frame(opcode::ping, "hi"), "ping:hi "},
        {"2 empty ping", frame(opcode::ping, ""), "ping: "},
        {"2 ping of 125", frame(opcode::ping, std::string(125, 'p')),
         "ping:" + std::string(125, 'p') + " "},
        {"2 unasked pong", frame(opcode::pong, "x") + frame(text, "t"), "pong:x text:t "},
        {"2 ten pings", frame(opcode::ping, "1") + frame(opcode::ping, "2"), "ping:1 ping:2 "},
        {"3 RSV", "\xf1\x80\0\0\0\0"s, "fail:1002"},
        {"3 RSV after a good one", frame(text, "a") + "\xc1\x80\0\0\0\0"s, "text:a fail:1002"},
        {"4 opcode 3", "\x83\x80\0\0\0\0"s, "fail:1002"},
        {"4 opcode 11", "\x8b\x80\0\0\0\0"s, "fail:1002"},
        {"5 fragmented ping", frame(opcode::ping, "a", false) + frame(more, "b"), "fail:1002"},
        {"5 two fragments", frame(text, "a", false) + frame(more, "b"), "text:ab "},
        {"5 ping between", frame(text, "a", false) + frame(opcode::ping, "p") + frame(more, "b"),
         "ping:p text:ab "},
        {"5 many, empty ones too",
         frame(text, "", false) + frame(more, "x", false) + frame(more, "", false) +
             frame(more, ""),
         "text:x "},
        {"5 continuation of nothing", frame(more, "a"), "fail:1002"},
        {"5 continuation after the end", frame(text, "a") + frame(more, "b"), "text:a fail:1002"},
        {"5 text inside text", frame(text, "a", false) + frame(text, "b"), "fail:1002"},
        {"6 UTF-8", frame(text, "\xce\xba\xe1\xbd\xb9"), "text:\xce\xba\xe1\xbd\xb9 "},
        {"6 cut inside a character", frame(text, "\xce", false) + frame(more, "\xba"),
         "text:\xce\xba "},
        {"6 invalid", frame(text, "ab\xed\xa0\x80"), "fail:1007"},
        {"6 ends inside a character", frame(text, "\xe1\xbd"), "fail:1007"},
        {"6 fails before the frame is whole",
         frame(text, "\xff" + std::string(100, 'a')).substr(0, 8), "fail:1007"},
        {"6 invalid in the second fragment", frame(text, "a", false) + frame(more, "\x80"),
         "fail:1007"},
        {"6 binary is not text", frame(opcode::binary, "\xff"), "binary:\xff "},
        {"7 close", frame(opcode::close, "\x03\xe8"), "close:1000: "},
        {"7 close with a reason", frame(opcode::close, "\x03\xe8so"), "close:1000:so "},
        {"7 empty close", frame(opcode::close, ""), "close:1005: "},
        {"7 nothing counts after a close", frame(opcode::close, "") + frame(text, "x"),
         "close:1005: "},
        {"7 close inside a message", frame(text, "a", false) + frame(opcode::close, "\x03\xe8"),
         "close:1000: "},
        {"7 bad code", frame(opcode::close, "\x03\xed"), "fail:1002"},
        {"7 bad reason", frame(opcode::close, "\x03\xe8\xc0"), "fail:1007"},
        {"7 one byte", frame(opcode::close, "x"), "fail:1002"},
        {"9 the longest", frame(opcode::binary, std::string(100'000, 'b')), "binary:100000 "},
        {"9 longer", frame(opcode::binary, std::string(100'001, 'b')), "fail:1009"},
        {"9 longer in fragments",
         frame(opcode::binary, std::string(60'000, 'b'), false) +
             frame(more, std::string(60'000, 'b')),
         "fail:1009"},
        {"9 a length of 2^62", "\x82\xff\x40\0\0\0\0\0\0\0\0\0\0\0"s, "fail:1009"},
        {"12 compressed without agreement", frame(text, "a", true, true), "fail:1002"},
    };
    for (const auto& r : rows) {
        for (const std::size_t step : {std::size_t{1}, std::size_t{7}, r.wire.size()}) {
            if (step == 1 && r.wire.size() > 1000) continue;
            SCOPED_TRACE(fmt::format("{} in steps of {}", r.name, step));
            websocket_machine m(role::server, 100'000, std::nullopt, false);
            EXPECT_EQ(tell(m, r.wire, step), r.told);
        }
    }
}

TEST(websocket_machine, client_and_server_understand_each_other)
{
    std::vector<deflate_agreement> agreements(4);
    agreements[1].server_takeover = agreements[1].client_takeover = false;
    agreements[2].server_bits = 9;
    agreements[2].client_bits = 10;
    std::string noise;
    for (int i = 0; i < 3000; ++i) noise += secrets::token_hex(16);
    const std::vector<std::string> payloads = {"",  "a",   std::string(64, 'a'),     noise,
                                               "z", noise, std::string(300'000, 'q')};
    for (std::size_t kind = 0; kind <= agreements.size(); ++kind) {
        SCOPED_TRACE(kind);
        std::optional<deflate_agreement> agreed;
        if (kind < agreements.size()) agreed = agreements[kind];
        websocket_machine client(role::client, 1 << 20, agreed, true);
        websocket_machine server(role::server, 1 << 20, agreed, true);
        for (auto [from, to] : {std::pair(&client, &server), std::pair(&server, &client)}) {
            for (const std::string& payload : payloads) {
                const auto out = from->write_data(true, as_bytes(payload), true, true);
                const std::string wire = out.head + to_string(out.payload);
                if (agreed && payload.size() > 100'000) {
                    EXPECT_LT(wire.size(), 2000U);
                }
                auto rest = as_bytes(wire);
                ASSERT_EQ(to->read(rest), event::message);
                EXPECT_EQ(to->take_message().text(), payload);
            }
            // In fragments.
            std::string wire;
            for (int i = 0; i < 3; ++i) {
                const auto out = from->write_data(false, as_bytes(noise), i == 0, i == 2);
                wire += out.head + to_string(out.payload);
            }
            auto rest = as_bytes(wire);
            ASSERT_EQ(to->read(rest), event::message);
            EXPECT_EQ(to->take_message().data().size(), 3 * noise.size());
        }
    }
}

TEST(websocket_machine, a_compressed_message_keeps_to_the_limit_and_to_utf8)
{
    const deflate_agreement agreed;
    websocket_machine client(role::client, 1 << 30, agreed, false);
    const auto send = [&](std::string_view payload, bool is_text) {
        websocket_machine server(role::server, 10'000, agreed, false);
        const auto out = client.write_data(is_text, as_bytes(payload), true, true);
        return tell(server, out.head, 5);
    };
    EXPECT_EQ(send(std::string(10'000, 'a'), true), "text:10000 ");
    EXPECT_EQ(send(std::string(10'001, 'a'), true), "fail:1009");
    EXPECT_EQ(send(std::string(50'000'000, 'a'), false), "fail:1009");
    EXPECT_EQ(send(std::string(100, 'a') + "\xff", true), "fail:1007");
    EXPECT_EQ(send(std::string(100, 'a') + "\xe2\x82", true), "fail:1007");

    websocket_machine server(role::server, 10'000, agreed, false);
    EXPECT_EQ(tell(server, frame(opcode::text, "\xff\xff\xff\xff", true, true), 1), "fail:1007");
    // The example of RFC 7692 section 7.2.3.1, and the one of two blocks, 7.2.3.5.
    for (const std::string& hello : {"\xf2\x48\xcd\xc9\xc9\x07\x00"s,
                                     "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s}) {
        websocket_machine reader(role::server, 10'000, agreed, false);
        EXPECT_EQ(tell(reader, frame(opcode::text, hello, true, true), 3), "text:Hello ");
    }
}

TEST(deflate_agreement, is_made_of_the_first_offer_that_can_be_met)
{
    const struct {
        const char* offers;
        bool takeover;
        const char* answer;  // empty: none
    } rows[] = {
        {"permessage-deflate", true, "permessage-deflate"},
        {"permessage-deflate", false,
         "permessage-deflate; server_no_context_takeover; client_no_context_takeover"},
        {"x-webkit-deflate-frame, Permessage-Deflate; client_max_window_bits", true,
         "permessage-deflate"},
        {"permessage-deflate; server_max_window_bits=10", true,
         "permessage-deflate; server_max_window_bits=10"},
        {"permessage-deflate; server_max_window_bits=\"12\"; server_no_context_takeover", true,
         "permessage-deflate; server_no_context_takeover; server_max_window_bits=12"},
        {"permessage-deflate; server_max_window_bits=8, permessage-deflate", true,
         "permessage-deflate"},
        {"permessage-deflate; server_max_window_bits", true, ""},
        {"permessage-deflate; server_max_window_bits=16", true, ""},
        {"permessage-deflate; server_max_window_bits=09", true, ""},
        {"permessage-deflate; client_max_window_bits=7", true, ""},
        {"permessage-deflate; server_no_context_takeover=1", true, ""},
        {"permessage-deflate; client_no_context_takeover; client_no_context_takeover", true, ""},
        {"permessage-deflate; unknown", true, ""},
        {"permessage-bzip2", true, ""},
        {"", true, ""},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.offers);
        const auto chosen = choose_deflate(r.offers, r.takeover);
        EXPECT_EQ(chosen ? answer_deflate(*chosen) : "", r.answer);
        if (chosen) {
            EXPECT_EQ(read_deflate_answer(answer_deflate(*chosen)), chosen);
        }
    }
    EXPECT_EQ(read_deflate_answer(""), std::nullopt);
    for (const char* wrong :
         {"permessage-bzip2", "permessage-deflate, permessage-deflate", "permessage-deflate; x",
          "permessage-deflate; client_max_window_bits=8"}) {
        SCOPED_TRACE(wrong);
        EXPECT_THROW(read_deflate_answer(wrong), protocol_error);
    }
}

}  // namespace
}  // namespace ferry::http::detail
