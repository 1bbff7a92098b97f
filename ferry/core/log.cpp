#include "ferry/core/log.hpp"

#include "ferry/core/time.hpp"
#include "ferry/core/utf8.hpp"

#include <pthread.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <memory>
#include <mutex>
#include <utility>

namespace ferry::log {
namespace {

constexpr std::array secret_words{"password", "secret",  "token",      "authorization",
                                  "cookie",   "api_key", "private_key"};

std::unique_ptr<spdlog::logger> standard_error()
{
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_st>();
    sink->set_pattern("%v");
    auto to = std::make_unique<spdlog::logger>("ferry", std::move(sink));
    to->set_level(spdlog::level::trace);
    to->flush_on(spdlog::level::trace);
    return to;
}

struct state {
    std::atomic<level> lowest{level::warning};
    std::mutex mutex;
    sink to;
    std::unique_ptr<spdlog::logger> fallback = standard_error();
};

state& shared()
{
    // Never destroyed: other static objects may log from their destructors.
    static state& the_one = []() -> state& {
        // A child must not find it locked by a thread that it does not have.
        ::pthread_atfork([] { shared().mutex.lock(); }, [] { shared().mutex.unlock(); },
                         [] { shared().mutex.unlock(); });
        return *new state;
    }();
    return the_one;
}

bool names_a_secret(std::string_view key)
{
    std::string lower{key};
    std::ranges::transform(lower, lower.begin(), [](char c) {
        return c == '-' ? '_' : (c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
    });
    return std::ranges::any_of(
        secret_words, [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

/// Whether a terminal, or who reads the line, might take it for something else than text.
bool is_harmful(const utf8::decoded& c)
{
    return !c.valid || c.code_point < 0x20 || (c.code_point >= 0x7F && c.code_point < 0xA0);
}

bool needs_quotes(std::string_view value)
{
    if (value.find_first_of(" \"\\=") != std::string_view::npos) return true;
    std::size_t at = 0;
    while (at < value.size()) {
        const utf8::decoded c = utf8::decode(value, at);
        if (is_harmful(c)) return true;
        at += c.size;
    }
    return value.empty();
}

void append_escaped(std::string& to, std::string_view text)
{
    constexpr std::string_view digits = "0123456789abcdef";
    for (std::size_t at = 0; at < text.size();) {
        const utf8::decoded c = utf8::decode(text, at);
        const std::string_view part = text.substr(at, c.size);
        at += c.size;
        if (part == "\"" || part == "\\") to += '\\';
        if (part == "\n") {
            to += "\\n";
        } else if (!is_harmful(c)) {
            to += part;
        } else {
            for (const char one : part) {
                const auto byte = static_cast<unsigned char>(one);
                to += "\\x";
                to += digits[byte >> 4U];
                to += digits[byte & 15U];
            }
        }
    }
}

spdlog::level::level_enum spdlog_level(level l)
{
    switch (l) {
        case level::trace: return spdlog::level::trace;
        case level::debug: return spdlog::level::debug;
        case level::info: return spdlog::level::info;
        case level::warning: return spdlog::level::warn;
        case level::error: return spdlog::level::err;
        case level::off: break;
    }
    return spdlog::level::off;
}

void print(spdlog::logger& to, const record& r)
{
    using std::chrono::floor, std::chrono::milliseconds, std::chrono::seconds;
    const auto whole = floor<seconds>(r.time);
    const auto ms = floor<milliseconds>(r.time - whole).count();
    std::string text = iso8601::format(whole);
    text.resize(text.find('+'));
    text += '.';
    text += std::to_string(1000 + ms).substr(1);
    text += "Z ";
    text += name(r.level);
    text += ' ';
    text += line(r);
    to.log(spdlog_level(r.level), text);
}

}  // namespace

std::string_view name(level l) noexcept
{
    constexpr std::array<std::string_view, 6> names{"trace",   "debug", "info",
                                                    "warning", "error", "off"};
    return names.at(static_cast<std::size_t>(l));
}

void set_level(level lowest) noexcept
{
    shared().lowest = lowest;
}

bool enabled(level l) noexcept
{
    return l != level::off && l >= shared().lowest.load(std::memory_order_relaxed);
}

void set_sink(sink to)
{
    const std::lock_guard lock{shared().mutex};
    shared().to = std::move(to);
}

std::string line(const record& r)
{
    std::string text;
    append_escaped(text, r.message);
    for (const field& f : r.fields) {
        text += ' ';
        text += f.key;
        text += '=';
        if (needs_quotes(f.value)) {
            text += '"';
            append_escaped(text, f.value);
            text += '"';
        } else {
            text += f.value;
        }
    }
    return text;
}

void write(level l, const message& m, std::vector<field> fields) noexcept
{
    // A log line that cannot be written must not end the work that it speaks of.
    try {
        if (!enabled(l)) return;
        for (field& f : fields) {
            if (names_a_secret(f.key)) f.value = "***";
        }
        const record r{l, std::chrono::system_clock::now(), m.text(), fields, m.where()};
        state& s = shared();
        const std::lock_guard lock{s.mutex};
        if (s.to) {
            s.to(r);
        } else {
            print(*s.fallback, r);
        }
    } catch (...) {  // NOLINT(bugprone-empty-catch)
    }
}

namespace detail {

std::string text(double number)
{
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    return {digits.data(), end};
}

std::string text(std::chrono::nanoseconds time)
{
    return format_duration(time);
}

}  // namespace detail
}  // namespace ferry::log
