#include "ferry/http/detail/cache_visit.hpp"

#include "ferry/async/blocking.hpp"
#include "ferry/async/task.hpp"
#include "ferry/http/detail/cache_policy.hpp"
#include "ferry/http/detail/fetch.hpp"
#include "ferry/http/detail/outgoing_request.hpp"
#include "ferry/http/status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace ferry::http::detail {
namespace {

headers fields_of(const outgoing_request& request)
{
    headers all;
    request.each_field(
        [&](std::string_view name, std::string_view value) { all.add(name, value); });
    return all;
}

bool is_unsafe(std::string_view method) noexcept
{
    return method != "GET" && method != "HEAD" && method != "OPTIONS" && method != "TRACE";
}

bool is_server_failure(int status) noexcept
{
    return status == 500 || (status >= 502 && status <= 504);
}

awaitable<std::vector<cache::entry>> find(std::shared_ptr<cache::store> in, std::string url)
{
    const auto look = [in, url] { return in->find(url); };
    if (!in->blocks()) co_return look();
    auto looking = run_blocking(look);
    co_return co_await std::move(looking);
}

// Asks for the same in the background; what comes of it is in the store.
awaitable<void> validate(std::shared_ptr<session_core> core, std::string url, request_options with,
                         [[maybe_unused]] std::shared_ptr<const void> under_way)
{
    try {
        auto asking = send_whole(std::move(core), make_call("GET", std::move(url), with));
        co_await std::move(asking);
    } catch (const error&) {
        // The entry stays as stale as it is: the next request asks again.
    }
}

}  // namespace

awaitable<attempt::outcome> stored_attempt::exchange(const outgoing_request*, response_head*)
{
    co_return outcome::answered;
}

awaitable<std::size_t> stored_attempt::read_some(std::span<std::byte> into)
{
    co_return read_buffered(into);
}

std::size_t stored_attempt::read_buffered(std::span<std::byte> into)
{
    const std::size_t n = std::min(into.size(), left_.size());
    if (n > 0) std::memcpy(into.data(), left_.data(), n);
    left_ = left_.slice(n);
    return n;
}

void recording_attempt::record(std::span<const std::byte> data)
{
    too_long_ = too_long_ || recorded_.size() + data.size() > max_bytes_;
    if (too_long_) {
        recorded_ = ferry::bytes();
    } else {
        append(recorded_, data);
    }
}

awaitable<std::size_t> recording_attempt::read_some(std::span<std::byte> into)
{
    const std::size_t n = co_await of_->read_some(into);
    record(into.first(n));
    co_return n;
}

std::size_t recording_attempt::read_buffered(std::span<std::byte> into)
{
    const std::size_t n = of_->read_buffered(into);
    record(into.first(n));
    return n;
}

std::optional<buffer> recording_attempt::take()
{
    if (too_long_ || !of_->done()) return std::nullopt;
    return buffer(std::exchange(recorded_, ferry::bytes()));
}

cache_visit::cache_visit(std::shared_ptr<session_core> session)
    : session_(std::move(session)), store_(session_->options().cache)
{
}

void cache_visit::drop_conditions(outgoing_request& request)
{
    if (!std::exchange(conditional_, false)) return;
    request.added().erase("If-None-Match");
    request.added().erase("If-Modified-Since");
}

awaitable<attempt*> cache_visit::begin(outgoing_request* request, response_head* into)
{
    drop_conditions(*request);
    found_.reset();
    new_.reset();
    recording_.reset();
    answered_ = false;
    sent_ = ferry::now();
    asked_ = fields_of(*request);
    applies_ = request->method() == "GET" && !goes_past(asked_);
    if (!applies_) co_return nullptr;

    const std::string url(request->url().without_fragment());
    auto entries = co_await find(store_, url);
    std::ranges::sort(entries, std::greater(), &cache::entry::received);
    for (cache::entry& e : entries) {
        if (found_ || e.variant != variant_of(e.vary, asked_)) continue;
        found_ = std::move(e);
    }
    const reuse plan = found_ ? plan_reuse(*found_, asked_, sent_) : reuse::never;
    if (plan == reuse::never) found_.reset();
    if (plan == reuse::fresh) co_return give_out(into);
    if (plan == reuse::while_validating) {
        start_validation(*request);
        co_return give_out(into);
    }
    if (asked_.cache_control().has("only-if-cached")) {
        *into = response_head();
        into->status = status::gateway_timeout;
        into->reason = reason_of(into->status);
        stored_.emplace(buffer());
        answered_ = true;
        co_return &*stored_;
    }
    if (found_) conditional_ = add_conditions(*found_, request->added());
    co_return nullptr;
}

