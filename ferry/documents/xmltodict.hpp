#pragma once

#include "ferry/core/value.hpp"
#include "ferry/documents/xml.hpp"

#include <concepts>
#include <functional>
#include <iosfwd>

/// \file
/// XML as a dictionary, in the form of Python's xmltodict.
///
///     value doc = xmltodict::parse("<order id='7'><item>pen</item><item>ink</item></order>");
///     doc["order"]["@id"]         // "7"
///     doc["order"]["item"][1]     // "ink"
///     std::string text = xmltodict::unparse(doc, xmltodict::unparse_options().pretty(true));
namespace ferry::xmltodict {

/// One open element, as callbacks see it: its name, and its attributes without prefix or null.
struct path_item {
    std::string name;
    value attributes;
};
using path = std::span<const path_item>;

/// The item callback returned false.
class parsing_interrupted : public error {
public:
    parsing_interrupted();
};

/// Renames and converts: gets the path, the key and the value, returns both, or nothing to drop
/// them.
using postprocessor =
    std::function<std::optional<std::pair<std::string, value>>(path, std::string, value)>;
/// Decides for one key.
using decision = std::function<bool(path, std::string_view, const value&)>;
/// Gets each item at the item depth; false ends the parse.
using item_callback = std::function<bool(path, const value&)>;

/// What becomes of the order of children with different names, which a dictionary does not keep.
/// Both forms keep the text between children too, and unparse() writes them in order.
enum class order : std::uint8_t {
    forget,  ///< xmltodict's own form
    /// An additional `"#order": ["b", {"#text": "x"}, "c", "b"]` in elements with several children;
    /// text that is white space alone is left out of it if strip_whitespace() is on.
    keys,
    /// `"#mixed": [{"b": ...}, "x", {"c": ...}]` in place of the children and the text: nothing is
    /// lost, unparse() writes exactly what was read.
    mixed,
};

/// Which peculiarities are followed.
enum class compat : std::uint8_t {
    current,
    /// xmltodict 0.13: an item of the item callback loses its attributes and its text if it has
    /// children; entities are dropped silently. unparse() writes the attributes true and null as
    /// `True` and `None`.
    v0_13,
};

class parse_options {
public:
    parse_options() = default;

    parse_options& attr_prefix(std::string text) { return set(attr_prefix_, std::move(text)); }
    parse_options& cdata_key(std::string text) { return set(cdata_key_, std::move(text)); }
    parse_options& cdata_separator(std::string text)
    {
        return set(cdata_separator_, std::move(text));
    }
    parse_options& comment_key(std::string text) { return set(comment_key_, std::move(text)); }
    parse_options& xml_attribs(bool on) { return set(xml_attribs_, on); }
    parse_options& strip_whitespace(bool on) { return set(strip_whitespace_, on); }
    parse_options& process_comments(bool on) { return set(process_comments_, on); }
    /// Names become `uri:local`.
    parse_options& process_namespaces(bool on) { return set(process_namespaces_, on); }
    parse_options& namespace_separator(std::string text)
    {
        return set(namespace_separator_, std::move(text));
    }
    /// Short names for URIs; empty: the name alone (Python's None).
    parse_options& namespaces(std::map<std::string, std::string, std::less<>> short_names)
    {
        return set(namespaces_, std::optional(std::move(short_names)));
    }
    /// Text always under the cdata key: in every element, in those, or where the callable says.
    template <std::same_as<bool> T>
    parse_options& force_cdata(T on)
    {
        return set(force_cdata_, on ? always() : decision());
    }
    parse_options& force_cdata(std::vector<std::string> names);
    parse_options& force_cdata(decision decide) { return set(force_cdata_, std::move(decide)); }
    /// Lists even for single elements: everywhere, for those names, or where the callable says.
    template <std::same_as<bool> T>
    parse_options& force_list(T on)
    {
        return set(force_list_, on ? always() : decision());
    }
    parse_options& force_list(std::vector<std::string> names);
    parse_options& force_list(decision decide) { return set(force_list_, std::move(decide)); }
    parse_options& postprocess(postprocessor call) { return set(postprocess_, std::move(call)); }
    /// Hands out the elements of that depth (the root is 1) and keeps nothing: parse() gives null.
    parse_options& items(std::size_t depth, item_callback call)
    {
        item_depth_ = depth;
        return set(item_callback_, std::move(call));
    }
    /// Default: true, a document that declares entities is refused. False: internal ones are
    /// expanded within the limits of xml::options, external ones are errors.
    parse_options& disable_entities(bool on) { return set(disable_entities_, on); }
    parse_options& keep_order(xmltodict::order how) { return set(order_, how); }
    parse_options& compat(xmltodict::compat with) { return set(compat_, with); }
    /// The limits, and nothing else of them.
    parse_options& limits(const xml::options& with) { return set(limits_, with); }

private:
    friend class dictionary;
    friend class quick_dictionary;
    friend xml::options reader_options(const parse_options& with);

