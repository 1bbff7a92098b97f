#include "ferry/core/utf8.hpp"
#include "ferry/documents/detail/xml_chars.hpp"
#include "ferry/documents/xmltodict.hpp"

#include <algorithm>

namespace ferry::xmltodict {

namespace {

constexpr std::size_t max_depth = 10'000;

[[noreturn]] void refuse(std::string message)
{
    throw error(errc::malformed, std::move(message));
}

void check_name(std::string_view name, const char* what)
{
    if (!xml::detail::is_name(name))
        refuse(std::string("'") + std::string(name) + "' is no name of an " + what);
}

/// xml.sax.saxutils.escape()
void append_escaped(std::string& out, std::string_view text)
{
    if (xml::detail::find_bad_char(text) != std::string_view::npos)
        refuse("a character that XML does not allow");
    for (const char c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            default: out += c; break;
        }
    }
}

/// xml.sax.saxutils.quoteattr()
void append_quoted(std::string& out, std::string_view text)
{
    std::string escaped;
    append_escaped(escaped, text);
    const bool has_double = escaped.find('"') != std::string::npos;
    const bool use_single = has_double && escaped.find('\'') == std::string::npos;
    const char quote = use_single ? '\'' : '"';
    out += quote;
    for (const char c : escaped) {
        switch (c) {
            case '\n': out += "&#10;"; break;
            case '\r': out += "&#13;"; break;
            case '\t': out += "&#9;"; break;
            case '"': out += use_single ? "\"" : "&quot;"; break;
            default: out += c; break;
        }
    }
    out += quote;
}

std::string text_of(const value& v)
{
    if (v.is_null()) return {};
    if (v.is_boolean()) return v.as<bool>() ? "true" : "false";
    return v.to<std::string>();
}

}  // namespace

/// Writes one value. A stack of its own instead of recursion.
class unparser {
public:
    explicit unparser(const unparse_options& with) : with_(with) {}

    std::string write(const value& document)
    {
        if (!document.is_object())
            throw type_error("$", "object", document.is_array() ? "array" : "scalar");
        if (with_.full_document_) {
            if (document.size() != 1) refuse("a document has exactly one root");
            out_ += "<?xml version=\"1.0\" encoding=\"" + with_.encoding_ + "\"?>\n";
        }
        for (const auto& [key, v] : document.items()) {
            begin(std::string(key), v);
            while (!stack_.empty()) step();
        }
        return encoded();
    }

private:
    struct child {
        std::string key;
        const value* item;
        bool is_text = false;
    };

    struct frame {
        std::string key;
        value owned;  // what a preprocessor made
        const value* item = nullptr;
        std::size_t index = 0;  // of the value, if item is a list
        std::size_t count = 1;
        bool is_open = false;
        bool is_pretty = false;  // stands on lines of its own
        bool formats = false;    // and so do its children
        std::vector<child> children;
        std::size_t next = 0;
        const value* text = nullptr;
        value made;  // what an element is written from, if not from the item
    };

    void begin(std::string key, const value& v)
    {
        if (stack_.size() >= max_depth) throw limit_error("max_depth", max_depth);
        frame made;
        made.key = renamed(std::move(key));
        made.item = &v;
        if (with_.preprocess_) {
            auto changed = with_.preprocess_(made.key, v);
            if (!changed) return;
            made.key = std::move(changed->first);
            made.owned = std::move(changed->second);
            made.item = nullptr;
        }
        made.is_pretty = with_.pretty_ && (stack_.empty() || stack_.back()->formats);
        stack_.push_back(std::make_unique<frame>(std::move(made)));
        frame& f = *stack_.back();
        if (f.item == nullptr) f.item = &f.owned;
        if (f.key == with_.comment_key_) {
            comments(f);
            stack_.pop_back();
            return;
        }
        check_name(f.key, "element");
        if (f.item->is_sequence()) f.count = f.item->size();
    }

    void step()
    {
        frame& f = *stack_.back();
        if (!f.is_open) {
            if (f.index == f.count)
                stack_.pop_back();
            else
                start(f);
            return;
        }
        if (f.next < f.children.size()) {
            const child& c = f.children[f.next++];
            if (c.is_text)
                text(c.item->as<std::string_view>());
            else
                begin(c.key, *c.item);
            return;
        }
        end(f);
    }

