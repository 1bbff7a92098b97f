#include "apps/ferry/request_command.hpp"

#include <filesystem>

namespace ferry::command {

std::string request_command::parts() const
{
    if (!print.empty()) return print;
    if (verbose) return "HBhb";
    if (head) return "h";
    if (include) return "hb";
    return style().terminal && out == "-" ? "hb" : "b";
}

std::unique_ptr<const finder> request_command::wanted() const
{
    if (!xpath.empty()) return find_by_xpath(xpath, {});
    if (!css.empty()) return find_by_css(css, {});
    if (!query.empty()) return find_by_jsonpath(query, false, "--query");
    return nullptr;
}

bool request_command::is_download() const
{
    if (download) return true;
    const bool plain = request.method == "GET" && out != "-" && parts() == "b" && !no_check &&
                       !stream && !lines && xpath.empty() && css.empty() && query.empty() &&
                       write_out.empty() && !timings;
    // A device, a pipe or a link to one is written to, not replaced.
    return plain && (!std::filesystem::exists(out) || std::filesystem::is_regular_file(out));
}

}  // namespace ferry::command
