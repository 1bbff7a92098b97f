#include "ferry/http/detail/http2_machine.hpp"

#include "ferry/core/error.hpp"
#include "ferry/http/status.hpp"

#include <fmt/format.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace ferry::http::detail {
namespace {

void check(int result, const char* doing)
{
    if (result == NGHTTP2_ERR_NOMEM) throw std::bad_alloc();
    if (result < 0) {
        throw protocol_error(errc::bad_message,
                             fmt::format("HTTP/2: {}: {}", doing, nghttp2_strerror(result)));
    }
}

std::string_view view(const std::uint8_t* data, std::size_t size) noexcept
{
    return {reinterpret_cast<const char*>(data), size};
}

nghttp2_nv nv(std::string_view name, std::string_view value) noexcept
{
    // nghttp2 copies both and changes neither.
    const auto raw = [](std::string_view s) {
        return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(s.data()));
    };
    return {raw(name), raw(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

std::size_t http2_stream::take(std::span<std::byte> into) noexcept
{
    const std::size_t n = std::min(into.size(), unread());
    if (n == 0) return 0;
    std::memcpy(into.data(), data_.data() + data_read_, n);
    data_read_ += n;
    if (data_read_ == data_.size()) {
        data_.clear();
        data_read_ = 0;
    }
    return n;
}

/// nghttp2's view of the machine. Exceptions must not pass through C: they are kept, and end the
/// session.
struct http2_machine::callbacks {
    template <class F>
    static int guarded(void* user, F body) noexcept
    {
        auto& self = *static_cast<http2_machine*>(user);
        try {
            return body(self);
        } catch (...) {
            self.thrown_ = std::current_exception();
            return NGHTTP2_ERR_CALLBACK_FAILURE;
        }
    }

    static bool is_trailer(const nghttp2_frame* frame) noexcept
    {
        return frame->headers.cat == NGHTTP2_HCAT_HEADERS;
    }

    static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user)
    {
        return guarded(user, [&](http2_machine& self) {
            if (http2_stream* const s = self.find(frame->hd.stream_id)) {
                s->arriving_ = response_head();
                s->arriving_.major = 2;
                s->arriving_.minor = 0;
                s->head_bytes_ = 0;
            }
            return 0;
        });
    }

    static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                      std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                      std::uint8_t, void* user)
    {
        return guarded(user, [&](http2_machine& self) {
            http2_stream* const s = self.find(frame->hd.stream_id);
            if (s == nullptr || s->abandoned_) return 0;
            try {
                self.add_field(*s, view(name, name_size), view(value, value_size));
            } catch (const error&) {
                s->failure = std::current_exception();
                return static_cast<int>(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE);
            }
            return 0;
        });
    }

    static int frame_received(nghttp2_session*, const nghttp2_frame* frame, void* user)
    {
        return guarded(user, [&](http2_machine& self) {
            note_goaway(self, frame, "the peer");
            http2_stream* const s = self.find(frame->hd.stream_id);
            if (s == nullptr) return 0;
            if (frame->hd.type == NGHTTP2_HEADERS) self.take_head(*s);
            const bool can_end =
                frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
            if (can_end && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
                s->ended = true;
                s->changed.set();
            }
            return 0;
        });
    }

    static int data(nghttp2_session* session, std::uint8_t, std::int32_t id,
                    const std::uint8_t* data, std::size_t size, void* user)
    {
        return guarded(user, [&](http2_machine& self) {
            http2_stream* const s = self.find(id);
            if (s == nullptr || s->abandoned_) {
                nghttp2_session_consume(session, id, size);
                return 0;
            }
            auto part = std::as_bytes(std::span(data, size));
            s->received += size;
            if (s->placed < s->place.size() && s->unread() == 0) {
                const std::size_t n = std::min(size, s->place.size() - s->placed);
                std::memcpy(s->place.data() + s->placed, part.data(), n);
                s->placed += n;
                part = part.subspan(n);
            }
            append(s->data_, part);
            s->changed.set();
            return 0;
        });
    }

    static int stream_closed(nghttp2_session*, std::int32_t id, std::uint32_t code, void* user)
    {
        return guarded(user, [&](http2_machine& self) {
            if (http2_stream* const s = self.find(id)) {
                s->code = code;
                if (code == NGHTTP2_REFUSED_STREAM) s->refused = true;
                self.close(*s);
            }
            return 0;
        });
    }

    static void note_goaway(http2_machine& self, const nghttp2_frame* frame, const char* who)
    {
        if (frame->hd.type != NGHTTP2_GOAWAY || frame->goaway.error_code == NGHTTP2_NO_ERROR)
            return;
        const std::string_view why = view(frame->goaway.opaque_data,
                                          std::min<std::size_t>(frame->goaway.opaque_data_len, 60));
        const std::string_view name = http2_error_name(frame->goaway.error_code);
        self.complaint_ = fmt::format("{} gave up: {} {}", who, name, quoted(why));
    }

    static int frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* user)
    {
        return guarded(user, [&](http2_machine& self) {
            note_goaway(self, frame, "the client");
            return 0;
        });
    }

