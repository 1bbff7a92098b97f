#pragma once

#include "ferry/documents/xml.hpp"

#include <filesystem>
#include <functional>
#include <iosfwd>

/// \file
/// XML that is larger than memory, or that arrives in pieces.
///
///     std::ifstream file("dump.xml", std::ios::binary);
///     xml::stream pages(file, "page");
///     while (auto page = pages.next()) store(page->root().findtext("title"));
///
/// All three ways use memory for what is open and for what they hand out, whatever the length.
/// options::max_bytes() does not apply; the other limits do.
namespace ferry::xml {

/// Gets the events of a document in order. Views are valid during the call. As
/// xml.sax.ContentHandler.
class handler {
public:
    handler() = default;
    handler(const handler&) = delete;
    handler& operator=(const handler&) = delete;
    virtual ~handler() = default;

    virtual void start_element(const name& /*element*/, std::span<const attribute> /*attributes*/)
    {
    }
    virtual void end_element(const name& /*element*/) {}
    /// One text may come in several pieces.
    virtual void characters(std::string_view /*text*/) {}
    virtual void comment(std::string_view /*text*/) {}
    virtual void processing_instruction(std::string_view /*target*/, std::string_view /*data*/) {}
    /// A declaration of a namespace, before the element it is on; the prefix is empty for the
    /// default one.
    virtual void start_prefix_mapping(std::string_view /*prefix*/, std::string_view /*uri*/) {}
    /// After the end of the element, innermost first.
    virtual void end_prefix_mapping(std::string_view /*prefix*/) {}
};

/// Parses what it is fed, in pieces of any size. As XMLPullParser.feed(), xml.sax's
/// IncrementalParser.
///
/// After an exception, the parser's or the handler's own, only destruction is allowed.
class push_parser {
public:
    /// \param charset  what the transport says about the encoding.
    explicit push_parser(handler& to, const options& with = options(), std::string charset = {});
    push_parser(push_parser&&) noexcept;
    push_parser& operator=(push_parser&&) noexcept;
    ~push_parser();

    /// \throws parse_error, limit_error  as xml::parse().
    void feed(std::span<const std::byte> bytes);
    void feed(std::string_view bytes);
    /// Ends the document. \throws parse_error  it is not complete.
    void close();

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

/// Where a stream reads: fills the span, returns how many bytes, 0 at the end.
using byte_source = std::function<std::size_t(std::span<std::byte>)>;

/// Which events xml::events gives.
enum class event_kind : std::uint8_t { start, end, comment, instruction, start_ns, end_ns };

/// One event of a document.
struct event {
    event_kind kind = event_kind::start;
    std::string tag;  ///< `{uri}local`; an instruction's target; the prefix of a namespace
    std::string
        text;  ///< end: the element's own text; comment, instruction: the data; start_ns: uri
    std::vector<std::pair<std::string, std::string>> attributes;  ///< start: names as tag
    std::size_t depth = 0;                                        ///< elements around
};

/// The elements of one name, each with all that is below it, in the order of their ends. As
/// iterparse(source, tag=...) with elem.clear(), but nothing has to be cleared.
///
/// Of matching elements inside each other only the outermost is given: the others are in it.
class stream {
public:
    /// \param tag  `local`, `{uri}local` or `{*}local`. The source must outlive the stream.
    stream(std::istream& source, std::string tag, const options& with = options());
    stream(byte_source source, std::string tag, const options& with = options());
    /// \throws error  the file cannot be read.
    stream(const std::filesystem::path& file, std::string tag, const options& with = options());
    stream(stream&&) noexcept;
    stream& operator=(stream&&) noexcept;
    ~stream();

    /// The next element as the root of a document of its own, with the namespaces in scope; nothing
    /// at the end.
    /// \throws parse_error, limit_error  as xml::parse(). What was complete before is given first.
    std::optional<document> next();

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

/// The events of a document, one after another. As iterparse(events=...), XMLPullParser.
class events {
public:
    explicit events(std::istream& source, const options& with = options());
    explicit events(byte_source source, const options& with = options());
    events(events&&) noexcept;
    events& operator=(events&&) noexcept;
    ~events();

    /// \throws parse_error, limit_error  as xml::parse().
    std::optional<event> next();

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace ferry::xml
