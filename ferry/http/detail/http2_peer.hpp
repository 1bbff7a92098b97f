#pragma once

// For tests: the server's side of HTTP/2, whose every move the test decides.
#include "ferry/async/sync.hpp"
#include "ferry/async/task.hpp"
#include "ferry/core/bytes.hpp"
#include "ferry/net/stream.hpp"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::http::detail {

/// One connection. What comes in calls `on_request`, `on_data` and `on_reset`; what goes out is
/// queued by the functions below, and written by and by.
class http2_peer {
public:
    using fields = std::vector<std::pair<std::string, std::string>>;

    struct exchange {
        std::map<std::string, std::string> head;
        std::string body;
        bool ended = false;
        std::string answer;
        std::size_t answered = 0;
        bool answer_ends = true;
        fields trailers;
    };

    std::function<void(http2_peer&, std::int32_t)> on_request = [](http2_peer&, std::int32_t) {};
    std::function<void(http2_peer&, std::int32_t, std::uint32_t)> on_reset =
        [](http2_peer&, std::int32_t, std::uint32_t) {};
    std::map<std::int32_t, exchange> exchanges;
    bool auto_window = true;

    explicit http2_peer(std::uint32_t max_streams = 100)
    {
        nghttp2_session_callbacks* c = nullptr;
        nghttp2_session_callbacks_new(&c);
        nghttp2_session_callbacks_set_on_header_callback(
            c, [](nghttp2_session*, const nghttp2_frame* f, const std::uint8_t* n, std::size_t ns,
                  const std::uint8_t* v, std::size_t vs, std::uint8_t, void* self) {
                auto& e = static_cast<http2_peer*>(self)->exchanges[f->hd.stream_id];
                e.head[std::string(text(n, ns))] = text(v, vs);
                return 0;
            });
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
            c, [](nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* d,
                  std::size_t n, void* self) {
                static_cast<http2_peer*>(self)->exchanges[id].body += text(d, n);
                return 0;
            });
        nghttp2_session_callbacks_set_on_frame_recv_callback(
            c, [](nghttp2_session*, const nghttp2_frame* f, void* user) {
                auto& self = *static_cast<http2_peer*>(user);
                const bool message = f->hd.type == NGHTTP2_HEADERS || f->hd.type == NGHTTP2_DATA;
                if (message && (f->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
                    self.exchanges[f->hd.stream_id].ended = true;
                    self.on_request(self, f->hd.stream_id);
                } else if (f->hd.type == NGHTTP2_RST_STREAM) {
                    self.on_reset(self, f->hd.stream_id, f->rst_stream.error_code);
                }
                return 0;
            });
        nghttp2_session_server_new(&session_, c, this);
        nghttp2_session_callbacks_del(c);
        const nghttp2_settings_entry settings[] = {
            {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, max_streams}};
        nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, 1);
    }
    ~http2_peer() { nghttp2_session_del(session_); }
    http2_peer(const http2_peer&) = delete;
    http2_peer& operator=(const http2_peer&) = delete;

    void respond(std::int32_t id, const fields& head, std::string body, bool ends = true)
    {
        exchange& e = exchanges[id];
        e.answer = std::move(body);
        e.answer_ends = ends;
        std::vector<nghttp2_nv> list;
        for (const auto& [n, v] : head) list.push_back(nv(n, v));
        nghttp2_data_provider provider{};
        provider.source.ptr = this;
        provider.read_callback = &read_answer;
        nghttp2_submit_response(session_, id, list.data(), list.size(), &provider);
        wake.set();
    }
    void inform(std::int32_t id, const fields& head)
    {
        std::vector<nghttp2_nv> list;
        for (const auto& [n, v] : head) list.push_back(nv(n, v));
        nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, id, nullptr, list.data(), list.size(),
                               nullptr);
    }
    void go_on(std::int32_t id, std::string_view more, bool ends)
    {
        exchanges[id].answer += more;
        exchanges[id].answer_ends = ends;
        nghttp2_session_resume_data(session_, id);
        wake.set();
    }
    void reset(std::int32_t id, std::uint32_t code)
    {
        nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, code);
        wake.set();
    }
    void go_away(std::int32_t last, std::uint32_t code = 0)
    {
        nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, last, code, nullptr, 0);
        wake.set();
    }

    /// Until the client goes away. Frames are taken in as they come.
    static awaitable<void> serve(std::shared_ptr<http2_peer> self, net::stream on)
    {
        const auto shared = std::make_shared<net::stream>(std::move(on));
        // Both halves outlive whoever cancels this one, each with a share in what it works on.
        spawn(write_all(self, shared));
        const ending at_end(*self);
        for (;;) {
            self->wake.set();
            std::size_t n = 0;
            try {
                n = co_await shared->fill();
            } catch (const error&) {
            }
            if (n == 0 || self->closed) break;
            const auto data = shared->buffered();
            nghttp2_session_mem_recv(
                self->session_, reinterpret_cast<const std::uint8_t*>(data.data()), data.size());
            shared->consume(data.size());
        }
    }

    /// Nothing that comes from now on calls the test's functions.
    void detach()
    {
        on_request = [](http2_peer&, std::int32_t) {};
        on_reset = [](http2_peer&, std::int32_t, std::uint32_t) {};
    }

    event wake;
    bool closed = false;
    int connections = 0;

