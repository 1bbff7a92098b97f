#include "ferry/documents/json_writer.hpp"

#include <ostream>
#include <tuple>
#include <utility>

namespace ferry::json {
namespace {

[[noreturn]] void fail(const char* message)
{
    throw error{errc::invalid_state, std::string{"json::writer: "} + message};
}

void write_to(std::ostream& to, std::string_view piece)
{
    to.write(piece.data(), static_cast<std::streamsize>(piece.size()));
    if (!to) throw error{std::make_error_code(std::errc::io_error), "json::writer: write failed"};
}

}  // namespace

writer::writer(sink to, dump_options options)
    : sink_{std::move(to)},
      options_{std::move(options)},
      comma_{options_.spaces_ && !options_.indent_ ? ", " : ","},
      colon_{options_.spaces_ || options_.indent_ ? ": " : ":"}
{
    if (options_.separators_) std::tie(comma_, colon_) = *options_.separators_;
}

writer::writer(std::ostream& to, dump_options options)
    : writer{[&to](std::string_view piece) { write_to(to, piece); }, std::move(options)}
{
}

writer& writer::key(std::string_view name)
{
    if (open_.empty() || !open_.back().object || has_key_) fail("a key where none can be");
    const std::string text = dump(ferry::value{name}, options_);
    start_element();
    pending_ += text + colon_;
    has_key_ = true;
    return *this;
}

writer& writer::open(char bracket)
{
    check_value();
    if (open_.size() >= options_.max_depth_) throw limit_error{"max_depth", options_.max_depth_};
    if (!has_key_) start_element();
    has_key_ = false;
    pending_ += bracket;
    open_.push_back({bracket == '{', true});
    return *this;
}

writer& writer::close(char bracket)
{
    if (open_.empty() || open_.back().object != (bracket == '}') || has_key_) {
        fail("nothing to end");
    }
    const bool empty = open_.back().empty;
    open_.pop_back();
    if (!empty) put_line();
    pending_ += bracket;
    end_value();
    return *this;
}

writer& writer::put(const ferry::value& v)
{
    check_value();
    const std::string text = detail::dump_at(v, options_, open_.size());
    if (!has_key_) start_element();
    has_key_ = false;
    pending_ += text;
    end_value();
    return *this;
}

void writer::finish()
{
    if (!done_) fail("the document is not complete");
    if (!pending_.empty()) sink_(pending_);
    pending_.clear();
}

void writer::check_value() const
{
    if (done_) fail("the document is complete");
    if (!open_.empty() && open_.back().object && !has_key_) fail("a value without a key");
}

/// The comma and the line break in front of an element or a key.
void writer::start_element()
{
    if (open_.empty()) return;
    if (!open_.back().empty) pending_ += comma_;
    open_.back().empty = false;
    put_line();
}

void writer::put_line()
{
    if (!options_.indent_) return;
    pending_ += '\n';
    for (std::size_t i = 0; i < open_.size(); ++i) pending_ += *options_.indent_;
}

void writer::end_value()
{
    done_ = open_.empty();
    if (pending_.size() < piece_bytes) return;
    sink_(pending_);
    pending_.clear();
}

}  // namespace ferry::json