    static decision always();

    template <class T, class V>
    parse_options& set(T& member, V&& to)
    {
        member = std::forward<V>(to);
        return *this;
    }

    std::string attr_prefix_ = "@";
    std::string cdata_key_ = "#text";
    std::string cdata_separator_;
    std::string comment_key_ = "#comment";
    std::string namespace_separator_ = ":";
    std::optional<std::map<std::string, std::string, std::less<>>> namespaces_;
    bool xml_attribs_ = true;
    bool strip_whitespace_ = true;
    bool process_comments_ = false;
    bool process_namespaces_ = false;
    bool disable_entities_ = true;
    decision force_cdata_;
    decision force_list_;
    postprocessor postprocess_;
    item_callback item_callback_;
    std::size_t item_depth_ = 0;
    xmltodict::order order_ = xmltodict::order::forget;
    xmltodict::compat compat_ = xmltodict::compat::current;
    xml::options limits_;
};

/// Parses a text. As `xmltodict.parse(text)`.
/// \throws xml::parse_error  it is not well-formed. \throws limit_error  as xml::parse().
/// \throws parsing_interrupted  the item callback returned false.
value parse(std::string_view text, const parse_options& with = parse_options());
/// \param encoding  overrides what the document says.
value parse(std::span<const std::byte> bytes, std::string_view encoding = {},
            const parse_options& with = parse_options());
/// Reads in pieces; with parse_options::items() in constant memory.
value parse(std::istream& source, const parse_options& with = parse_options());

/// Renames and converts before writing: returns both, or nothing to drop them.
using preprocessor =
    std::function<std::optional<std::pair<std::string, value>>(const std::string&, const value&)>;

class unparse_options {
public:
    unparse_options() = default;

    unparse_options& attr_prefix(std::string text) { return set(attr_prefix_, std::move(text)); }
    unparse_options& cdata_key(std::string text) { return set(cdata_key_, std::move(text)); }
    unparse_options& comment_key(std::string text) { return set(comment_key_, std::move(text)); }
    unparse_options& pretty(bool on) { return set(pretty_, on); }
    unparse_options& indent(std::string text) { return set(indent_, std::move(text)); }
    unparse_options& newl(std::string text) { return set(newl_, std::move(text)); }
    /// Without, there is no declaration, and any number of roots.
    unparse_options& full_document(bool on) { return set(full_document_, on); }
    unparse_options& short_empty_elements(bool on) { return set(short_empty_, on); }
    /// The name in the declaration; `us-ascii` and `iso-8859-1` write what they lack as references,
    /// `utf-8` is the default.
    unparse_options& encoding(std::string name) { return set(encoding_, std::move(name)); }
    /// Names `uri:local` become `short:local`; those of URIs that are not listed `local`.
    unparse_options& namespaces(std::map<std::string, std::string, std::less<>> short_names)
    {
        return set(namespaces_, std::move(short_names));
    }
    unparse_options& namespace_separator(std::string text)
    {
        return set(namespace_separator_, std::move(text));
    }
    unparse_options& preprocess(preprocessor call) { return set(preprocess_, std::move(call)); }
    unparse_options& compat(xmltodict::compat with) { return set(compat_, with); }
    /// A list in a list becomes children of that name.
    unparse_options& expand_iter(std::string name) { return set(expand_iter_, std::move(name)); }

private:
    friend class unparser;

    template <class T, class V>
    unparse_options& set(T& member, V&& to)
    {
        member = std::forward<V>(to);
        return *this;
    }

    std::string attr_prefix_ = "@";
    std::string cdata_key_ = "#text";
    std::string comment_key_ = "#comment";
    std::string indent_ = "\t";
    std::string newl_ = "\n";
    std::string encoding_ = "utf-8";
    std::string namespace_separator_ = ":";
    std::string expand_iter_;
    std::map<std::string, std::string, std::less<>> namespaces_;
    preprocessor preprocess_;
    xmltodict::compat compat_ = xmltodict::compat::current;
    bool pretty_ = false;
    bool full_document_ = true;
    bool short_empty_ = false;
};

/// Writes what parse() read. As `xmltodict.unparse(doc)`.
/// \throws type_error  the value is no object, or has a list in a list.
/// \throws error       no or several roots in a full document; a key that is no name of XML; a
///                     comment with `--`; a character that XML does not allow.
/// \throws limit_error `max_depth`: more than 10,000 levels.
std::string unparse(const value& document, const unparse_options& with = unparse_options());

}  // namespace ferry::xmltodict
