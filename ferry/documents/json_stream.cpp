#include "ferry/documents/json_stream.hpp"

#include "ferry/documents/detail/json_window.hpp"
#include "ferry/documents/detail/jsonpath_parser.hpp"

#include <algorithm>
#include <limits>
#include <vector>

namespace ferry::json {
namespace {

constexpr std::string_view white = " \t\r\n";
constexpr std::string_view mark = "\xEF\xBB\xBF";

/// A segment of a path that can be streamed.
struct step {
    bool any = false;  // a wildcard
    bool is_name = false;
    std::string name;
    std::size_t first = 0;
    std::size_t last = std::numeric_limits<std::size_t>::max();  // not included
    std::size_t stride = 1;

    bool takes(std::string_view key) const noexcept { return any || (is_name && key == name); }
    bool takes(std::size_t index) const noexcept
    {
        return any || (!is_name && index >= first && index < last && (index - first) % stride == 0);
    }
};

[[noreturn]] void fail_path(std::string_view path, const char* why)
{
    throw error{errc::unsupported, "JSONPath " + std::string{path} + " cannot be streamed: " + why};
}

step step_of(const jsonpath::detail::segment& segment, std::string_view path)
{
    using kind = jsonpath::detail::selector::kind;
    if (segment.descendant) fail_path(path, "it has a descendant segment");
    if (segment.selectors.size() != 1) fail_path(path, "a segment has several selectors");
    const auto& by = segment.selectors[0];
    step made;
    made.any = by.is == kind::wildcard;
    made.is_name = by.is == kind::name;
    made.name = by.name;
    if (by.is == kind::filter) fail_path(path, "it has a filter");
    if (by.is == kind::index || by.is == kind::slice) {
        const std::int64_t first = by.start.value_or(0);
        if (first < 0 || by.end.value_or(0) < 0) fail_path(path, "it counts from the end");
        if (by.step <= 0) fail_path(path, "a slice does not go forwards");
        made.first = static_cast<std::size_t>(first);
        if (by.is == kind::index) made.last = made.first + 1;
        if (by.end) made.last = static_cast<std::size_t>(*by.end);
        made.stride = static_cast<std::size_t>(by.step);
    }
    return made;
}

std::vector<step> steps_of(std::string_view path)
{
    std::vector<step> steps;
    for (const auto& segment : jsonpath::detail::parse_query(path).segments) {
        steps.push_back(step_of(segment, path));
    }
    return steps;
}

}  // namespace

/// Reads the document token by token down to the elements, whose extent only is looked for.
struct detail::element_scanner {
    element_scanner(std::string_view path, stream_options with)
        : steps{steps_of(path)}, options{std::move(with)}
    {
    }

    std::vector<step> steps;
    stream_options options;
    input_window window;
    std::size_t taken = 0;  // bytes of the rest that the last element occupies

    /// \returns the next element's text.
    std::optional<std::string_view> next()
    {
        window.consume(std::exchange(taken, 0));
        if (at_start && !skip_mark()) return std::nullopt;
        for (;;) {
            skip_space();
            if (now == state::end) {
                if (!window.empty()) fail("Extra data");
                return std::nullopt;
            }
            if (window.empty()) {
                if (window.finished()) fail(expected());
                return std::nullopt;
            }
            const auto outcome = take();
            if (outcome == progress::starved) return std::nullopt;
            if (outcome == progress::element) return window.rest().substr(0, taken);
        }
    }
    bool complete() const noexcept { return now == state::end; }

private:
    enum class state : std::uint8_t { value, first, key, colon, next, end };
    enum class progress : std::uint8_t { made, starved, element };

    struct level {
        bool object;
        bool matches;  // the way here is the beginning of the path
        std::size_t index = 0;
        bool child_matches = false;
    };

    const char* expected() const noexcept
    {
        switch (now) {
            case state::key: return "Expecting property name enclosed in double quotes";
            case state::colon: return "Expecting ':' delimiter";
            case state::next: return "Expecting ',' delimiter";
            case state::first:
                return levels.back().object ? "Expecting property name enclosed in double quotes"
                                            : "Expecting value";
            default: return "Expecting value";
        }
    }
    [[noreturn]] void fail(const char* message) const
    {
        throw parse_error{errc::malformed, message, window.position()};
    }
    char peek() const noexcept { return window.rest()[0]; }

    void skip_space() noexcept
    {
        const std::string_view rest = window.rest();
        window.consume(std::min(rest.find_first_not_of(white), rest.size()));
    }

    /// \returns false if it may still come.
    bool skip_mark() noexcept
    {
        const std::string_view rest = window.rest();
        if (!window.finished() && rest != mark && mark.starts_with(rest)) return false;
        if (rest.starts_with(mark)) window.consume(mark.size());
        at_start = false;
        return true;
    }