    // The peer had gone away before the request went out.
    static int frame_not_sent(nghttp2_session*, const nghttp2_frame* frame, int, void* user)
    {
        return guarded(user, [&](http2_machine& self) {
            if (frame->hd.type != NGHTTP2_HEADERS) return 0;
            if (http2_stream* const s = self.find(frame->hd.stream_id)) s->refused = true;
            return 0;
        });
    }

    static ssize_t read_body(nghttp2_session*, std::int32_t, std::uint8_t* into, std::size_t room,
                             std::uint32_t* flags, nghttp2_data_source* source, void*)
    {
        auto& s = *static_cast<http2_stream*>(source->ptr);
        std::size_t count = 0;
        while (count < room && !s.outgoing.empty()) {
            const auto rest = s.outgoing.front().span().subspan(s.sent_of_front_);
            const std::size_t n = std::min(room - count, rest.size());
            if (n > 0) std::memcpy(into + count, rest.data(), n);
            count += n;
            s.sent_of_front_ += n;
            if (n == rest.size()) {
                s.outgoing.pop_front();
                s.sent_of_front_ = 0;
            }
        }
        s.outgoing_bytes -= count;
        if (count > 0) s.changed.set();
        if (s.outgoing.empty() && s.outgoing_ended) {
            *flags |= NGHTTP2_DATA_FLAG_EOF;
        } else if (count == 0) {
            s.deferred_ = true;
            return NGHTTP2_ERR_DEFERRED;
        }
        return static_cast<ssize_t>(count);
    }
};

http2_machine::http2_machine(codec_limits limits)
    : limits_(limits), session_(nullptr, &nghttp2_session_del)
{
    nghttp2_session_callbacks* made = nullptr;
    check(nghttp2_session_callbacks_new(&made), "start");
    const std::unique_ptr<nghttp2_session_callbacks, void (*)(nghttp2_session_callbacks*)> calls(
        made, &nghttp2_session_callbacks_del);
    nghttp2_session_callbacks_set_on_begin_headers_callback(made, &callbacks::begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(made, &callbacks::header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(made, &callbacks::frame_received);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, &callbacks::data);
    nghttp2_session_callbacks_set_on_stream_close_callback(made, &callbacks::stream_closed);
    nghttp2_session_callbacks_set_on_frame_send_callback(made, &callbacks::frame_sent);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(made, &callbacks::frame_not_sent);

    nghttp2_option* options = nullptr;
    check(nghttp2_option_new(&options), "start");
    const std::unique_ptr<nghttp2_option, void (*)(nghttp2_option*)> held(options,
                                                                          &nghttp2_option_del);
    nghttp2_option_set_no_auto_window_update(options, 1);
    nghttp2_session* session = nullptr;
    check(nghttp2_session_client_new2(&session, made, this, options), "start");
    session_.reset(session);

    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, stream_window_bytes},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits.head_bytes)},
    };
    check(nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, std::size(settings)),
          "start");
    check(nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0,
                                                connection_window_bytes),
          "start");
}

http2_machine::~http2_machine() = default;

http2_stream* http2_machine::find(std::int32_t id) noexcept
{
    const auto at = streams_.find(id);
    return at == streams_.end() ? nullptr : at->second.get();
}

void http2_machine::close(http2_stream& stream) noexcept
{
    stream.closed = true;
    stream.changed.set();
    streams_.erase(stream.id_);
}

