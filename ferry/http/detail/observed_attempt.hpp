#pragma once

#include "ferry/http/detail/attempt.hpp"
#include "ferry/http/transport.hpp"

#include <memory>
#include <string>
#include <vector>

namespace ferry::http::detail {

using observers = std::vector<std::shared_ptr<exchange_observer>>;

/// An attempt around another one, which keeps what passes and tells the observers at its end.
class observed_attempt final : public attempt {
public:
    /// All must outlive it.
    observed_attempt(attempt& inner, const observers& who, const attempt_context& with)
        : inner_(inner), observers_(who), with_(with)
    {
    }
    ~observed_attempt() override { tell(); }

    awaitable<outcome> exchange(const outgoing_request* what, response_head* into) override;
    awaitable<std::size_t> read_some(std::span<std::byte> into) override;
    std::size_t read_buffered(std::span<std::byte> into) override;
    bool done() const noexcept override { return inner_.done(); }
    framing kind() const noexcept override { return inner_.kind(); }
    std::uint64_t length_left() const noexcept override { return inner_.length_left(); }
    headers& trailers() noexcept override { return inner_.trailers(); }
    void finish() override;
    void limit_reads(std::chrono::nanoseconds each) noexcept override { inner_.limit_reads(each); }
    std::string peer() const override { return inner_.peer(); }
    std::string_view sent_head() const noexcept override { return inner_.sent_head(); }
    std::shared_ptr<const net::tls_info> tls() const override { return inner_.tls(); }

private:
    void keep(std::span<const std::byte> part);
    void note_times();
    void tell() noexcept;

    attempt& inner_;
    const observers& observers_;
    attempt_context with_;
    recorded_exchange seen_;
    bool answered_ = false;
    bool too_long_ = false;
    bool told_ = false;
};

}  // namespace ferry::http::detail
