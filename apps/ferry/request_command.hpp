#pragma once

#include "ferry/http/session.hpp"

#include "apps/ferry/finder.hpp"
#include "apps/ferry/request_report.hpp"
#include "apps/ferry/request_settings.hpp"

#include <memory>
#include <string>

namespace ferry::command {

/// What one of the verbs get, post... was told to do. Constant once the arguments were read.
class request_command {
public:
    request_settings request;
    std::string out = "-";
    std::string xpath;
    std::string css;
    std::string query;
    std::string print;
    std::string pretty;
    std::string write_out;
    bool remote_name = false;
    bool download = false;
    bool include = false;
    bool head = false;
    bool verbose = false;
    bool silent = false;
    bool fail = false;
    bool offline = false;
    bool as_curl = false;
    bool timings = false;
    bool no_check = false;
    bool stream = false;
    bool lines = false;
    bool events = false;
    bool websocket = false;

    report_style style() const { return report_style::from(pretty, request.wants_json()); }

    /// Which parts are printed: H and B of the request, h and b of the answer, m its figures.
    std::string parts() const;
    bool prints(char part) const { return parts().find(part) != std::string::npos; }

    /// What is looked for in the body; null: nothing. \throws usage_error
    std::unique_ptr<const finder> wanted() const;

    /// Whether the answer goes to a file as it is, by way of a `.part`.
    bool is_download() const;
};

using command_ptr = std::shared_ptr<const request_command>;

/// Sends the request and prints the answer. \return the exit code.
awaitable<int> fetch(http::session* over, command_ptr with);

/// Prints the request instead of sending it.
awaitable<int> print_offline(command_ptr with);

/// Prints the events that a server sends, until it says that there are no more.
awaitable<int> follow_events(http::session* over, command_ptr with);

/// Sends the lines of standard input over a websocket and prints what comes.
awaitable<int> talk(command_ptr with);

/// Downloads the URLs that the command names, into a file or a folder.
class download_command {
public:
    std::vector<std::string> urls;
    std::string out;
    std::string sha256;
    int at_once = 2;
    int segments = 1;
    bool resumes = true;
    bool quiet = false;
    bool lists = true;  ///< prints the files' names

    /// \throws usage_error  what goes where is unclear, or `sha256` is none.
    void check();
};

awaitable<int> download_all(http::session* over, const request_settings* request,
                            const download_command* with);

}  // namespace ferry::command
