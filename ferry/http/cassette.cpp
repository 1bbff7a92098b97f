#include "ferry/http/cassette.hpp"

#include "ferry/core/base64.hpp"
#include "ferry/core/utf8.hpp"
#include "ferry/core/value.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/http/detail/masking.hpp"
#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/session_options.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string_view>
#include <vector>

namespace ferry::http {
namespace {

value fields_of(const headers& fields)
{
    value list = value::array();
    for (const auto [name, content] : fields) {
        list.push_back(value::array(name, detail::mask_field(name, content)));
    }
    return list;
}

// Text where it is text, so that a cassette can be read and compared.
void put_body(value& into, std::span<const std::byte> body)
{
    if (utf8::valid(as_text(body))) {
        into.insert("body", as_text(body));
    } else {
        into.insert("base64", base64::encode(body));
    }
}

std::string get_body(const value& from)
{
    if (const value* const coded = from.get_if("base64")) {
        return to_string(base64::decode(coded->as<std::string>()));
    }
    const value* const text = from.get_if("body");
    return text == nullptr ? std::string() : text->as<std::string>();
}

class file_closer {
public:
    void operator()(std::FILE* f) const noexcept { std::fclose(f); }
};

class recorder final : public exchange_observer {
public:
    explicit recorder(const std::string& path) : file_(std::fopen(path.c_str(), "a"))
    {
        if (!file_) throw system_failure(errno, "open cassette " + path);
    }

    void finished(const recorded_exchange& what) override
    {
        if (!what.complete) return;
        value request =
            value::object("method", what.request.method, "url", detail::mask_url(what.request.url),
                          "headers", fields_of(what.request.headers));
        put_body(request, what.request.content.span());
        value response = value::object("status", what.status, "reason", what.reason, "version",
                                       what.version, "headers", fields_of(what.headers));
        put_body(response, what.body);
        const std::string line =
            json::dump(value::object("request", request, "response", response)) + '\n';
        const std::lock_guard lock(mutex_);
        const bool written = std::fwrite(line.data(), 1, line.size(), file_.get()) == line.size() &&
                             std::fflush(file_.get()) == 0;
        if (!written) throw system_failure(errno, "write to a cassette");
    }

private:
    std::unique_ptr<std::FILE, file_closer> file_;
    std::mutex mutex_;
};

}  // namespace

record::record(const std::string& file) : writer_(std::make_shared<recorder>(file)) {}

void record::apply_to(session_options& to) const
{
    to.observers.push_back(writer_);
}

class replay::player final : public transport {
public:
    explicit player(std::string path) : path_(std::move(path))
    {
        std::ifstream file(path_, std::ios::binary);
        if (!file) throw system_failure(errno, "open cassette " + path_);
        std::string line;
        while (std::getline(file, line)) {
            if (line.empty()) continue;
            try {
                add(json::parse(line));
            } catch (error& e) {
                e.add_context(fmt::format("cassette {}, line {}", path_, lines_.size() + 1));
                throw;
            }
        }
    }

    awaitable<response> send(prepared_request what) override { co_return find(what); }

    bool by_match = false;

private:
    class entry {
    public:
        std::string method;
        std::string url;
        std::string body;
        response answer;
        bool used = false;
    };

    void add(const value& line)
    {
        entry made;
        const value& request = line["request"];
        made.method = request["method"].as<std::string>();
        made.url = request["url"].as<std::string>();
        made.body = get_body(request);
        const value& answer = line["response"];
        made.answer = response(answer["status"].as<int>(), http::body(get_body(answer)));
        made.answer.reason = answer["reason"].as<std::string>();
        for (const value& field : answer["headers"]) {
            made.answer.headers.add(field[0].as<std::string>(), field[1].as<std::string>());
        }
        lines_.push_back(std::move(made));
    }

    response find(const prepared_request& what)
    {
        const std::string url = detail::mask_url(what.url);
        const std::lock_guard lock(mutex_);
        if (!by_match) {
            if (next_ == lines_.size()) {
                throw error(
                    ferry::errc::not_found,
                    fmt::format("cassette {}: nothing is left for {} {}", path_, what.method, url));
            }
            const entry& e = lines_[next_];
            if (e.method != what.method || e.url != url) {
                throw error(ferry::errc::not_found,
                            fmt::format("cassette {}, line {}: {} {} is next, not {} {}", path_,
                                        next_ + 1, e.method, e.url, what.method, url));
            }
            return lines_[next_++].answer;
        }
        entry* last = nullptr;
        for (entry& e : lines_) {
            if (e.method != what.method || e.url != url || e.body != what.content.text()) continue;
            last = &e;
            if (!e.used) break;
        }
        if (last == nullptr) {
            throw error(ferry::errc::not_found,
                        fmt::format("cassette {}: no answer to {} {}", path_, what.method, url));
        }
        last->used = true;
        return last->answer;
    }

    std::string path_;
    std::mutex mutex_;
    std::vector<entry> lines_;
    std::size_t next_ = 0;
};

replay::replay(const std::string& file) : player_(std::make_shared<player>(file)) {}

replay& replay::by_match()
{
    player_->by_match = true;
    return *this;
}

void replay::apply_to(session_options& to) const
{
    to.transport = player_;
}

}  // namespace ferry::http
