#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::command {

/// A line of a list in a verb's help: an option, an argument or a verb below it.
struct help_entry {
    std::vector<std::string> names;  ///< of an option `-q`, `--quiet`; else one word
    std::string value;               ///< what an option takes, such as `TEXT`; empty: nothing
    std::vector<std::string> words;  ///< the values it can have; empty: any
    std::string text;                ///< what it is for
};

/// What `ferry VERB --help` prints, taken apart: completions and manual pages are made from it, so
/// that they say what the help says.
struct help_page {
    std::string description;
    std::string usage;
    std::vector<help_entry> arguments;
    std::vector<help_entry> options;
    std::vector<help_entry> verbs;
    std::string footer;

    const help_entry* option(std::string_view name) const;
    const help_entry* verb(std::string_view name) const;
};

help_page parse_help(std::string_view text);

/// The help of `ferry WORDS...`; of `ferry` itself if there are none.
/// \throws usage_error  the first word is no verb.
help_page help_of(std::span<const std::string> words);

}  // namespace ferry::command
