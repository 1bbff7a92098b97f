#include "apps/ferry/commands.hpp"
#include "apps/ferry/help_page.hpp"

#include <cstdio>
#include <string>
#include <vector>

namespace ferry::command {
namespace {

// Each asks `ferry completion candidates`, whose last word is the one being typed, for lines
// `word<TAB>what it is for`. Where there is none, a file is meant.
constexpr auto for_bash = R"(_ferry() {
    local IFS=$'\n'
    COMPREPLY=($(ferry completion candidates "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f 1))
}
complete -o default -F _ferry ferry
)";

constexpr auto for_zsh = R"(#compdef ferry
_ferry() {
    local -a lines found described
    lines=("${(@f)$(ferry completion candidates "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    lines=(${lines:#})
    if (( ! ${#lines} )); then
        _files
        return
    fi
    found=("${(@)lines%%$'\t'*}")
    described=("${(@)lines/$'\t'/ -- }")
    compadd -l -d described -a found
}
if [[ $funcstack[1] == _ferry ]]; then _ferry "$@"; else compdef _ferry ferry; fi
)";

constexpr auto for_fish = R"(function __ferry_candidates
    set -l words (commandline -opc) (commandline -ct)
    ferry completion candidates $words[2..-1] 2>/dev/null
end
complete -c ferry -a '(__ferry_candidates)'
)";

void print(const help_entry& entry, std::string_view typed)
{
    for (const std::string& name : entry.names) {
        if (!name.starts_with(typed)) continue;
        std::printf("%s\t%s\n", name.c_str(), entry.text.c_str());
    }
}

void print_words(const help_entry& entry, std::string_view typed)
{
    for (const std::string& word : entry.words) {
        if (word.starts_with(typed)) std::printf("%s\t%s\n", word.c_str(), entry.text.c_str());
    }
}

/// Prints what the last of `words` can become.
void print_candidates(std::vector<std::string> words)
{
    const std::string typed = words.empty() ? "" : words.back();
    if (!words.empty()) words.pop_back();
    std::vector<std::string> path;
    help_page page = help_of(path);
    const help_entry* awaited = nullptr;  // the option whose value comes next
    std::size_t given = 0;
    for (const std::string& word : words) {
        if (awaited != nullptr) {
            awaited = nullptr;
        } else if (word.starts_with('-')) {
            awaited = page.option(word);
            if (awaited != nullptr && awaited->value.empty()) awaited = nullptr;
        } else if (page.verb(word) != nullptr) {
            path.push_back(word);
            page = help_of(path);
        } else {
            ++given;
        }
    }
    if (awaited != nullptr) return print_words(*awaited, typed);
    if (typed.starts_with('-')) {
        for (const help_entry& o : page.options) print(o, typed);
        return;
    }
    for (const help_entry& v : page.verbs) print(v, typed);
    if (given < page.arguments.size()) print_words(page.arguments[given], typed);
}

}  // namespace

int completion(int argc, char** argv)
{
    // Its words are another command's: none of them is an option of this one.
    if (argc > 1 && std::string_view(argv[1]) == "candidates") {
        print_candidates({argv + 2, argv + argc});
        return 0;
    }
    CLI::App options{
        "Prints a script that lets a shell complete verbs, options and their values.\n"
        "  source <(ferry completion bash)                            in ~/.bashrc\n"
        "  source <(ferry completion zsh)                             in ~/.zshrc, after compinit\n"
        "  ferry completion fish > ~/.config/fish/completions/ferry.fish\n"
        "Where ferry was installed with ./dev install, the shells find these by themselves.",
        "ferry completion"};
    std::string shell;
    options.add_option("shell", shell, "which one")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    if (const auto end = parse(options, argc, argv)) return *end;
    std::fputs(shell == "bash" ? for_bash : shell == "zsh" ? for_zsh : for_fish, stdout);
    return 0;
}

}  // namespace ferry::command
