#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/core/error.hpp"
#include "ferry/http/cookies.hpp"
#include "ferry/http/download.hpp"
#include "ferry/http/options.hpp"
#include "ferry/http/response.hpp"
#include "ferry/http/response_stream.hpp"
#include "ferry/http/session_options.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace ferry::http {

namespace detail {

class session_core;

/// What a session is asked for. On the heap: it passes through several hands.
class call {
public:
    call(std::string m, std::string u) : method(std::move(m)), url(std::move(u)) {}

    std::string method;
    std::string url;
    request_options with;
};
using call_ptr = std::unique_ptr<call>;

template <class... Options>
call_ptr make_call(std::string method, std::string url, const Options&... options)
{
    auto made = std::make_unique<call>(std::move(method), std::move(url));
    (options.apply_to(made->with), ...);
    return made;
}

}  // namespace detail

/// Sends requests, keeps connections and cookies between them. As requests.Session.
///
///     http::session api(http::base_url("https://api.local"), http::bearer(token));
///     auto made = co_await api.post("/orders", http::json(order));
///
/// Certificates are verified, TLS is 1.2 at least; redirects are followed as browsers do, but
/// credentials never leave their origin. A kept connection that the server has closed meanwhile is
/// replaced without an error, once, where that is safe.
///
/// Thread-safety: any thread may use it at any time; each has its own connections, and all share
/// the cookies. It may be destroyed while requests are under way.
/// Time limits: see timeout(). On cancellation the request's connection is closed.
///
/// \throws error              a bad URL, header or method, before anything is sent
/// \throws connection_error   unreachable, reset; resolve_error, tls_error, incomplete_body
/// \throws timeout_error      a phase or the whole took too long
/// \throws protocol_error     the answer breaks HTTP, or its coding; too_many_redirects
/// \throws limit_error        `head_bytes`, `max_body_bytes`...
/// A status such as 404 is no error; see response::raise_for_status. Each error has the phase, the
/// peer and the number of the attempt: details_of().
class session {
public:
    session() : session(session_options()) {}
    explicit session(session_options options);
    template <session_option... Options>
        requires(sizeof...(Options) > 0)
    explicit session(const Options&... options) : session(collect(options...))
    {
    }
    session(session&&) noexcept;
    session& operator=(session&&) noexcept;
    ~session();

    /// \param method  any token of RFC 9110, in its case.
    template <request_option... Options>
    awaitable<response> request(std::string method, std::string url, const Options&... options)
    {
        return send(detail::make_call(std::move(method), std::move(url), options...));
    }

    template <request_option... Options>
    awaitable<response> get(std::string url, const Options&... options)
    {
        return send(detail::make_call("GET", std::move(url), options...));
    }
    /// Does not follow redirects, unless redirects(n) is given.
    template <request_option... Options>
    awaitable<response> head(std::string url, const Options&... options)
    {
        return send(detail::make_call("HEAD", std::move(url), redirects(0), options...));
    }
    template <request_option... Options>
    awaitable<response> post(std::string url, const Options&... options)
    {
        return send(detail::make_call("POST", std::move(url), options...));
    }
    template <request_option... Options>
    awaitable<response> put(std::string url, const Options&... options)
    {
        return send(detail::make_call("PUT", std::move(url), options...));
    }
    template <request_option... Options>
    awaitable<response> patch(std::string url, const Options&... options)
    {
        return send(detail::make_call("PATCH", std::move(url), options...));
    }
    template <request_option... Options>
    awaitable<response> delete_(std::string url, const Options&... options)
    {
        return send(detail::make_call("DELETE", std::move(url), options...));
    }
    template <request_option... Options>
    awaitable<response> options(std::string url, const Options&... options)
    {
        return send(detail::make_call("OPTIONS", std::move(url), options...));
    }

