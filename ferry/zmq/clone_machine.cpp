#include "ferry/zmq/detail/clone_machine.hpp"

#include "ferry/core/error.hpp"
#include "ferry/zmq/error.hpp"

#include <algorithm>
#include <charconv>

namespace ferry::zmq::clone {
namespace {

constexpr std::size_t frames_of_a_change = 5;
constexpr std::size_t sequence_size = 8;
// Beyond it an end is no end.
constexpr std::int64_t longest_ttl = 1'000'000'000;

[[noreturn]] void throw_bad(const char* what)
{
    throw protocol_error(errc::bad_message, std::string("clone: ") + what);
}

std::optional<std::chrono::seconds> ttl_of(const change& c)
{
    const auto at = c.properties.find("ttl");
    if (at == c.properties.end()) return std::nullopt;
    std::int64_t seconds = 0;
    const char* const end = at->second.data() + at->second.size();
    const auto [rest, failure] = std::from_chars(at->second.data(), end, seconds);
    if (failure != std::errc() || rest != end || seconds <= 0 || seconds > longest_ttl) {
        return std::nullopt;
    }
    return std::chrono::seconds(seconds);
}

}  // namespace

multipart encode(const change& c)
{
    std::string sequence(sequence_size, '\0');
    for (std::size_t i = 0; i < sequence_size; ++i) {
        sequence[i] = static_cast<char>(c.sequence >> (8 * (sequence_size - 1 - i)));
    }
    std::string properties;
    for (const auto& [name, v] : c.properties) {
        if (name.find_first_of("=\n") != name.npos || v.find('\n') != v.npos) {
            throw error(errc::bad_message, "clone: the property '" + name + "' cannot be sent");
        }
        properties.append(name).append(1, '=').append(v).append(1, '\n');
    }
    return parts(c.key, sequence, std::span<const std::byte>(c.uuid), properties, c.body);
}

change decode(const multipart& frames, std::size_t first)
{
    if (frames.size() != first + frames_of_a_change) throw_bad("a change has five frames");
    change c;
    c.key = frames[first].to_string();
    const std::string_view sequence = frames[first + 1].text();
    if (sequence.size() != sequence_size) throw_bad("a sequence number has eight bytes");
    for (const char digit : sequence) {
        c.sequence = c.sequence << 8U | static_cast<unsigned char>(digit);
    }
    // A client may leave it out.
    const auto uuid = frames[first + 2].span();
    if (!uuid.empty()) {
        if (uuid.size() != c.uuid.size()) throw_bad("a UUID has sixteen bytes");
        std::ranges::copy(uuid, c.uuid.begin());
    }
    std::string_view lines = frames[first + 3].text();
    while (!lines.empty()) {
        const std::size_t end = std::min(lines.find('\n'), lines.size());
        const std::string_view line = lines.substr(0, end);
        const std::size_t equals = line.find('=');
        if (equals == line.npos) throw_bad("a property is name=value");
        c.properties.insert_or_assign(std::string(line.substr(0, equals)),
                                      std::string(line.substr(equals + 1)));
        lines.remove_prefix(std::min(end + 1, lines.size()));
    }
    c.body = frames[first + 4].to_string();
    return c;
}

namespace detail {

std::optional<multipart> server_machine::collect(const multipart& m, time_point now)
{
    try {
        return apply(decode(m), now);
    } catch (const protocol_error&) {
        return std::nullopt;
    }
}

std::optional<multipart> server_machine::apply(change c, time_point now)
{
    const auto known = map_.find(c.key);
    if (known == map_.end() && map_.size() >= max_keys) return std::nullopt;
    c.sequence = ++sequence_;
    multipart news = encode(c);
    if (known != map_.end() && known->second.expires) {
        ends_.erase({*known->second.expires, c.key});
    }
    if (c.body.empty()) {
        if (known != map_.end()) map_.erase(known);
        return news;
    }
    entry e;
    if (const auto ttl = ttl_of(c)) {
        e.expires = now + *ttl;
        ends_.insert({*e.expires, c.key});
    }
    std::string key = c.key;
    e.last = std::move(c);
    map_.insert_or_assign(std::move(key), std::move(e));
    return news;
}

std::vector<multipart> server_machine::snapshot(const multipart& question) const
{
    std::vector<multipart> out;
    if (question.size() != 3 || question[1] != give_me) return out;
    const std::string subtree = question[2].to_string();
    const auto send = [&](const change& c) {
        multipart m = encode(c);
        m.insert(m.begin(), question[0].copy());
        out.push_back(std::move(m));
    };
    for (auto at = map_.lower_bound(subtree); at != map_.end() && at->first.starts_with(subtree);
         ++at) {
        send(at->second.last);
    }
    change end(std::string(that_was_all), subtree);
    end.sequence = sequence_;
    send(end);
    return out;
}

std::vector<multipart> server_machine::tick(time_point now)
{
    std::vector<multipart> out;
    while (!ends_.empty() && ends_.begin()->first <= now) {
        const std::string key = ends_.begin()->second;
        if (auto news = apply(change(key, {}), now)) out.push_back(std::move(*news));
    }
    change sign;
    sign.key = alive;
    out.push_back(encode(sign));
    return out;
}

const change* server_machine::find(std::string_view key) const
{
    const auto at = map_.find(key);
    return at == map_.end() ? nullptr : &at->second.last;
}

multipart client_machine::begin()
{
    synced_ = false;
    sequence_ = 0;
    map_.clear();
    return parts(give_me, subtree_);
}

void client_machine::apply(const change& c)
{
    if (c.body.empty()) {
        map_.erase(c.key);
    } else if (map_.size() < max_keys || map_.contains(c.key)) {
        map_.insert_or_assign(c.key, c);
    }
}

std::optional<change> client_machine::snapshot(const multipart& m)
{
    change c = decode(m);
    if (synced_) return std::nullopt;
    if (c.key == that_was_all) {
        sequence_ = c.sequence;
        synced_ = true;
        return std::nullopt;
    }
    apply(c);
    return c;
}

std::optional<change> client_machine::update(const multipart& m)
{
    change c = decode(m);
    if (c.key == alive || c.sequence <= sequence_ || !c.key.starts_with(subtree_)) {
        return std::nullopt;
    }
    sequence_ = c.sequence;
    apply(c);
    return c;
}

const change* client_machine::find(std::string_view key) const
{
    const auto at = map_.find(key);
    return at == map_.end() ? nullptr : &at->second;
}

}  // namespace detail
}  // namespace ferry::zmq::clone