void http2_machine::add_field(http2_stream& to, std::string_view name, std::string_view value)
{
    to.head_bytes_ += name.size() + value.size() + 4;
    if (to.head_bytes_ > limits_.head_bytes) throw limit_error("head_bytes", limits_.head_bytes);
    if (to.arriving_.headers.size() >= limits_.head_fields) {
        throw limit_error("head_fields", limits_.head_fields);
    }
    if (name == ":status") {
        to.arriving_.status = static_cast<int>(parse_decimal(value).value_or(0));
        check_informational(to.arriving_.status, to.informational.size());
    } else if (!name.starts_with(':')) {
        to.arriving_.headers.add(name, value);
    }
}

void http2_machine::take_head(http2_stream& stream)
{
    stream.changed.set();
    if (stream.has_head) {
        stream.trailers = std::move(stream.arriving_.headers);
    } else if (is_informational(stream.arriving_.status)) {
        stream.informational.push_back(std::move(stream.arriving_));
    } else {
        stream.head = std::move(stream.arriving_);
        stream.has_head = true;
    }
}

void http2_machine::receive(std::span<const std::byte> data)
{
    const auto result = nghttp2_session_mem_recv(
        session_.get(), reinterpret_cast<const std::uint8_t*>(data.data()), data.size());
    if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
    check(static_cast<int>(std::min<ssize_t>(result, 0)), "read");
}

void http2_machine::send(std::string& into, std::size_t enough)
{
    while (into.size() < enough) {
        const std::uint8_t* data = nullptr;
        const ssize_t n = nghttp2_session_mem_send(session_.get(), &data);
        if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
        check(static_cast<int>(std::min<ssize_t>(n, 0)), "write");
        if (n == 0) return;
        into.append(view(data, static_cast<std::size_t>(n)));
    }
}

bool http2_machine::wants_to_send() const noexcept
{
    return nghttp2_session_want_write(session_.get()) != 0;
}

void http2_machine::submit(const std::shared_ptr<http2_stream>& stream,
                           const std::vector<field>& fields, bool has_body)
{
    std::vector<nghttp2_nv> list;
    list.reserve(fields.size());
    for (const field& f : fields) list.push_back(nv(f.name, f.value));
    nghttp2_data_provider body{};
    body.source.ptr = stream.get();
    body.read_callback = &callbacks::read_body;
    const std::int32_t id = nghttp2_submit_request(
        session_.get(), nullptr, list.data(), list.size(), has_body ? &body : nullptr, nullptr);
    check(id, "send a request");
    stream->id_ = id;
    streams_.emplace(id, stream);
}

void http2_machine::resume(http2_stream& stream)
{
    if (!std::exchange(stream.deferred_, false)) return;
    nghttp2_session_resume_data(session_.get(), stream.id_);
}

void http2_machine::consumed(http2_stream& stream, std::size_t bytes)
{
    if (bytes > 0) nghttp2_session_consume(session_.get(), stream.id_, bytes);
}

void http2_machine::abandon(http2_stream& stream)
{
    stream.abandoned_ = true;
    consumed(stream, stream.unread());
    stream.data_.clear();
    stream.data_read_ = 0;
    stream.place = {};
    if (!stream.closed) {
        nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream.id_, NGHTTP2_CANCEL);
    }
}

void http2_machine::fail(const std::exception_ptr& why)
{
    while (!streams_.empty()) {
        const std::shared_ptr<http2_stream> s = streams_.begin()->second;
        if (!s->failure) s->failure = why;
        close(*s);
    }
}

std::size_t http2_machine::allowed_streams() const noexcept
{
    const std::uint32_t theirs = nghttp2_session_get_remote_settings(
        session_.get(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
    return std::min<std::size_t>(theirs, max_streams);
}

bool http2_machine::may_open() const noexcept
{
    return nghttp2_session_check_request_allowed(session_.get()) != 0;
}

bool http2_machine::listens() const noexcept
{
    return nghttp2_session_want_read(session_.get()) != 0;
}

std::string_view http2_error_name(std::uint32_t code) noexcept
{
    return nghttp2_http2_strerror(code);
}

}  // namespace ferry::http::detail
