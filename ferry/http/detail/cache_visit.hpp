#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/http/cache.hpp"
#include "ferry/http/detail/attempt.hpp"

#include <memory>
#include <optional>
#include <string>

namespace ferry::http::detail {

/// An answer from memory.
class stored_attempt final : public attempt {
public:
    explicit stored_attempt(buffer body) : left_(std::move(body)) {}

    awaitable<outcome> exchange(const outgoing_request* what, response_head* into) override;
    awaitable<std::size_t> read_some(std::span<std::byte> into) override;
    std::size_t read_buffered(std::span<std::byte> into) override;
    bool done() const noexcept override { return left_.empty(); }
    framing kind() const noexcept override { return framing::length; }
    std::uint64_t length_left() const noexcept override { return left_.size(); }
    headers& trailers() noexcept override { return no_trailers_; }
    void finish() override {}
    void limit_reads(std::chrono::nanoseconds) noexcept override {}
    std::string peer() const override { return {}; }

private:
    buffer left_;
    headers no_trailers_;
};

/// Another attempt, whose body is kept as it is read.
class recording_attempt final : public attempt {
public:
    recording_attempt(attempt& of, std::uint64_t max_bytes) : of_(&of), max_bytes_(max_bytes) {}

    awaitable<outcome> exchange(const outgoing_request* what, response_head* into) override
    {
        return of_->exchange(what, into);
    }
    awaitable<std::size_t> read_some(std::span<std::byte> into) override;
    std::size_t read_buffered(std::span<std::byte> into) override;
    bool done() const noexcept override { return of_->done(); }
    framing kind() const noexcept override { return of_->kind(); }
    std::uint64_t length_left() const noexcept override { return of_->length_left(); }
    headers& trailers() noexcept override { return of_->trailers(); }
    void finish() override { of_->finish(); }
    std::string_view sent_head() const noexcept override { return of_->sent_head(); }
    void limit_reads(std::chrono::nanoseconds each) noexcept override { of_->limit_reads(each); }
    std::string peer() const override { return of_->peer(); }
    std::shared_ptr<const net::tls_info> tls() const override { return of_->tls(); }

    /// The whole body; nothing if it was too long.
    std::optional<buffer> take();

private:
    void record(std::span<const std::byte> data);

    attempt* of_;
    std::uint64_t max_bytes_;
    ferry::bytes recorded_;
    bool too_long_ = false;
};

/// What one request has to do with the cache, in the order of the members. Used by one coroutine.
class cache_visit {
public:
    explicit cache_visit(std::shared_ptr<session_core> session);

    /// Before anything is sent. \return what answers instead; null if the request is to be sent,
    /// maybe with conditions that were added to it.
    awaitable<attempt*> begin(outgoing_request* request, response_head* into);

    /// The request failed. \return what stands in; null if nothing may.
    attempt* stand_in(response_head* into);

    /// Whether the answer that came is none for the caller: a 304 to conditions that were added
    /// here, or a failure of the server for which the entry may stand in.
    bool replaces(const response_head& answer);
    /// For an answer of which replaces() is true: the one to be given out. Null: the request is to
    /// be sent again, without the conditions.
    awaitable<attempt*> replacement(outgoing_request* request, response_head* into);

    /// Any other answer. \return the attempt to read it by.
    awaitable<attempt*> take(attempt* from, const outgoing_request* request,
                             const response_head* answer);

    /// The body was read to its end.
    awaitable<void> keep();

    /// Whether the last answer came from the store, a validated one too.
    bool answered() const noexcept { return answered_; }

private:
    attempt* give_out(response_head* into);
    awaitable<void> put(cache::entry one);
    awaitable<void> erase(std::string url);
    void start_validation(const outgoing_request& request) const;
    void drop_conditions(outgoing_request& request);

    std::shared_ptr<session_core> session_;
    std::shared_ptr<cache::store> store_;
    headers asked_;  ///< the request's fields
    std::optional<cache::entry> found_;
    std::optional<cache::entry> new_;
    std::optional<stored_attempt> stored_;
    std::optional<recording_attempt> recording_;
    timestamp sent_;
    bool conditional_ = false;
    bool answered_ = false;
    bool applies_ = false;
};

}  // namespace ferry::http::detail
