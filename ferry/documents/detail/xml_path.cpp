#include "ferry/documents/detail/xml_path.hpp"

#include "ferry/documents/detail/xml_chars.hpp"

namespace ferry::xml::detail {

namespace {

/// The grammar of ElementTree's paths, read from left to right.
class path_parser {
public:
    path_parser(std::string_view text, const ns_map& with) : text_(text), with_(with) {}

    std::vector<path_step> parse()
    {
        std::vector<path_step> steps;
        if (text_.starts_with('/')) fail("a path from the root has no meaning on an element");
        if (text_.empty()) fail("an empty path");
        bool deep = false;
        for (;;) {
            steps.push_back(step(deep));
            if (at_ == text_.size()) return steps;
            if (text_[at_] != '/') fail("expected '/'");
            ++at_;
            deep = take('/');
            if (at_ == text_.size()) fail("a path ends with '/'");
        }
    }

private:
    path_step step(bool deep)
    {
        path_step made;
        made.is = deep ? path_step::kind::descendant : path_step::kind::child;
        if (take("..")) {
            made.is = path_step::kind::parent;
        } else if (take('.')) {
            made.is = path_step::kind::self;
        } else if (!peek('[')) {
            made.name = name(true);
        }
        if (deep && (made.is == path_step::kind::self || made.is == path_step::kind::parent))
            fail("'//' wants a name");
        while (take('[')) made.predicates.push_back(predicate());
        return made;
    }

    path_predicate predicate()
    {
        path_predicate made;
        skip();
        if (take('@')) {
            made.name = name(false);
            made.is = path_predicate::kind::has_attribute;
            compare(made, path_predicate::kind::attribute);
        } else if (at_ < text_.size() && has_class(text_[at_], is_digit)) {
            made.index = number();
            if (made.index == 0) fail("places count from 1");
        } else if (take("last()")) {
            made.is = path_predicate::kind::from_end;
            skip();
            if (take('-')) {
                skip();
                made.index = number();
            }
        } else if (take('.')) {
            made.is = path_predicate::kind::own_text;
            compare(made, path_predicate::kind::own_text);
        } else {
            made.name = name(true);
            made.is = path_predicate::kind::has_child;
            compare(made, path_predicate::kind::child);
        }
        skip();
        if (!take(']')) fail("expected ']'");
        return made;
    }

    void compare(path_predicate& to, path_predicate::kind then)
    {
        skip();
        to.negated = take("!=");
        if (!to.negated && !take('=')) {
            if (to.is == path_predicate::kind::own_text) fail("expected '='");
            return;
        }
        skip();
        if (at_ == text_.size() || (text_[at_] != '"' && text_[at_] != '\''))
            fail("expected \"'\"");
        const std::size_t end = text_.find(text_[at_], at_ + 1);
        if (end == std::string_view::npos) fail("a text without an end");
        to.text = text_.substr(at_ + 1, end - at_ - 1);
        to.is = then;
        at_ = end + 1;
    }

    std::size_t number()
    {
        std::size_t n = 0;
        const std::size_t from = at_;
        while (at_ < text_.size() && has_class(text_[at_], is_digit) && at_ - from < 10)
            n = n * 10 + static_cast<std::size_t>(text_[at_++] - '0');
        if (at_ == from) fail("expected a number");
        return n;
    }

    path_name name(bool is_element)
    {
        path_name made;
        made.uri = "";
        if (take('{')) {
            const std::size_t end = text_.find('}', at_);
            if (end == std::string_view::npos) fail("'{' without '}'");
            const std::string_view uri = text_.substr(at_, end - at_);
            at_ = end + 1;
            if (uri == "*")
                made.uri.reset();
            else
                made.uri = uri;
            made.local = local();
            return made;
        }
        if (take('*')) {
            made.uri.reset();
            return made;
        }
        const std::size_t from = at_;
        made.local = local();
        if (made.local && at_ < text_.size() && text_[at_] == ':') {
            const auto bound = with_.find(*made.local);
            if (bound == with_.end()) {
                at_ = from;
                fail("prefix '" + *made.local + "' is not bound");
            }
            ++at_;
            made.uri = bound->second;
            made.local = local();
        } else if (const auto bound = with_.find(""); is_element && bound != with_.end()) {
            made.uri = bound->second;
        }
        return made;
    }

    std::optional<std::string> local()
    {
        if (take('*')) return std::nullopt;
        const char* const begin = text_.data() + at_;
        const char* const end = text_.data() + text_.size();
        const char* p = begin;
        if (p != end && *p != ':') {
            p = skip_name(begin, end);
            p = std::find(begin, p, ':');
        }
        if (p == begin) fail("expected a name");
        at_ += static_cast<std::size_t>(p - begin);
        return std::string(begin, p);
    }

    bool peek(char c) const noexcept { return at_ < text_.size() && text_[at_] == c; }
    bool take(char c) noexcept
    {
        if (!peek(c)) return false;
        ++at_;
        return true;
    }
    bool take(std::string_view word) noexcept
    {
        if (!text_.substr(at_).starts_with(word)) return false;
        at_ += word.size();
        return true;
    }
    void skip() noexcept
    {
        while (at_ < text_.size() && has_class(text_[at_], is_space)) ++at_;
    }

    [[noreturn]] void fail(std::string_view message) const
    {
        text_position where;
        where.offset = at_;
        where.column = at_ + 1;
        throw ferry::parse_error(errc::malformed, "path: " + std::string(message), where,
                                 std::string(text_));
    }

    std::string_view text_;
    const ns_map& with_;
    std::size_t at_ = 0;
};

}  // namespace

std::vector<path_step> parse_path(std::string_view path, const ns_map& with)
{
    return path_parser(path, with).parse();
}

}  // namespace ferry::xml::detail
