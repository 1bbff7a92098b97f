#include "ferry/http/detail/download.hpp"

#include "ferry/async/blocking.hpp"
#include "ferry/async/gather.hpp"
#include "ferry/crypto/hash.hpp"
#include "ferry/http/detail/client_exchange.hpp"
#include "ferry/http/detail/fetch.hpp"
#include "ferry/http/detail/part_file.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/response_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

namespace ferry::http::detail {
namespace {

constexpr std::uint64_t min_segment_bytes = 1024 * 1024;
constexpr int max_segments = 16;
// What a crash may have to fetch again, in all segments together.
constexpr std::uint64_t note_every_bytes = 16 * 1024 * 1024;

[[noreturn]] void refuse(const response& head, std::string_view why)
{
    throw protocol_error(errc::bad_message, fmt::format("{}: {}", head.url().redacted(), why));
}

/// One download: decides what is asked for and what becomes of the answers.
class downloader {
public:
    downloader(std::shared_ptr<session_core> core, std::string url, std::string path,
               download_options with)
        : core_(std::move(core)),
          url_(std::move(url)),
          path_(std::move(path)),
          with_(std::move(with))
    {
        // The URL itself may hold a password.
        key_ = hash::sha256(core_->parse(url_)->href() + "?" + with_.request.query).hex();
        // The parts must be bytes of the file itself, not of a coding of it.
        if (!with_.request.headers.contains("Accept-Encoding")) {
            with_.request.headers.set("Accept-Encoding", "identity");
        }
        if (with_.request.on_progress) {
            report_ = std::exchange(with_.request.on_progress, nullptr);
        }
    }

    awaitable<downloaded> run()
    {
        const bool is_folder = path_.ends_with('/') || std::filesystem::is_directory(path_);
        bool done = false;
        if (is_folder && with_.resumes) {
            const std::string begun = part_file::find_in(path_, key_);
            if (!begun.empty()) open(begun);
        }
        if (!is_folder && with_.resumes && with_.sha256_hex.empty()) {
            const bool whole = co_await is_there();
            if (whole) co_return std::move(result_);
        }
        if (with_.segment_count > 1) done = co_await fetch_in_segments();
        if (!done) {
            if (!file_ && !is_folder) open(path_);
            co_await fetch_in_one();
        }
        co_await finish();
        if (meter_) meter_->end_receiving();
        co_return std::move(result_);
    }

private:
    void open(const std::string& path)
    {
        result_.path = path;
        file_ = std::make_shared<part_file>(path);
    }

    std::optional<part_progress> progress() const
    {
        return file_ && with_.resumes ? file_->find_progress(key_) : std::nullopt;
    }

    awaitable<response_stream> ask(std::string method, request_options with)
    {
        auto what = std::make_unique<call>(std::move(method), url_);
        what->with = std::move(with);
        auto sending = send_to_head(core_, std::move(what));
        co_return response_stream(co_await std::move(sending));
    }

    // What an earlier call has left: the server's file is as long, and has its time.
    awaitable<bool> is_there()
    {
        std::error_code failed;
        const auto size = std::filesystem::file_size(path_, failed);
        if (failed || size == 0 || std::filesystem::exists(path_ + ".part")) co_return false;
        const auto time = std::filesystem::last_write_time(path_, failed);
        if (failed) co_return false;
        request_options asked = with_.request;
        const response_stream probe = co_await ask("HEAD", std::move(asked));
        const headers& fields = probe.head().headers;
        const auto modified = fields.last_modified();
        const bool same = probe.head().status == status::ok && modified &&
                          std::chrono::file_clock::to_sys(time) == *modified &&
                          parse_decimal(fields.get("Content-Length").value_or("")) == size;
        if (!same) co_return false;
        result_.path = path_;
        result_.size = size;
        result_.resumed_from = size;
        result_.response = probe.head();
        co_return true;
    }

