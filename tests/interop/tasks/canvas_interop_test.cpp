// Each canvas as Celery writes it, and the messages that start it.
#include "ferry/async/run.hpp"
#include "ferry/core/uuid.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/tasks/tasks.hpp"
#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace ferry::tasks {
namespace {

/// Keeps what is published.
class recorder final : public message_broker {
public:
    awaitable<void> publish(std::string queue, envelope e) override
    {
        return keep(&sent, std::move(queue), std::move(e));
    }
    awaitable<std::unique_ptr<consumer>> consume(std::vector<std::string>, std::size_t,
                                                 std::shared_ptr<result_store>) override
    {
        throw error{ferry::errc::unsupported, "nothing to consume"};
    }
    awaitable<std::int64_t> size(std::string) override { return count(); }
    awaitable<std::int64_t> purge(std::string) override { return count(); }
    broker_info info() const override { return broker_info(); }

    std::vector<envelope> sent;

private:
    static awaitable<void> keep(std::vector<envelope>* all, std::string, envelope e)
    {
        all->push_back(std::move(e));
        co_return;
    }
    static awaitable<std::int64_t> count() { co_return 0; }
};

value without_own(const value& v)
{
    if (v.is_object()) {
        value kept = value::object();
        for (const auto& [key, item] : v.items()) {
            const bool own =
                key == "reply_to" || ((key == "root_id" || key == "parent_id") && item.is_null());
            if (!own) kept.insert(key, without_own(item));
        }
        return kept;
    }
    if (!v.is_sequence()) return v;
    value kept = value::array();
    for (const value& item : v) kept.push_back(without_own(item));
    return kept;
}

/// Ids by their number in the order in which they come.
value numbered(const value& v)
{
    std::string text = json::dump(without_own(v), json::dump_options().sort_keys());
    std::map<std::string, std::string> ids;
    constexpr std::size_t length = 36;
    for (std::size_t at = 0; at + length <= text.size(); ++at) {
        const std::string id = text.substr(at, length);
        if (!is_uuid(id)) continue;
        const auto [known, added] = ids.try_emplace(id, "id" + std::to_string(ids.size()));
        text.replace(at, length, known->second);
    }
    return json::parse(text);
}

TEST(celery_canvas, is_celerys_own_and_starts_with_the_same_messages)
{
    const auto ran = testing::run_program({FERRY_PYTHON, FERRY_INTEROP_DIR "/canvas_peer.py"});
    ASSERT_EQ(ran.status, 0) << ran.err;
    const value wanted = json::parse(ran.out);

    const testing::temporary_directory folder;
    const auto wire = std::make_shared<recorder>();
    app a("peer", broker(wire), results("sqlite://" + folder.path().string() + "/results.db"));
    const auto sig = [&](const char* name, auto... args) {
        return a.signature("ferry." + std::string{name}, args...);
    };
    const value pairs = value::array(value::array(1, 2), value::array(3, 4), value::array(5, 6));
    const value two = value::array(value::array(1, 2), value::array(3, 4));
    const auto sums = group(sig("add", 1, 1), sig("add", 2, 2));
    const auto chained = group(chain(sig("add", 2, 1), sig("mul", 3)), sig("add", 3, 1));

    std::size_t count = 0;
    const auto check = [&](const char* name, const auto& canvas) {
        SCOPED_TRACE(name);
        ++count;
        const value& theirs = wanted[name];
        EXPECT_EQ(json::dump(canvas.dictionary()), json::dump(theirs["dictionary"]));
        wire->sent.clear();
        (void)run(canvas.delay());
        value messages = value::array();
        for (const envelope& e : wire->sent) {
            messages.push_back(value::object(
                "task", e.headers["task"], "id", e.headers["id"], "group", e.headers["group"],
                "group_index", e.headers["group_index"], "body", json::parse(e.body)));
        }
        EXPECT_EQ(json::dump(numbered(messages)), json::dump(theirs["messages"]));
    };
    check("call", sig("add", 1, 2));
    check("immutable", sig("add", 1, 2).immutable());
    check("linked", sig("add", 1, 1).link(sig("mul", 2)).link_error(sig("log")));
    check("chain", chain(sig("add", 1, 2), sig("mul", 3), sig("mul", 4, 5).immutable()));
    check("group", sums);
    check("chord", chord(sums, sig("xsum")));
    check("map", map(sig("xsum"), value::array(value::array(1, 2), value::array(3))));
    check("starmap", starmap(sig("add"), two));
    check("chunks", chunks(sig("add"), pairs, 2));
    check("group before a task", chain(group(sig("add", 2, 1), sig("add", 3, 1)), sig("xsum")));
    check("group at the end", chain(sig("add", 1, 1), group(sig("add", 2), sig("add", 3))));
    check("chain in a group", chained);
    check("chain in a chord", chord(chained, sig("xsum")));
    check("chord before a task", chain(chord(sums, sig("xsum")), sig("mul", 10)));
    EXPECT_EQ(count, wanted.size());
}

}  // namespace
}  // namespace ferry::tasks
