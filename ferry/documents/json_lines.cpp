#include "ferry/documents/json_lines.hpp"

#include "ferry/documents/detail/json_window.hpp"

#include <algorithm>
#include <istream>
#include <utility>

namespace ferry::json {
namespace {

constexpr char record_separator = '\x1e';
constexpr std::string_view white = " \t\r\n";

/// What is wrong with a record of RFC 7464 that is not JSON's business.
const char* problem_of_record(std::string_view text, std::size_t begins) noexcept
{
    if (begins == 0) return "Expecting a record separator";
    // A number or a word that is cut off looks like another one: only white space behind it shows
    // that it is whole. Section 2.4.
    const char first = text[text.find_first_not_of(white)];
    const bool shows_its_end = first == '"' || first == '[' || first == '{';
    if (shows_its_end || white.find(text.back()) != std::string_view::npos) return nullptr;
    return "Truncated record";
}

}  // namespace

/// Cuts the input into documents.
struct detail::framer {
    input_window window;
    std::size_t taken = 0;     // bytes of the rest that the last document occupies
    std::size_t begins = 0;    // where in them it begins
    std::size_t searched = 0;  // bytes of the rest in which no end was found
    std::size_t bad = 0;
    bool discarding = false;  // the rest of a document that is too long
    bool ended = false;       // a bad one among concatenated documents: no place to go on from
    extent value_end;

    std::optional<std::string_view> next(const lines_options& options)
    {
        window.consume(std::exchange(taken, 0));
        while (!ended) {
            const auto found = options.framing_ == framing::lines      ? next_line(options)
                               : options.framing_ == framing::sequence ? next_record()
                                                                       : next_value();
            const std::size_t length = found ? found->size() : unframed_size(options);
            if (length > options.max_line_bytes_) {
                give_up(options, found.has_value());
                if (!found) return std::nullopt;
                continue;
            }
            if (!found) return std::nullopt;
            if (discarding) {
                // The end of the document that was too long.
                discarding = false;
                window.consume(std::exchange(taken, 0));
                continue;
            }
            return found;
        }
        return std::nullopt;
    }

private:
    std::optional<std::string_view> take(std::size_t from, std::size_t to, std::size_t end)
    {
        begins = from;
        taken = end;
        searched = 0;
        return window.rest().substr(from, to - from);
    }

    /// Too long: forgets what there is of it.
    void give_up(const lines_options& options, bool complete)
    {
        limit_error e{"max_line_bytes", options.max_line_bytes_};
        const bool reported = discarding || options.skip_bad_;
        if (!discarding) ++bad;
        if (!reported) e.add_position(window.position());
        if (!complete) taken = window.rest().size();
        window.consume(std::exchange(taken, 0));
        searched = 0;
        discarding = !complete;
        ended = options.framing_ == framing::concatenated;
        if (!reported) throw e;
    }

    /// What there is of a document whose end has not come.
    std::size_t unframed_size(const lines_options& options) const noexcept
    {
        const std::string_view rest = window.rest();
        const bool marked =
            options.framing_ == framing::sequence && rest.starts_with(record_separator);
        return rest.size() - (marked ? 1 : 0);
    }

    std::optional<std::string_view> next_line(const lines_options& options)
    {
        for (;;) {
            const std::string_view rest = window.rest();
            std::size_t end = rest.find('\n', searched);
            if (end == std::string_view::npos) {
                searched = rest.size();
                if (!window.finished() || rest.empty()) return std::nullopt;
                end = rest.size();
            }
            const std::size_t next = std::min(end + 1, rest.size());
            const bool too_long = discarding || end > options.max_line_bytes_;
            if (too_long || rest.substr(0, end).find_first_not_of(white) < end) {
                return take(0, end, next);
            }
            window.consume(next);
            searched = 0;
        }
    }

    std::optional<std::string_view> next_value()
    {
        if (searched == 0) {
            const std::string_view rest = window.rest();
            window.consume(std::min(rest.find_first_not_of(white), rest.size()));
        }
        const std::string_view rest = window.rest();
        const std::size_t end =
            rest.empty() ? extent::unknown : value_end.end(rest, window.finished());
        if (end == extent::unknown) {
            searched = rest.size();
            return std::nullopt;
        }
        value_end.reset();
        return take(0, end, end);
    }

    std::optional<std::string_view> next_record()
    {
        for (;;) {
            const std::string_view rest = window.rest();
            const std::size_t start = rest.starts_with(record_separator) ? 1 : 0;
            std::size_t end = rest.find(record_separator, std::max(searched, start));
            if (end == std::string_view::npos) {
                searched = rest.size();
                if (!window.finished() || rest.empty()) return std::nullopt;
                end = rest.size();
            }
            // Separators in a row count as one.
            if (discarding || rest.substr(start, end - start).find_first_not_of(white) < end) {
                return take(start, end, end);
            }
            window.consume(end);
            searched = 0;
        }
    }
};

document_reader::document_reader(lines_options options)
    : options_{std::move(options)}, framer_{std::make_unique<detail::framer>()}
{
}

document_reader::document_reader(std::string_view whole, lines_options options)
    : document_reader{std::move(options)}
{
    framer_->window = detail::input_window{whole};
}

document_reader::document_reader(document_reader&&) noexcept = default;
document_reader& document_reader::operator=(document_reader&&) noexcept = default;
document_reader::~document_reader() = default;

void document_reader::feed(std::string_view bytes)
{
    framer_->window.consume(std::exchange(framer_->taken, 0));
    framer_->window.feed(bytes);
}

void document_reader::finish() noexcept
{
    framer_->window.finish();
}

bool document_reader::at_end() const noexcept
{
    return framer_->ended ||
           (framer_->window.finished() && framer_->window.rest().size() == framer_->taken);
}

std::size_t document_reader::bad() const noexcept
{
    return framer_->bad;
}

std::optional<std::string_view> document_reader::next_text()
{
    for (;;) {
        const auto text = framer_->next(options_);
        if (!text || options_.framing_ != framing::sequence) return text;
        const char* const problem = problem_of_record(*text, framer_->begins);
        if (problem == nullptr) return text;
        if (!skips()) {
            throw parse_error{errc::malformed, problem, framer_->window.position()};
        }
    }
}

bool document_reader::skips()
{
    if (!options_.skip_bad_) return false;
    ++framer_->bad;
    framer_->ended = options_.framing_ == framing::concatenated;
    return true;
}

void document_reader::rethrow() const
{
    try {
        throw;
    } catch (const parse_error& e) {
        framer_->window.rethrow(e, framer_->begins);
    } catch (error& e) {
        const std::size_t line = framer_->window.position(framer_->begins).line;
        e.add_context("line " + std::to_string(line));
        throw;
    }
}

source detail::source_of(std::istream& in)
{
    return [&in](std::span<char> into) -> std::size_t {
        if (in.eof()) return 0;
        in.read(into.data(), static_cast<std::streamsize>(into.size()));
        if (in.bad() || (in.fail() && !in.eof())) {
            throw error{std::make_error_code(std::errc::io_error), "json: read failed"};
        }
        return static_cast<std::size_t>(in.gcount());
    };
}

void lines_writer::write_text(std::string_view document)
{
    std::string line;
    line.reserve(document.size() + 2);
    if (framing_ == framing::sequence) line += record_separator;
    line += document;
    line += '\n';
    sink_(line);
}

}  // namespace ferry::json