    // The whole file, or what is missing of it; from the start if the server cannot go on.
    awaitable<void> fetch_in_one()
    {
        std::string validator;
        std::uint64_t there = 0;
        if (const auto left = progress()) {
            there = left->size;
            validator = left->validator;
        }
        for (;;) {
            request_options asked = with_.request;
            if (there > 0) {
                asked.headers.set("Range", fmt::format("bytes={}-", there));
                asked.headers.set("If-Range", validator);
            }
            response_stream answer = co_await ask("GET", std::move(asked));
            const response& head = answer.head();
            const auto range = parse_content_range(head.headers.get("Content-Range").value_or(""));
            const bool asked_for_rest = std::exchange(there, 0) > 0;
            if (head.status == status::ok) {
                co_await save(&answer, 0);
                break;
            }
            if (!asked_for_rest) {
                head.raise_for_status();
                refuse(head, fmt::format("status {} has no file in it", head.status));
            }
            const std::uint64_t size = part_size();
            // A server that does not know If-Range may send a part of another file.
            const std::string_view tag = head.headers.get("ETag").value_or(validator);
            const bool same_file = !validator.starts_with('"') || tag == validator;
            if (head.status == status::partial_content && range && range->first == size &&
                same_file && !head.headers.contains("Content-Encoding")) {
                result_.resumed_from = size;
                co_await save(&answer, size);
                break;
            }
            if (head.status == status::range_not_satisfiable && range && range->total == size) {
                result_.resumed_from = size;
                result_.size = size;
                result_.response = head;
                break;
            }
            if (head.status != status::partial_content &&
                head.status != status::range_not_satisfiable) {
                head.raise_for_status();
                refuse(head, fmt::format("status {} has no file in it", head.status));
            }
        }
    }

    std::uint64_t part_size() const
    {
        std::error_code failed;
        const auto size = std::filesystem::file_size(result_.path + ".part", failed);
        return failed ? 0 : size;
    }

    awaitable<void> save(response_stream* from, std::uint64_t offset)
    {
        result_.response = from->head();
        if (!file_) open(target_path(path_, result_.response));
        file_->resize(offset);
        if (offset == 0) file_->describe(key_, result_.response.headers);
        expect(offset, parse_decimal(result_.response.headers.get("Content-Length").value_or("")));
        for (;;) {
            const auto part = co_await from->next();
            if (!part) break;
            file_->write_at(offset, part->span());
            offset += part->size();
            received(part->size());
        }
        result_.size = offset;
    }

    // False if the server or the file are not made for it.
    awaitable<bool> fetch_in_segments()
    {
        request_options asked = with_.request;
        response_stream probe = co_await ask("HEAD", std::move(asked));
        const headers& fields = probe.head().headers;
        const auto length = parse_decimal(fields.get("Content-Length").value_or(""));
        const auto tag = fields.etag();
        const bool offered = fields.get("Accept-Ranges") == "bytes" && tag && !tag->weak &&
                             !fields.contains("Content-Encoding");
        if (probe.head().status != status::ok || !length || !offered) co_return false;
        const auto count = std::min<std::uint64_t>({static_cast<std::uint64_t>(with_.segment_count),
                                                    max_segments, *length / min_segment_bytes});
        if (count < 2) co_return false;
        result_.response = probe.head();
        if (!file_) open(target_path(path_, result_.response));
        plan_segments(*length, count, tag->text());
        std::vector<awaitable<std::uint64_t>> all;
        for (part_segment& s : segments_) {
            if (s.done < s.size) all.push_back(fetch_segment(&s, tag->text()));
        }
        try {
            co_await gather(std::move(all));
        } catch (...) {
            note_segments();
            throw;
        }
        result_.size = *length;
        co_return true;
    }