    std::size_t depth() const noexcept { return stack_.size() - 1; }

    void start(frame& f)
    {
        if (with_.full_document_ && depth() == 0 && f.index > 0)
            refuse("a document has exactly one root");
        const value* v = f.item->is_sequence() ? f.item->begin() + f.index : f.item;
        if (v->is_sequence()) {
            if (with_.expand_iter_.empty())
                throw type_error(f.key, "text, number or object", "a list in a list");
            f.made = value::object(with_.expand_iter_, *v);
            v = &f.made;
        }
        f.children.clear();
        f.next = 0;
        f.text = nullptr;
        f.is_open = true;
        f.formats = f.is_pretty;
        std::vector<std::pair<std::string, std::string>> attributes;
        if (v->is_object())
            sort_out(f, *v, attributes);
        else if (!v->is_null())
            f.text = v;
        indent(f.is_pretty);
        close_tag();
        out_ += '<' + f.key;
        for (const auto& [name, text] : attributes) {
            out_ += ' ' + name + '=';
            append_quoted(out_, text);
        }
        if (with_.short_empty_)
            is_pending_ = true;
        else
            out_ += '>';
        if (f.formats && !f.children.empty()) white(with_.newl_);
    }

    void end(frame& f)
    {
        if (f.text != nullptr) text(text_of(*f.text));
        if (!f.children.empty()) indent(f.formats);
        if (is_pending_) {
            out_ += "/>";
            is_pending_ = false;
        } else {
            out_ += "</" + f.key + '>';
        }
        if (f.is_pretty && depth() > 0) white(with_.newl_);
        f.is_open = false;
        ++f.index;
    }

    /// Divides an object into attributes, children and text.
    void sort_out(frame& f, const value& v,
                  std::vector<std::pair<std::string, std::string>>& attributes)
    {
        const std::string& prefix = with_.attr_prefix_;
        const value* const order = v.get_if("#order");
        const value* const mixed = v.get_if("#mixed");
        const bool is_ordered = order != nullptr && order->is_array();
        const bool is_mixed = mixed != nullptr && mixed->is_array();
        for (const auto& [key, item] : v.items()) {
            if (key == with_.cdata_key_) {
                if (!is_ordered && !is_mixed) f.text = &item;
            } else if (key.starts_with(prefix) && !(prefix.empty() && !is_scalar(item))) {
                attribute(renamed(std::string(key)), item, attributes);
            } else if (!is_ordered && !is_mixed) {
                f.children.push_back({std::string(key), &item});
            }
        }
        if (is_mixed) {
            for (const value& part : std::as_const(*mixed)) {
                if (part.is_object()) {
                    for (const auto& [key, item] : part.items())
                        f.children.push_back({std::string(key), &item});
                } else {
                    f.children.push_back({"", &part, true});
                }
            }
            f.formats = false;
        } else if (is_ordered) {
            in_order(f, v, *order);
        }
    }

    static bool is_scalar(const value& v) noexcept { return !v.is_object() && !v.is_sequence(); }

    /// Puts the children in the order of `#order`; those that it does not name come last.
    void in_order(frame& f, const value& v, const value& order)
    {
        std::map<std::string_view, std::size_t> used;
        for (const value& part : order) {
            if (part.is_object()) {
                if (const value* piece = part.get_if("#text")) {
                    f.children.push_back({"", piece, true});
                    f.formats = false;
                }
                continue;
            }
            const std::string_view key = part.as<std::string_view>();
            const value* item = v.get_if(key);
            if (item == nullptr) continue;
            const std::size_t n = used[key]++;
            if (item->is_sequence()) {
                if (n >= item->size()) continue;
                item = item->begin() + n;
            } else if (n > 0) {
                continue;
            }
            f.children.push_back({std::string(key), item});
        }
        for (const auto& [key, item] : v.items()) {
            if (key == "#order" || key == with_.cdata_key_ || key.starts_with(with_.attr_prefix_))
                continue;
            const std::size_t n = used.contains(key) ? used[key] : 0;
            if (!item.is_sequence()) {
                if (n == 0) f.children.push_back({std::string(key), &item});
                continue;
            }
            for (std::size_t i = n; i < item.size(); ++i)
                f.children.push_back({std::string(key), item.begin() + i});
        }
    }