attempt* cache_visit::stand_in(response_head* into)
{
    const bool may = found_ && may_stand_in(*found_, asked_, ferry::now());
    return may ? give_out(into) : nullptr;
}

bool cache_visit::replaces(const response_head& answer)
{
    if (!found_) return false;
    if (conditional_ && answer.status == status::not_modified) return true;
    return is_server_failure(answer.status) && may_stand_in(*found_, asked_, ferry::now());
}

awaitable<attempt*> cache_visit::replacement(outgoing_request* request, response_head* into)
{
    if (into->status != status::not_modified) co_return give_out(into);
    drop_conditions(*request);
    if (!refresh(*found_, into->headers, sent_, ferry::now())) {
        found_.reset();
        co_await erase(std::string(request->url().without_fragment()));
        co_return nullptr;
    }
    co_await put(*found_);
    co_return give_out(into);
}

awaitable<attempt*> cache_visit::take(attempt* from, const outgoing_request* request,
                                      const response_head* answer)
{
    answered_ = false;
    if (is_unsafe(request->method()) && answer->status < 400) {
        const ferry::url& at = request->url();
        co_await erase(std::string(at.without_fragment()));
        for (const char* name : {"Location", "Content-Location"}) {
            const auto other = at.try_resolve(answer->headers.get(name).value_or(""));
            const bool related = other && other->origin() == at.origin();
            if (related) co_await erase(std::string(other->without_fragment()));
        }
        co_return from;
    }
    if (!applies_ || !may_store(asked_, answer->status, answer->headers)) co_return from;
    cache::entry& e = new_.emplace();
    e.url = request->url().without_fragment();
    e.vary = *vary_of(answer->headers);
    e.variant = variant_of(e.vary, asked_);
    e.status = answer->status;
    e.reason = answer->reason;
    e.headers = storable_fields(answer->headers);
    e.requested = sent_;
    e.received = ferry::now();
    co_return &recording_.emplace(*from, store_->max_body_bytes());
}

awaitable<void> cache_visit::keep()
{
    if (!new_ || !recording_) co_return;
    auto body = recording_->take();
    if (!body) co_return;
    cache::entry one = std::move(*new_);
    new_.reset();
    one.body = std::move(*body);
    co_await put(std::move(one));
}

attempt* cache_visit::give_out(response_head* into)
{
    *into = response_head();
    into->status = found_->status;
    into->reason = found_->reason;
    into->headers = found_->headers;
    const auto age = current_age(*found_, ferry::now()).count();
    into->headers.set("Age", fmt::format_int(age).c_str());
    answered_ = true;
    return &stored_.emplace(found_->body);
}

awaitable<void> cache_visit::put(cache::entry one)
{
    const auto in = store_;
    const auto write = [in, one] { in->put(one); };
    if (!in->blocks()) {
        write();
        co_return;
    }
    auto writing = run_blocking(write);
    co_await std::move(writing);
}

awaitable<void> cache_visit::erase(std::string url)
{
    const auto in = store_;
    const auto drop = [in, url] { in->erase(url); };
    if (!in->blocks()) {
        drop();
        co_return;
    }
    auto dropping = run_blocking(drop);
    co_await std::move(dropping);
}

void cache_visit::start_validation(const outgoing_request& request) const
{
    const std::string entry = found_->url + '\0' + found_->variant;
    if (!session_->begin_validation(entry)) return;
    const auto end = [session = session_, entry](const void*) { session->end_validation(entry); };
    std::shared_ptr<const void> under_way(nullptr, end);
    request_options with = request.options();
    with.query.clear();  // it is in the URL by now
    // The session's own cookies are added to every request, this one too.
    const std::string& added = session_->options().defaults.cookies;
    if (!added.empty() && with.cookies.starts_with(added)) {
        with.cookies.erase(0, added.size());
        if (with.cookies.starts_with("; ")) with.cookies.erase(0, 2);
    }
    with.headers.set("Cache-Control", "no-cache");
    with.on_progress = nullptr;
    spawn(validate(session_, std::string(request.url().without_fragment()), std::move(with),
                   std::move(under_way)),
          "validation of a cached answer");
}

}  // namespace ferry::http::detail