    progress take()
    {
        switch (now) {
            case state::first:
                if (peek() == (levels.back().object ? '}' : ']')) return close();
                return levels.back().object ? take_key() : take_value();
            case state::key: return take_key();
            case state::colon: return take_colon();
            case state::next: return take_next();
            default: return take_value();
        }
    }

    progress take_key()
    {
        if (peek() != '"') fail("Expecting property name enclosed in double quotes");
        const auto text = token();
        if (!text) return progress::starved;
        const value name = parsed(*text);
        level& here = levels.back();
        here.child_matches =
            here.matches && steps[levels.size() - 1].takes(name.as<std::string_view>());
        consume_token(*text);
        now = state::colon;
        return progress::made;
    }

    progress take_colon()
    {
        if (peek() != ':') fail("Expecting ':' delimiter");
        window.consume(1);
        now = state::value;
        return progress::made;
    }

    progress take_next()
    {
        if (peek() == (levels.back().object ? '}' : ']')) return close();
        if (peek() != ',') fail("Expecting ',' delimiter");
        window.consume(1);
        now = levels.back().object ? state::key : state::value;
        return progress::made;
    }

    bool matches() noexcept
    {
        if (levels.empty()) return true;
        level& here = levels.back();
        if (here.object) return here.child_matches;
        return here.matches && steps[levels.size() - 1].takes(here.index++);
    }

    progress take_value()
    {
        if (!value_matches) value_matches = matches();
        const bool is_element = *value_matches && levels.size() == steps.size();
        const bool container = peek() == '[' || peek() == '{';
        if (container && !is_element) {
            open(*value_matches);
            return progress::made;
        }
        const auto text = token();
        if (!text) return progress::starved;
        value_matches.reset();
        now = levels.empty() ? state::end : state::next;
        if (may_be_cut(*text)) {
            consume_token(*text);
            fail(expected());
        }
        if (is_element) {
            value_end.reset();
            taken = text->size();
            return progress::element;
        }
        parsed(*text);
        consume_token(*text);
        return progress::made;
    }

    /// A number or a word inside a container, at the end of the input.
    bool may_be_cut(std::string_view text) const noexcept
    {
        const bool shows_its_end = text[0] == '"' || text[0] == '[' || text[0] == '{';
        return !shows_its_end && !levels.empty() && window.finished() &&
               text.size() == window.rest().size();
    }

    void open(bool matching)
    {
        if (levels.size() == options.parse_.max_depth_) {
            limit_error e{"max_depth", options.parse_.max_depth_};
            e.add_position(window.position());
            throw e;
        }
        value_matches.reset();
        levels.push_back({.object = peek() == '{', .matches = matching});
        window.consume(1);
        now = state::first;
    }

    progress close()
    {
        window.consume(1);
        levels.pop_back();
        now = levels.empty() ? state::end : state::next;
        return progress::made;
    }

    /// A value's text, when all of it is there.
    std::optional<std::string_view> token()
    {
        const std::string_view rest = window.rest();
        const std::size_t end = value_end.end(rest, window.finished());
        if (end == extent::unknown ? rest.size() > options.max_element_bytes_
                                   : end > options.max_element_bytes_) {
            limit_error e{"max_element_bytes", options.max_element_bytes_};
            e.add_position(window.position());
            throw e;
        }
        if (end == extent::unknown) return std::nullopt;
        return rest.substr(0, end);
    }
    void consume_token(std::string_view text)
    {
        value_end.reset();
        window.consume(text.size());
    }
    value parsed(std::string_view text) const
    {
        try {
            return json::parse(text, options.parse_);
        } catch (const parse_error& e) {
            window.rethrow(e);
        }
    }

    extent value_end;
    std::vector<level> levels;
    std::optional<bool> value_matches;  // asked once for each value, however it arrives
    state now = state::value;
    bool at_start = true;
};

element_reader::element_reader(std::string_view path, stream_options options)
    : options_{std::move(options)},
      scanner_{std::make_unique<detail::element_scanner>(path, options_)}
{
}
element_reader::element_reader(element_reader&&) noexcept = default;
element_reader& element_reader::operator=(element_reader&&) noexcept = default;
element_reader::~element_reader() = default;

void element_reader::feed(std::string_view bytes)
{
    scanner_->window.consume(std::exchange(scanner_->taken, 0));
    scanner_->window.feed(bytes);
}

void element_reader::finish() noexcept
{
    scanner_->window.finish();
}

bool element_reader::at_end() const noexcept
{
    return scanner_->window.finished() && scanner_->complete() &&
           scanner_->window.rest().size() == scanner_->taken;
}

std::optional<std::string_view> element_reader::next_text()
{
    return scanner_->next();
}

void element_reader::rethrow() const
{
    try {
        throw;
    } catch (const parse_error& e) {
        scanner_->window.rethrow(e);
    } catch (error& e) {
        e.add_context("line " + std::to_string(scanner_->window.position().line));
        throw;
    }
}

}  // namespace ferry::json
