#include "ferry/harvest/detail/ledger.hpp"

#include "ferry/harvest/detail/rules.hpp"

namespace ferry::harvest::detail {
namespace {

constexpr std::uint32_t max_hops = 10;  ///< redirects from a link to its page

}  // namespace

ledger::ledger(std::shared_ptr<const recipe> r, const std::string& directory,
               std::unique_ptr<detail::state> opened)
    : recipe_{std::move(r)}, state_{std::move(opened)}, records_{all_records(*recipe_)}
{
    state_->load();
    const auto positions = state_->outputs(recipe_->outputs.size());
    for (std::size_t i = 0; i < recipe_->outputs.size(); ++i) {
        const output& o = recipe_->outputs[i];
        paths_.push_back(output_path(directory, o));
        sinks_.push_back(positions[i].finished ? nullptr
                                               : open_sink(*recipe_, o, paths_[i], positions[i]));
    }
    const auto counters = state_->counters();
    const auto read = [&](const char* name) {
        const auto found = counters.find(name);
        return found == counters.end() ? 0U : static_cast<std::uint64_t>(found->second);
    };
    totals_.pages = read("pages");
    totals_.redirects = read("redirects");
    totals_.failed = read("failed");
    totals_.records = read("records");
    totals_.missed = read("missed");
    totals_.bytes = read("bytes");
    totals_.known = state_->known_urls();
}

bool ledger::add(waiting_url u, std::string_view host, committed& into)
{
    if (state_->known_urls() >= recipe_->scope.max_pages || !state_->is_new(u.url)) return false;
    const auto hosts_before = state_->hosts().size();
    u.host = state_->host_id(host);
    if (state_->hosts().size() > hosts_before) into.new_hosts.emplace_back(host);
    if (state_->known_urls(u.host) >= recipe_->scope.max_per_host) return false;
    u.id = state_->add(u);
    into.added.push_back(std::move(u));
    return true;
}

committed ledger::start(const url_rules& rules)
{
    committed made;
    if (state_->fact("started")) return made;
    state_->begin();
    for (const auto& s : recipe_->starts) {
        auto t = canonical(s.url, recipe_->dedupe);
        if (!t) throw error{errc::malformed, s.url + ": not a URL that can be fetched"};
        const auto page = s.page.empty() ? rules.page_of(*t) : rules.page_named(s.page);
        if (!page) {
            throw error{errc::not_found, s.url + ": no page of the recipe matches this start URL"};
        }
        if (!rules.in_scope(*t)) {
            throw error{errc::denied, s.url + ": the start URL is outside of the scope"};
        }
        waiting_url u;
        u.page = *page;
        const std::string host{t->host()};
        u.url = std::move(t->url);
        add(std::move(u), host, made);
    }
    state_->set_fact("started", "1");
    state_->commit();
    totals_.known = state_->known_urls();
    return made;
}

committed ledger::commit(batch b)
{
    committed made;
    counts_.clear();
    for (auto& [name, more] : b.counts) count(name, more);
    const tally before = totals_;
    try {
        state_->begin();
        for (auto& f : b.finished) take(f, made);
        for (const auto host : b.given_up) {
            const auto n = state_->fail_host(host, "host given up");
            totals_.failed += n;
            count("failed", static_cast<std::int64_t>(n));
        }
        for (std::size_t i = 0; i < sinks_.size(); ++i) {
            if (sinks_[i]) state_->set_output(i, sinks_[i]->flush());
        }
        for (const auto& [name, more] : counts_) state_->count(name, more);
        state_->commit();
    } catch (...) {
        totals_ = before;
        state_->roll_back();
        throw;
    }
    totals_.known = state_->known_urls();
    for (const auto& r : b.refills) {
        made.refilled.emplace_back(r, state_->waiting(r.host, r.after, frontier::window));
    }
    return made;
}

void ledger::take(finished_url& f, committed& into)
{
    if (f.again) {
        state_->retry(f.what.id, f.what.tries);
        count("retries", 1);
        return;
    }
    page_outcome& got = f.got;
    if (got.what == page_outcome::kind::redirect) {
        if (got.links.empty()) {
            got.what = page_outcome::kind::failed;
            got.cause = "redirect out of scope";
        } else if (f.what.hops >= max_hops) {
            got.what = page_outcome::kind::failed;
            got.cause = "too many redirects";
        }
    }
    if (!state_->done(f.what.id, got)) return;
    const bool is_page = got.what == page_outcome::kind::page;
    const bool is_redirect = got.what == page_outcome::kind::redirect;
    count(is_page ? "pages" : is_redirect ? "redirects" : "failed", 1);
    (is_page ? totals_.pages : is_redirect ? totals_.redirects : totals_.failed) += 1;
    count("bytes", static_cast<std::int64_t>(got.bytes));
    count("wire_bytes", static_cast<std::int64_t>(got.wire_bytes));
    totals_.bytes += got.bytes;
    if (got.misencoded) count("misencoded", 1);
    if (!is_page && !is_redirect) return;

    const auto depth = f.what.depth + (is_page ? 1 : 0);
    if (depth <= recipe_->scope.depth) {
        for (auto& link : got.links) {
            waiting_url u;
            u.page = link.page;
            u.depth = depth;
            u.hops = is_redirect ? f.what.hops + 1 : 0;
            u.parent = f.what.id;
            const auto t = split_canonical(std::move(link.url));
            u.url = t.url;
            u.referrer = f.what.url;
            add(std::move(u), t.host(), into);
        }
    }
    if (is_page) take_records(f);
}

void ledger::take_records(finished_url& f)
{
    page_outcome& got = f.got;
    if (!got.body_hash.empty() && !state_->is_new_body(got.body_hash)) {
        count("duplicate_pages", 1);
        return;
    }
    const page& p = recipe_->pages[f.what.page];
    std::size_t i = 0;
    for (const auto& r : p.records) {
        for (const auto& field : r.fields) {
            if (i < got.filled.size()) count("field." + r.name + '.' + field.name, got.filled[i]);
            ++i;
        }
    }
    for (const auto& name : got.missing) {
        state_->missed(name, f.what.id);
        count("miss." + name, 1);
    }
    count("missed", got.missed);
    totals_.missed += got.missed;
    for (const auto& r : got.records) {
        const std::string& name = records_[r.record]->name;
        count("made." + name, 1);
        if (!r.key.empty() && !state_->is_new_key(r.record, r.key)) {
            count("duplicate." + name, 1);
            continue;
        }
        for (const auto& s : sinks_) {
            if (s) s->append(r);
        }
        count("record." + name, 1);
        count("records", 1);
        ++totals_.records;
    }
}

void ledger::publish()
{
    for (std::size_t i = 0; i < sinks_.size(); ++i) {
        if (sinks_[i]) {
            const auto end = sinks_[i]->finish();
            sinks_[i].reset();
            // The state first: whoever comes after a crash knows what is left to do.
            state_->set_output(i, end);
        }
        detail::publish(paths_[i]);
    }
    state_->set_fact("complete", "1");
}

}  // namespace ferry::harvest::detail
