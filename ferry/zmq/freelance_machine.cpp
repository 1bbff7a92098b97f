#include "ferry/zmq/detail/freelance_machine.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ferry::zmq::freelance::detail {
void client_machine::add(std::string server, time_point now)
{
    if (std::ranges::find(servers_, server, &server_state::name) != servers_.end()) return;
    server_state added;
    added.name = std::move(server);
    added.ping_at = now;
    added.expires = now + with_.expiry();
    servers_.push_back(std::move(added));
}

void client_machine::begin(multipart body, time_point now)
{
    ++sequence_;
    request_ = std::move(body);
    asked_.clear();
    // Nobody was pinged since the last request: silence says nothing about that time.
    for (server_state& s : servers_) {
        s.ping_at = std::min(s.ping_at, now);
        s.expires = std::max(s.expires, now + with_.ping() + with_.ping() / 2);
    }
}

std::vector<multipart> client_machine::due(time_point now)
{
    std::vector<multipart> out;
    for (server_state& s : servers_) {
        if (s.alive && s.expires <= now) {
            s.alive = false;
            ended_ = true;
            if (s.name == asked_) asked_.clear();
        }
        if (s.ping_at <= now) {
            out.push_back(parts(s.name, ping));
            s.ping_at = now + with_.ping();
        }
    }
    if (std::exchange(ended_, false)) put_living_first();
    if (request_ && asked_.empty() && !servers_.empty() && servers_.front().alive) {
        asked_ = servers_.front().name;
        multipart m = parts(asked_, std::to_string(sequence_));
        std::ranges::move(copy(*request_), std::back_inserter(m));
        out.push_back(std::move(m));
    }
    return out;
}

void client_machine::put_living_first()
{
    std::vector<server_state> ordered;
    for (const bool alive : {true, false}) {
        for (server_state& s : servers_) {
            if (s.alive == alive) ordered.push_back(std::move(s));
        }
    }
    servers_ = std::move(ordered);
}

client_machine::time_point client_machine::next() const noexcept
{
    time_point first = time_point::max();
    for (const server_state& s : servers_) {
        first = std::min(first, s.ping_at);
        if (s.alive) first = std::min(first, s.expires);
    }
    return first;
}

std::optional<multipart> client_machine::receive(multipart m, time_point now)
{
    if (m.size() < 2) return std::nullopt;
    const auto from = std::ranges::find(servers_, m[0].text(), &server_state::name);
    if (from == servers_.end()) return std::nullopt;
    from->ping_at = now + with_.ping();
    from->expires = now + with_.expiry();
    if (!from->alive) {
        from->alive = true;
        const auto first_dead = std::ranges::find(servers_, false, &server_state::alive);
        if (first_dead < from) std::rotate(first_dead, from, std::next(from));
    }
    if (!request_ || m[1] != std::to_string(sequence_)) return std::nullopt;
    request_.reset();
    multipart answer;
    std::move(m.begin() + 2, m.end(), std::back_inserter(answer));
    return answer;
}

std::vector<std::pair<std::string, bool>> client_machine::servers() const
{
    std::vector<std::pair<std::string, bool>> all;
    for (const server_state& s : servers_) all.emplace_back(s.name, s.alive);
    return all;
}

}  // namespace ferry::zmq::freelance::detail
