#pragma once

#include "ferry/core/sqlite.hpp"
#include "ferry/harvest/detail/fingerprint.hpp"
#include "ferry/harvest/detail/outcome.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::harvest::detail {

/// A URL that waits to be fetched.
struct waiting_url {
    std::int64_t id = 0;
    std::string url;
    std::uint32_t host = 0;
    std::uint16_t page = 0;
    std::uint32_t depth = 0;
    std::uint32_t hops = 0;
    std::uint32_t tries = 0;
    std::int64_t parent = 0;  ///< the page that linked to it; 0: a start URL
    std::string referrer;     ///< that page's URL
};

/// How far an output file is committed: what is behind it on the disk was not.
struct output_position {
    std::uint64_t bytes = 0;
    std::string tail;  ///< records that wait for their block to fill up
    std::uint64_t records = 0;
    bool finished = false;  ///< under its final name
};

/// Everything a run must not forget, in one SQLite file: the frontier, what each URL gave, the
/// counters and how far the outputs are committed. One writer, one thread at a time. A batch is one
/// transaction; what is remembered in memory besides (known URLs, keys) is undone with it only by
/// opening the state anew, which is what a failed commit leads to.
class state {
public:
    /// Opens or makes `directory/state.db`.
    /// \throws error  it is no state, or of another version.
    explicit state(const std::string& directory);

    // What the run as a whole is.
    std::optional<std::string> fact(std::string_view name);
    void set_fact(std::string_view name, std::string_view text);

    /// Reads the known URLs and keys; the first call that a run makes.
    void load();

    const std::vector<std::string>& hosts() const noexcept { return hosts_; }
    std::uint64_t known_urls() const noexcept { return known_.size(); }
    std::uint64_t known_urls(std::uint32_t host) const noexcept { return per_host_[host]; }

    /// The next waiting URLs of a host behind `after`, in the order of discovery.
    std::vector<waiting_url> waiting(std::uint32_t host, std::int64_t after, std::size_t limit);
    std::uint64_t waiting_count();

    // Inside a batch.
    void begin();
    void commit();
    void roll_back() noexcept;

    std::uint32_t host_id(std::string_view host);
    bool is_new(std::string_view url);  ///< and known from now on
    bool is_new_key(std::uint16_t record, std::string_view key);
    bool is_new_body(std::string_view hash);
    std::int64_t add(const waiting_url& u);
    /// \returns false  the URL waits no longer, so that nothing of this may count.
    bool done(std::int64_t id, const page_outcome& got);
    void retry(std::int64_t id, std::uint32_t tries);
    /// All that waits on a host fails for the same reason. \returns how many.
    std::uint64_t fail_host(std::uint32_t host, std::string_view cause);
    void count(std::string_view counter, std::int64_t more);
    /// Remembers a page that lacks a required field, of each field a few.
    void missed(std::string_view field, std::int64_t url);
    void set_output(std::size_t index, const output_position& at);

    std::vector<output_position> outputs(std::size_t count);
    std::map<std::string, std::int64_t> counters();
    sqlite::database& database() noexcept { return db_; }

private:
    void create();

    sqlite::database db_;
    std::optional<sqlite::transaction> batch_;
    fingerprint_key key_{};
    fingerprint_set known_;
    fingerprint_set keys_;
    std::vector<std::string> hosts_;
    std::vector<std::uint64_t> per_host_;
    std::map<std::string, std::uint32_t, std::less<>> host_ids_;
};

}  // namespace ferry::harvest::detail