    // Those of an earlier call, with what is there of them, or new ones.
    void plan_segments(std::uint64_t length, std::uint64_t count, const std::string& tag)
    {
        if (auto left = progress(); left && left->validator == tag) {
            segments_ = std::move(left->segments);
        }
        std::uint64_t covered = 0;
        for (const part_segment& s : segments_) {
            covered = s.first == covered ? covered + s.size : length + 1;
            result_.resumed_from += s.done;
        }
        if (covered != length) {
            segments_.clear();
            result_.resumed_from = 0;
            for (std::uint64_t i = 0; i < count; ++i) {
                const std::uint64_t first = length / count * i;
                const std::uint64_t end = i + 1 == count ? length : length / count * (i + 1);
                segments_.push_back({first, end - first, 0});
            }
        }
        file_->resize(length);
        note_segments();
        expect(result_.resumed_from, length - result_.resumed_from);
    }

    // Without this nobody could tell a hole from what is there.
    void note_segments()
    {
        unnoted_ = 0;
        file_->describe(key_, result_.response.headers, segments_);
    }

    awaitable<std::uint64_t> fetch_segment(part_segment* into, std::string tag)
    {
        const std::uint64_t end = into->first + into->size;
        const std::uint64_t start = into->first + into->done;
        request_options asked = with_.request;
        asked.headers.set("Range", fmt::format("bytes={}-{}", start, end - 1));
        asked.headers.set("If-Range", tag);
        response_stream answer = co_await ask("GET", std::move(asked));
        const response& head = answer.head();
        const auto range = parse_content_range(head.headers.get("Content-Range").value_or(""));
        if (head.status != status::partial_content || !range || range->first != start ||
            range->size != end - start) {
            refuse(head, "the file has changed, or the server does not keep to its ranges");
        }
        for (;;) {
            const auto part = co_await answer.next();
            if (!part) break;
            if (part->size() > into->size - into->done) refuse(head, "more bytes than asked for");
            file_->write_at(into->first + into->done, part->span());
            into->done += part->size();
            received(part->size());
            unnoted_ += part->size();
            if (unnoted_ >= note_every_bytes) note_segments();
        }
        if (into->done != into->size) refuse(head, "fewer bytes than asked for");
        co_return into->size;
    }

    awaitable<void> finish()
    {
        const auto file = file_;
        if (!with_.sha256_hex.empty()) {
            const auto sum = [file] { return file->sha256(); };
            auto summing = run_blocking(sum);
            result_.sha256_hex = co_await std::move(summing);
            if (result_.sha256_hex != with_.sha256_hex) {
                file->discard();
                throw error(errc::wrong_checksum,
                            fmt::format("{}: SHA-256 is {}, expected {}", result_.path,
                                        result_.sha256_hex, with_.sha256_hex));
            }
        }
        const auto modified = result_.response.headers.last_modified();
        const bool syncs = with_.syncs;
        const auto name = [file, modified, syncs] { file->finish(modified, syncs); };
        auto naming = run_blocking(name);
        co_await std::move(naming);
    }

    void expect(std::uint64_t there, std::optional<std::uint64_t> more)
    {
        if (!report_) return;
        meter_.emplace(report_);
        meter_->start_receiving(more ? std::optional(there + *more) : std::nullopt);
        if (there > 0) meter_->received(static_cast<std::size_t>(there));
    }

    void received(std::size_t bytes)
    {
        if (meter_) meter_->received(bytes);
    }

    std::shared_ptr<session_core> core_;
    std::string url_;
    std::string key_;  ///< stands for the URL beside the part
    std::string path_;
    download_options with_;
    std::function<void(const transfer&)> report_;
    std::optional<transfer_meter> meter_;
    std::shared_ptr<part_file> file_;
    std::vector<part_segment> segments_;
    std::uint64_t unnoted_ = 0;  ///< bytes since the segments were noted last
    downloaded result_;
};

}  // namespace

awaitable<downloaded> download(std::shared_ptr<session_core> core, std::string url,
                               std::string path, download_options with)
{
    downloader one(std::move(core), std::move(url), std::move(path), std::move(with));
    co_return co_await one.run();
}

}  // namespace ferry::http::detail
