#include "apps/ferry/request_items.hpp"

#include "ferry/documents/json.hpp"
#include "ferry/http/body.hpp"
#include "ferry/http/multipart.hpp"
#include "ferry/http/params.hpp"

#include "apps/ferry/commands.hpp"
#include "apps/ferry/output.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <utility>

namespace ferry::command {
namespace {

// A word that was taken apart at the first separator in it, the longest that fits there.
struct item {
    std::string name;
    std::string_view separator;
    std::string content;
};

std::optional<item> take_apart(const std::string& word)
{
    constexpr std::array<std::string_view, 5> separators{"==", ":=", "=", ":", "@"};
    for (std::size_t at = 0; at < word.size(); ++at) {
        for (const std::string_view s : separators) {
            if (word.compare(at, s.size(), s) != 0) continue;
            return item{word.substr(0, at), s, word.substr(at + s.size())};
        }
    }
    return std::nullopt;
}

value parse_json(const item& i)
{
    try {
        return json::parse(i.content);
    } catch (const parse_error& e) {
        throw usage_error(i.name + ":= is not JSON: " + e.what());
    }
}

void set_body(http::request_options& to, http::body content)
{
    if (to.body.present()) throw usage_error("the request has two bodies");
    content.apply_to(to);
}

class fields {
public:
    explicit fields(body_kind kind) : kind_{kind} {}

    void add(const item& i)
    {
        if (i.separator == "@") {
            kind_ = body_kind::multipart;
            parts_.push_back(http::file(i.name, i.content));
            return;
        }
        const bool typed = i.separator == ":=";
        value content = typed ? parse_json(i) : value(i.content);
        pairs_.emplace_back(i.name, typed ? json::dump(content) : i.content);
        object_[i.name] = std::move(content);
    }

    void apply_to(http::request_options& to)
    {
        if (pairs_.empty() && parts_.empty()) return;
        switch (kind_) {
            case body_kind::json: return set_body(to, http::json(object_));
            case body_kind::form: return set_body(to, form());
            case body_kind::multipart: break;
        }
        std::vector<http::part> all;
        for (const auto& [name, text] : pairs_) all.push_back(http::field(name, text));
        std::ranges::move(parts_, std::back_inserter(all));
        set_body(to, http::multipart(std::move(all)));
    }

private:
    http::body form() const
    {
        http::params all;
        for (const auto& [name, text] : pairs_) all.add(name, text);
        return http::body(all.encoded(), "application/x-www-form-urlencoded");
    }

    body_kind kind_;
    value object_ = value::object();
    std::vector<std::pair<std::string, std::string>> pairs_;
    std::vector<http::part> parts_;
};

// Files are read while they are sent; standard input and pipes, before.
http::body whole_body(const std::string& path)
{
    const std::string type = path.ends_with(".json") ? "application/json" : "";
    if (!std::filesystem::is_regular_file(path)) return http::body(read_input(path), type);
    return http::body(http::from_file(path).source(), type);
}

// `text;type=a/b;filename=c` without the last two, which are put into the part.
http::part form_part(std::string name, std::string content)
{
    std::string type;
    std::string filename;
    for (const std::string_view option : {"type", "filename"}) {
        const std::string key = ';' + std::string{option} + '=';
        const auto at = content.find(key);
        if (at == std::string::npos) continue;
        const auto end = content.find(';', at + 1);
        auto& into = option == "type" ? type : filename;
        into =
            content.substr(at + key.size(), end == std::string::npos ? end : end - at - key.size());
        content.erase(at, end == std::string::npos ? end : end - at);
    }
    http::part made =
        content.starts_with('@') ? http::file(name, content.substr(1)) : http::field(name, content);
    if (!type.empty()) made.type(type);
    if (!filename.empty()) made.filename(filename);
    return made;
}

}  // namespace

void add_header(http::request_options& to, const std::string& line)
{
    const auto colon = line.find(':');
    if (colon == std::string::npos || colon == 0) {
        throw usage_error("not a header: " + line + " (write Name:value)");
    }
    const std::string name = line.substr(0, colon);
    const auto start = line.find_first_not_of(' ', colon + 1);
    if (start == std::string::npos) {
        http::without(name).apply_to(to);
    } else {
        http::headers(name, line.substr(start)).apply_to(to);
    }
}

bool has_body(const std::vector<std::string>& items)
{
    return std::ranges::any_of(items, [](const std::string& word) {
        const auto parts = take_apart(word);
        return parts && parts->separator != "==" && parts->separator != ":";
    });
}

void add_items(http::request_options& to, const std::vector<std::string>& items, body_kind kind)
{
    fields all(kind);
    for (const std::string& word : items) {
        const auto parts = take_apart(word);
        if (!parts) {
            throw usage_error(
                "not an item: " + word +
                " (write name==value, Name:value, name=value, name:=json, name@file)");
        }
        if (parts->separator == "@" && parts->name.empty()) {
            set_body(to, whole_body(parts->content));
        } else if (parts->name.empty()) {
            throw usage_error("an item without a name: " + word);
        } else if (parts->separator == "==") {
            http::params(parts->name, parts->content).apply_to(to);
        } else if (parts->separator == ":") {
            add_header(to, word);
        } else {
            all.add(*parts);
        }
    }
    all.apply_to(to);
}

void add_data(http::request_options& to, const std::vector<std::string>& pieces)
{
    if (pieces.empty()) return;
    std::string joined;
    for (const std::string& piece : pieces) {
        if (&piece != &pieces.front()) joined += '&';
        if (piece.starts_with('@')) {
            std::string content = read_input(piece.substr(1));
            std::erase_if(content, [](char c) { return c == '\r' || c == '\n'; });
            joined += content;
        } else {
            joined += piece;
        }
    }
    set_body(to, http::body(std::move(joined), "application/x-www-form-urlencoded"));
}

void add_form_parts(http::request_options& to, const std::vector<std::string>& parts)
{
    if (parts.empty()) return;
    std::vector<http::part> all;
    for (const std::string& text : parts) {
        const auto at = text.find('=');
        if (at == std::string::npos || at == 0) {
            throw usage_error("not a form field: " + text + " (write name=value or name=@file)");
        }
        all.push_back(form_part(text.substr(0, at), text.substr(at + 1)));
    }
    set_body(to, http::multipart(std::move(all)));
}

}  // namespace ferry::command