    /// As request(), but returns as soon as the head is there.
    template <request_option... Options>
    awaitable<response_stream> stream(std::string method, std::string url,
                                      const Options&... options)
    {
        return open(detail::make_call(std::move(method), std::move(url), options...));
    }

    /// Saves what the URL names as `path`, or in it, if it is a folder, under the name that the
    /// server gives, made safe, or else the URL's. Until it is whole the file is `path.part`, which
    /// the next call goes on with if it still belongs to what the server has (its ETag or date says
    /// so) and otherwise begins again. Its time becomes that of Last-Modified. Memory stays flat.
    ///
    ///     co_await api.download("/dump.tar.zst", "dump.tar.zst", http::progress(show));
    ///
    /// \throws status_error  any status that has no file in it
    /// \throws error with errc::wrong_checksum  the part is removed then
    /// \throws error  the disk is full, or the path cannot be written
    /// \throws as request(). Failed or cancelled: the part is kept, to be gone on with.
    template <download_option... Options>
    awaitable<downloaded> download(std::string url, std::string path, const Options&... options)
    {
        download_options all;
        (detail::apply(options, all), ...);
        return save(std::move(url), std::move(path), std::move(all));
    }
    /// The same with the options in one.
    awaitable<downloaded> save(std::string url, std::string path, download_options with);

    /// The request as it would be sent now, up to its first redirect: with the session's headers,
    /// cookies and authentication. Sends nothing. As Session.prepare_request.
    ///
    ///     std::cout << api.prepare("GET", "/orders").to_curl();
    template <request_option... Options>
    prepared_request prepare(std::string method, std::string url, const Options&... options) const
    {
        return describe(detail::make_call(std::move(method), std::move(url), options...));
    }

    /// Sends what prepare() has made, maybe changed since, as it is: no header, cookie or parameter
    /// of the session is added. Redirects, retries, time limits and hooks are the session's.
    /// As Session.send.
    ///
    ///     auto q = api.prepare("POST", "/orders", http::json(order));
    ///     q.headers.set("X-Signature", sign(q.content.text()));
    ///     auto made = co_await api.send(q);
    ///
    /// \throws error  the body was a stream; as request().
    template <request_option... Options>
    awaitable<response> send(const prepared_request& what, const Options&... options)
    {
        return send_prepared(what, detail::make_call(what.method, what.url.href(), options...));
    }

    cookie_jar& cookies() noexcept;

private:
    template <class... Options>
    static session_options collect(const Options&... options)
    {
        session_options all;
        (detail::apply(options, all), ...);
        return all;
    }

    prepared_request describe(detail::call_ptr what) const;
    awaitable<response> send(detail::call_ptr what);
    awaitable<response> send_prepared(const prepared_request& what, detail::call_ptr as);
    awaitable<response_stream> open(detail::call_ptr what);

    std::shared_ptr<detail::session_core> core_;
};

/// The session behind the free functions: made on first use, for the whole process, without
/// cookies.
session& default_session();

/// One request each, on the default session. As requests.get and its like.
template <request_option... Options>
awaitable<response> get(std::string url, const Options&... options)
{
    return default_session().get(std::move(url), options...);
}
template <request_option... Options>
awaitable<response> head(std::string url, const Options&... options)
{
    return default_session().head(std::move(url), options...);
}
template <request_option... Options>
awaitable<response> post(std::string url, const Options&... options)
{
    return default_session().post(std::move(url), options...);
}
template <request_option... Options>
awaitable<response> put(std::string url, const Options&... options)
{
    return default_session().put(std::move(url), options...);
}
template <request_option... Options>
awaitable<response> patch(std::string url, const Options&... options)
{
    return default_session().patch(std::move(url), options...);
}
template <request_option... Options>
awaitable<response> delete_(std::string url, const Options&... options)
{
    return default_session().delete_(std::move(url), options...);
}
template <request_option... Options>
awaitable<response> options(std::string url, const Options&... options)
{
    return default_session().options(std::move(url), options...);
}

}  // namespace ferry::http