    std::string attribute_text(const value& item) const
    {
        const bool as_python = with_.compat_ == compat::v0_13;
        if (as_python && item.is_null()) return "None";
        if (as_python && item.is_boolean()) return item.as<bool>() ? "True" : "False";
        return text_of(item);
    }

    void attribute(const std::string& key, const value& item,
                   std::vector<std::pair<std::string, std::string>>& attributes) const
    {
        const auto add = [&](std::string name, std::string text) {
            check_name(name, "attribute");
            for (auto& [there, old] : attributes) {
                if (there != name) continue;
                old = std::move(text);
                return;
            }
            attributes.emplace_back(std::move(name), std::move(text));
        };
        if (key == with_.attr_prefix_ + "xmlns" && item.is_object()) {
            for (const auto& [prefix, uri] : item.items())
                add(prefix.empty() ? "xmlns" : "xmlns:" + std::string(prefix), text_of(uri));
            return;
        }
        if (!is_scalar(item)) throw type_error(key, "text or number", "a container");
        add(key.starts_with(with_.attr_prefix_) ? key.substr(with_.attr_prefix_.size()) : key,
            attribute_text(item));
    }

    /// `uri:local` by the short names.
    std::string renamed(std::string key) const
    {
        if (with_.namespaces_.empty()) return key;
        const std::size_t at = key.rfind(with_.namespace_separator_);
        if (at == std::string::npos) return key;
        const std::string local = key.substr(at + with_.namespace_separator_.size());
        std::string uri = key.substr(0, at);
        const bool is_attribute =
            !with_.attr_prefix_.empty() && uri.starts_with(with_.attr_prefix_);
        if (is_attribute) uri.erase(0, with_.attr_prefix_.size());
        const auto found = with_.namespaces_.find(uri);
        const std::string prefix = is_attribute ? with_.attr_prefix_ : "";
        if (found == with_.namespaces_.end() || found->second.empty()) return prefix + local;
        return prefix + found->second + with_.namespace_separator_ + local;
    }

    void comments(const frame& f)
    {
        const auto one = [&](const value& v) {
            const std::string text = text_of(v);
            if (text.empty()) return;
            if (text.find("--") != std::string::npos || text.ends_with('-'))
                refuse("a comment with '--'");
            if (xml::detail::find_bad_char(text) != std::string::npos)
                refuse("a character that XML does not allow");
            indent(f.is_pretty);
            close_tag();
            out_ += "<!--" + text + "-->";
            if (f.is_pretty) white(with_.newl_);
        };
        if (!f.item->is_sequence()) {
            one(*f.item);
            return;
        }
        for (const value& v : std::as_const(*f.item)) one(v);
    }

    void close_tag()
    {
        if (is_pending_) out_ += '>';
        is_pending_ = false;
    }
    void text(std::string_view t)
    {
        if (t.empty()) return;
        close_tag();
        append_escaped(out_, t);
    }
    void white(std::string_view t)
    {
        if (t.empty()) return;
        close_tag();
        out_ += t;
    }
    void indent(bool is_pretty)
    {
        if (!is_pretty) return;
        for (std::size_t i = 0; i < depth(); ++i) white(with_.indent_);
    }

    /// Characters that the encoding lacks as references, as Python's `xmlcharrefreplace`.
    std::string encoded()
    {
        std::string name = with_.encoding_;
        for (char& c : name)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
        if (name == "utf-8" || name == "utf8") return std::move(out_);
        const bool is_latin = name == "iso-8859-1" || name == "latin-1" || name == "latin1";
        if (!is_latin && name != "us-ascii" && name != "ascii")
            throw error(errc::unsupported, "cannot write XML in '" + with_.encoding_ + "'");
        std::string made;
        for (std::size_t at = 0; at < out_.size();) {
            const auto c = utf8::decode(out_, at);
            at += c.size;
            if (c.code_point <= (is_latin ? 0xFFU : 0x7FU))
                made += static_cast<char>(c.code_point);
            else
                made += "&#" + std::to_string(std::uint32_t{c.code_point}) + ';';
        }
        return made;
    }

    const unparse_options& with_;
    std::string out_;
    bool is_pending_ = false;  // a start tag without its `>`
    std::vector<std::unique_ptr<frame>> stack_;
};

std::string unparse(const value& document, const unparse_options& with)
{
    return unparser(with).write(document);
}

}  // namespace ferry::xmltodict
