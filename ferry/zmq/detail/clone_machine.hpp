#pragma once

#include "ferry/zmq/clone.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::zmq::clone::detail {

inline constexpr std::string_view give_me = "ICANHAZ?";
inline constexpr std::string_view that_was_all = "KTHXBAI";
inline constexpr std::string_view alive = "HUGZ";

/// The server's map and decisions, without a socket or a clock.
class server_machine {
public:
    using time_point = std::chrono::steady_clock::time_point;

    /// \return what is to be published; none if the message is not a change.
    std::optional<multipart> collect(const multipart& m, time_point now);
    std::optional<multipart> apply(change c, time_point now);

    /// \return what the asker is to be sent, its name first; empty if the message is no question.
    std::vector<multipart> snapshot(const multipart& question) const;

    /// Takes away what has lived long enough. \return what is to be published.
    std::vector<multipart> tick(time_point now);

    const change* find(std::string_view key) const;
    std::size_t size() const noexcept { return map_.size(); }

private:
    struct entry {
        change last;
        std::optional<time_point> expires;
    };

    std::uint64_t sequence_ = 0;
    std::map<std::string, entry, std::less<>> map_;
    std::set<std::pair<time_point, std::string>> ends_;  ///< of keys that expire
};

/// A client's copy, from one server.
class client_machine {
public:
    explicit client_machine(std::string subtree) : subtree_{std::move(subtree)} {}

    /// The copy begins anew. \return what the server is to be asked.
    multipart begin();

    bool synced() const noexcept { return synced_; }

    /// What came as a snapshot, or as a change for all. \return the change, if it is new.
    std::optional<change> snapshot(const multipart& m);
    std::optional<change> update(const multipart& m);

    const change* find(std::string_view key) const;
    std::size_t size() const noexcept { return map_.size(); }

private:
    void apply(const change& c);

    std::string subtree_;
    bool synced_ = false;
    std::uint64_t sequence_ = 0;
    std::map<std::string, change, std::less<>> map_;
};

}  // namespace ferry::zmq::clone::detail