private:
    class ending {
    public:
        explicit ending(http2_peer& of) noexcept : peer_(of) {}
        ending(const ending&) = delete;
        ending& operator=(const ending&) = delete;
        ~ending()
        {
            peer_.closed = true;
            peer_.wake.set();
        }

    private:
        http2_peer& peer_;
    };

    static std::string_view text(const std::uint8_t* data, std::size_t size)
    {
        return {reinterpret_cast<const char*>(data), size};
    }
    static nghttp2_nv nv(std::string_view n, std::string_view v)
    {
        const auto raw = [](std::string_view s) {
            return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(s.data()));
        };
        return {raw(n), raw(v), n.size(), v.size(), NGHTTP2_NV_FLAG_NONE};
    }

    static ssize_t read_answer(nghttp2_session* session, std::int32_t id, std::uint8_t* into,
                               std::size_t room, std::uint32_t* flags, nghttp2_data_source* source,
                               void*)
    {
        exchange& e = static_cast<http2_peer*>(source->ptr)->exchanges[id];
        const std::size_t n = std::min(room, e.answer.size() - e.answered);
        std::memcpy(into, e.answer.data() + e.answered, n);
        e.answered += n;
        if (e.answered == e.answer.size()) {
            if (!e.answer_ends) {
                if (n == 0) return NGHTTP2_ERR_DEFERRED;
            } else {
                *flags |= NGHTTP2_DATA_FLAG_EOF;
                if (!e.trailers.empty()) {
                    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
                    std::vector<nghttp2_nv> list;
                    for (const auto& [name, value] : e.trailers) list.push_back(nv(name, value));
                    nghttp2_submit_trailer(session, id, list.data(), list.size());
                }
            }
        }
        return static_cast<ssize_t>(n);
    }

    static awaitable<void> write_all(std::shared_ptr<http2_peer> self,
                                     std::shared_ptr<net::stream> to)
    {
        while (!self->closed) {
            const std::uint8_t* data = nullptr;
            const ssize_t n = nghttp2_session_mem_send(self->session_, &data);
            if (n > 0) {
                const std::string frame(text(data, static_cast<std::size_t>(n)));
                try {
                    co_await to->write(as_bytes(frame));
                } catch (const error&) {
                    self->closed = true;
                }
                continue;
            }
            self->wake.clear();
            co_await self->wake.wait();
        }
    }

    nghttp2_session* session_ = nullptr;
};

}  // namespace ferry::http::detail
