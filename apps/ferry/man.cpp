#include "apps/ferry/commands.hpp"
#include "apps/ferry/help_page.hpp"
#include "apps/ferry/output.hpp"
#include <fmt/format.h>

#include <filesystem>
#include <iterator>
#include <ranges>
#include <string>
#include <vector>

namespace ferry::command {
namespace {

/// A manual page in the language of man(7).
class manual_page {
public:
    void line(std::string_view macro) { text_.append(macro).append(1, '\n'); }
    void line(std::string_view macro, std::string_view words)
    {
        line(fmt::format("{} \"{}\"", macro, escaped(words, '"')));
    }

    /// Indented lines stay lines; others flow into paragraphs.
    void prose(std::string_view words)
    {
        bool example = false;
        bool apart = true;
        for (const auto part : std::views::split(words, '\n')) {
            const std::string_view one(part.begin(), part.end());
            const bool indented = one.starts_with("  ");
            if (example && !indented) line(".EE\n.RE");
            if (one.empty()) {
                apart = true;
            } else {
                if (indented && !example) line(".RS 4\n.EX");
                if (!indented && (apart || example)) line(".PP");
                text(indented ? one.substr(2) : one);
                apart = false;
            }
            example = indented;
        }
        if (example) line(".EE\n.RE");
    }

    void entry(const help_entry& e)
    {
        line(".TP");
        std::string head;
        for (const std::string& name : e.names) {
            head += fmt::format("{}\\fB{}\\fR", head.empty() ? "" : ", ", escaped(name));
        }
        if (!e.value.empty()) head += fmt::format(" \\fI{}\\fR", escaped(e.value));
        line(head);
        text(e.text);
    }

    void text(std::string_view one)
    {
        if (one.starts_with('.') || one.starts_with('\'')) text_ += "\\&";
        line(escaped(one));
    }

    const std::string& source() const noexcept { return text_; }

private:
    static std::string escaped(std::string_view words, char quote = '\0')
    {
        std::string made;
        for (const char c : words) {
            if (c == '\\') {
                made += "\\e";
            } else if (c == '-') {
                made += "\\-";
            } else if (c == quote) {
                made += "\\(dq";
            } else {
                made += c;
            }
        }
        return made;
    }

    std::string text_;
};

void add_lists(manual_page& to, const help_page& of)
{
    for (const help_entry& e : of.arguments) to.entry(e);
    for (const help_entry& e : of.options) to.entry(e);
}

void add_verbs(manual_page& to, const help_page& of, const std::vector<std::string>& path)
{
    for (const help_entry& v : of.verbs) {
        std::vector<std::string> below = path;
        below.push_back(v.names[0]);
        const help_page page = help_of(below);
        to.line(".SS", page.usage);
        to.prose(page.description);
        add_lists(to, page);
        to.prose(page.footer);
        add_verbs(to, page, below);
    }
}

manual_page begin_page(std::string_view name, std::string_view summary, const help_page& of)
{
    manual_page page;
    page.line(fmt::format(".TH {} 1 \"\" \"ferry {}\" \"ferry\"", name, FERRY_VERSION));
    page.line(".SH NAME");
    page.line(fmt::format("{} \\- {}", name, summary));
    page.line(".SH SYNOPSIS");
    page.text(of.usage);
    page.line(".SH DESCRIPTION");
    page.prose(of.description);
    return page;
}

std::string page_of(const verb& v)
{
    const std::vector<std::string> path{std::string(v.name)};
    const help_page help = help_of(path);
    manual_page page = begin_page(fmt::format("ferry-{}", v.name), v.summary, help);
    page.line(".SH OPTIONS");
    add_lists(page, help);
    if (!help.verbs.empty()) page.line(".SH VERBS");
    add_verbs(page, help, path);
    if (help.footer.find_first_not_of('\n') != help.footer.npos) {
        page.line(".SH NOTES");
        page.prose(help.footer);
    }
    page.line(".SH \"SEE ALSO\"");
    page.line(".BR ferry (1)");
    return page.source();
}

std::string overview()
{
    const help_page help = help_of({});
    manual_page page =
        begin_page("ferry", "get data from the web, and move it between machines", help);
    page.line(".SH VERBS");
    for (const help_entry& v : help.verbs) page.entry(v);
    page.line(".SH OPTIONS");
    add_lists(page, help);
    page.line(".SH \"EXIT STATUS\"");
    for (const auto& [code, meaning] : exit_statuses) {
        page.line(".TP");
        page.line(fmt::format("\\fB{}\\fR", code));
        page.text(meaning);
    }
    page.line(".SH \"SEE ALSO\"");
    for (const verb& v : verbs()) {
        page.line(fmt::format(".BR ferry-{} (1){}", v.name, &v == &verbs().back() ? "" : ","));
    }
    return page.source();
}

void write_all(const std::filesystem::path& folder)
{
    std::filesystem::create_directories(folder);
    write_output(folder / "ferry.1", overview());
    for (const verb& v : verbs())
        write_output(folder / fmt::format("ferry-{}.1", v.name), page_of(v));
}

}  // namespace

int man(int argc, char** argv)
{
    CLI::App options{
        "Prints the manual page of a verb, or of ferry itself, for man to show.\n"
        "  ferry man get | man -l -\n"
        "  ferry man --into /usr/local/share/man/man1      writes them all, as ./dev install does",
        "ferry man"};
    std::string name;
    std::string folder;
    options.add_option("verb", name, "which one; ferry itself without it");
    options.add_option("--into", folder, "write the pages of all verbs to this folder");
    if (const auto end = parse(options, argc, argv)) return *end;
    if (!folder.empty()) {
        write_all(folder);
        return 0;
    }
    const auto chosen = std::ranges::find(verbs(), name, &verb::name);
    if (!name.empty() && chosen == verbs().end()) throw usage_error("no such verb: " + name);
    write_output("-", name.empty() ? overview() : page_of(*chosen));
    return 0;
}

}  // namespace ferry::command
