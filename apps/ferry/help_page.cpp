#include "apps/ferry/help_page.hpp"

#include "ferry/core/error.hpp"

#include "apps/ferry/commands.hpp"
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <ranges>

namespace ferry::command {
namespace {

constexpr std::size_t text_column = 30;

bool is_continued(std::string_view line)
{
    return line.size() > text_column && line.find_first_not_of(' ') == text_column;
}

std::vector<std::string> split(std::string_view text, char at)
{
    std::vector<std::string> parts;
    for (const auto part : std::views::split(text, at)) {
        if (!part.empty()) parts.emplace_back(part.begin(), part.end());
    }
    return parts;
}

// `-q,--queues TEXT:{a,b} ... Excludes: --all`.
help_entry parse_entry(std::string_view head, std::string_view text)
{
    help_entry made;
    made.text = text;
    const std::size_t space = head.find(' ');
    made.names = split(head.substr(0, space), ',');
    if (space == head.npos) return made;
    made.value = head.substr(space + 1);
    for (const std::string_view noise : {" REQUIRED", "Excludes:", "Needs:", " (Env:"}) {
        made.value.resize(std::min(made.value.find(noise), made.value.size()));
    }
    made.value.resize(made.value.find_last_not_of(' ') + 1);
    const std::size_t open = made.value.find('{');
    const std::size_t close = made.value.find('}');
    if (open != made.value.npos && close != made.value.npos && open < close) {
        made.words = split(std::string_view(made.value).substr(open + 1, close - open - 1), ',');
    }
    return made;
}

/// Everything that is written to standard output while it lives.
class captured_output {
public:
    captured_output() : file_{memfd_create("help", MFD_CLOEXEC)}, before_{dup(STDOUT_FILENO)}
    {
        flush();
        if (file_ < 0 || before_ < 0 || dup2(file_, STDOUT_FILENO) < 0) {
            throw system_failure(errno, "capture the help");
        }
    }
    captured_output(const captured_output&) = delete;
    captured_output& operator=(const captured_output&) = delete;
    ~captured_output()
    {
        flush();
        dup2(before_, STDOUT_FILENO);
        close(before_);
        close(file_);
    }

    std::string text() const
    {
        flush();
        std::string all(static_cast<std::size_t>(lseek(file_, 0, SEEK_END)), '\0');
        const ssize_t count = pread(file_, all.data(), all.size(), 0);
        all.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
        return all;
    }

private:
    static void flush()
    {
        std::cout.flush();
        std::fflush(stdout);
    }

    int file_;
    int before_;
};

help_page list_of_verbs()
{
    help_page all;
    all.description = "Get data from the web, and move it between machines.";
    all.usage = "ferry VERB ...";
    for (const verb& v : verbs()) {
        help_entry& entry = all.verbs.emplace_back();
        entry.names.emplace_back(v.name);
        entry.text = v.summary;
    }
    all.options.push_back(parse_entry("-h,--help", "print the list of verbs"));
    all.options.push_back(parse_entry("--version", "print the version"));
    return all;
}

}  // namespace

const help_entry* help_page::option(std::string_view name) const
{
    const auto found = std::ranges::find_if(options, [&](const help_entry& o) {
        return std::ranges::find(o.names, name) != o.names.end();
    });
    return found == options.end() ? nullptr : &*found;
}

const help_entry* help_page::verb(std::string_view name) const
{
    const auto found =
        std::ranges::find(verbs, name, [](const help_entry& v) { return v.names[0]; });
    return found == verbs.end() ? nullptr : &*found;
}

help_page parse_help(std::string_view text)
{
    help_page page;
    std::vector<help_entry>* list = nullptr;
    std::string* prose = &page.description;
    std::vector<std::string_view> lines;
    for (const auto line : std::views::split(text, '\n'))
        lines.emplace_back(line.begin(), line.end());
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::string_view line = lines[i];
        if (line.starts_with("Usage: ")) {
            page.usage = line.substr(7);
            prose = &page.footer;
        } else if (prose == &page.footer && line == "Positionals:") {
            list = &page.arguments;
        } else if (prose == &page.footer && line == "Options:") {
            list = &page.options;
        } else if (prose == &page.footer && line == "Subcommands:") {
            list = &page.verbs;
        } else if (list != nullptr && line.starts_with("  ")) {
            std::string_view head = line;
            std::string_view entry_text;
            if (i + 1 < lines.size() && is_continued(lines[i + 1])) {
                entry_text = lines[++i].substr(text_column);
            } else if (line.size() > text_column) {
                head = line.substr(0, text_column);
                entry_text = line.substr(text_column);
            }
            head = head.substr(2, head.find_last_not_of(' ') - 1);
            list->push_back(parse_entry(head, entry_text));
        } else {
            list = nullptr;
            prose->append(line).append(1, '\n');
        }
    }
    return page;
}

help_page help_of(std::span<const std::string> words)
{
    if (words.empty()) return list_of_verbs();
    const auto chosen = std::ranges::find(verbs(), words[0], &verb::name);
    if (chosen == verbs().end()) throw usage_error("no such verb: " + words[0]);
    std::vector<std::string> line(words.begin(), words.end());
    line.emplace_back("--help");
    std::vector<char*> arguments;
    for (std::string& word : line) arguments.push_back(word.data());
    const captured_output printed;
    chosen->run(static_cast<int>(arguments.size()), arguments.data());
    return parse_help(printed.text());
}

}  // namespace ferry::command
