#include "ferry/core/sqlite.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>
#include <vector>

namespace ferry::sqlite {
namespace {

// The module core has no testing helpers below it.
class folder {
public:
    folder()
    {
        std::string name = (std::filesystem::temp_directory_path() / "ferry-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) throw system_failure(errno, "mkdtemp");
        path_ = name;
    }
    ~folder() { std::filesystem::remove_all(path_); }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;
    std::string operator/(std::string_view name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

TEST(sqlite, every_type_comes_back_as_it_went)
{
    database db{":memory:"};
    db.script("CREATE TABLE t(i INTEGER, r REAL, s TEXT, b BLOB, n)");
    const std::array blob{std::byte{0}, std::byte{255}, std::byte{0}};
    const std::string text{"a\0b\xC3\xA9", 5};
    db.execute("INSERT INTO t VALUES(?,?,?,?,?)", std::numeric_limits<std::int64_t>::min(), 0.1,
               text, std::span<const std::byte>{blob}, nullptr);
    statement row = db.query("SELECT * FROM t");
    ASSERT_TRUE(row.step());
    EXPECT_EQ(row.columns(), 5);
    EXPECT_EQ(row.integer(0), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(row.real(1), 0.1);
    EXPECT_EQ(row.text(2), text);
    ASSERT_EQ(row.blob(3).size(), 3U);
    EXPECT_EQ(row.blob(3)[1], std::byte{255});
    EXPECT_TRUE(row.is_null(4));
    EXPECT_FALSE(row.step());
}

TEST(sqlite, empty_text_and_blob_are_not_null)
{
    database db{":memory:"};
    statement row = db.query("SELECT ?, ?, ?, ?", std::string_view{}, std::span<const std::byte>{},
                             std::optional<int>{}, std::optional<int>{7});
    ASSERT_TRUE(row.step());
    EXPECT_FALSE(row.is_null(0));
    EXPECT_FALSE(row.is_null(1));
    EXPECT_TRUE(row.is_null(2));
    EXPECT_EQ(row.integer(3), 7);
}

TEST(sqlite, the_same_statement_may_run_twice_at_once)
{
    database db{":memory:"};
    constexpr std::string_view sql = "SELECT value FROM json_each('[1,2,3]')";
    int sum = 0;
    statement outer = db.query(sql);
    while (outer.step()) {
        statement inner = db.query(sql);
        while (inner.step()) sum += static_cast<int>(outer.integer(0) * inner.integer(0));
    }
    EXPECT_EQ(sum, 36);
}

TEST(sqlite, a_cached_statement_forgets_its_parameters)
{
    database db{":memory:"};
    for (const int expected : {1, 2}) {
        statement row = db.query("SELECT ?", expected);
        ASSERT_TRUE(row.step());
        EXPECT_EQ(row.integer(0), expected);
    }
    statement row = db.query("SELECT ?");
    ASSERT_TRUE(row.step());
    EXPECT_TRUE(row.is_null(0));
}

TEST(sqlite, a_transaction_that_is_not_committed_leaves_nothing)
{
    database db{":memory:"};
    db.script("CREATE TABLE t(i)");
    {
        const transaction t{db};
        db.execute("INSERT INTO t VALUES(1)");
    }
    EXPECT_FALSE(db.in_transaction());
    {
        transaction t{db};
        EXPECT_EQ(db.execute("INSERT INTO t VALUES(2),(3)"), 2);
        t.commit();
    }
    statement row = db.query("SELECT count(*), min(i) FROM t");
    ASSERT_TRUE(row.step());
    EXPECT_EQ(row.integer(0), 2);
    EXPECT_EQ(row.integer(1), 2);
}

TEST(sqlite, errors_say_what_and_what_can_be_done)
{
    const folder dir;
    std::ofstream{dir / "text"} << std::string(4096, 'x');
    struct row {
        const char* name;
        errc code;
        condition meaning;
        void (*act)(const folder&);
    };
    for (const row& r : {
             row{"wrong SQL", errc::failed, condition::bad_input,
                 [](const folder&) { database{":memory:"}.script("SELEC 1"); }},
             row{"wrong SQL in a query", errc::failed, condition::bad_input,
                 [](const folder&) { database{":memory:"}.execute("SELECT nothing"); }},
             row{"no folder", errc::cannot_open, condition::not_found,
                 [](const folder& d) { database{d / "none/x.db"}; }},
             row{"no file to read", errc::cannot_open, condition::not_found,
                 [](const folder& d) { database(d / "none.db", options().read_only()); }},
             row{"no database", errc::not_a_database, condition::bad_input,
                 [](const folder& d) { database{d / "text"}; }},
             row{"constraint", errc::constraint, condition::bad_input,
                 [](const folder&) {
                     database db{":memory:"};
                     db.script("CREATE TABLE t(i UNIQUE); INSERT INTO t VALUES(1)");
                     db.execute("INSERT INTO t VALUES(1)");
                 }},
             row{"read-only", errc::read_only, condition::denied,
                 [](const folder& d) {
                     {
                         database{d / "r.db"}.script("CREATE TABLE t(i)");
                     }
                     database(d / "r.db", options().read_only()).execute("INSERT INTO t VALUES(1)");
                 }},
             row{"full", errc::full, condition::overloaded,
                 [](const folder& d) {
                     database db(d / "f.db", options().max_pages(4));
                     db.script("CREATE TABLE t(b)");
                     db.execute("INSERT INTO t VALUES(zeroblob(100000))");
                 }},
             row{"busy", errc::busy, condition::timed_out,
                 [](const folder& d) {
                     database one{d / "b.db"};
                     const transaction held{one};
                     database two(d / "b.db", options().busy_timeout(std::chrono::milliseconds{1}));
                     const transaction wanted{two};
                 }},
         }) {
        SCOPED_TRACE(r.name);
        try {
            r.act(dir);
            FAIL() << "no error";
        } catch (const error& e) {
            EXPECT_EQ(e.code(), r.code) << e.what();
            EXPECT_EQ(e.code(), r.meaning);
            EXPECT_NE(std::string_view{e.what()}.find(": "), std::string_view::npos);
        }
    }
}

TEST(sqlite, a_full_database_rolls_back_and_works_on)
{
    const folder dir;
    database db(dir / "f.db", options().max_pages(8));
    db.script("CREATE TABLE t(b)");
    EXPECT_THROW(
        {
            transaction t{db};
            db.execute("INSERT INTO t VALUES('kept out')");
            db.execute("INSERT INTO t VALUES(zeroblob(100000))");
            t.commit();
        },
        error);
    db.execute("INSERT INTO t VALUES('in')");
    statement row = db.query("SELECT count(*) FROM t");
    ASSERT_TRUE(row.step());
    EXPECT_EQ(row.integer(0), 1);
}

TEST(sqlite, many_may_open_a_new_file_at_once)
{
    const folder dir;
    std::vector<std::thread> threads;
    std::atomic<int> good = 0;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            database db{dir / "new.db"};
            db.script("CREATE TABLE IF NOT EXISTS t(i)");
            transaction t{db};
            db.execute("INSERT INTO t VALUES(1)");
            t.commit();
            ++good;
        });
    }
    for (std::thread& t : threads) t.join();
    EXPECT_EQ(good, 8);
}

}  // namespace
}  // namespace ferry::sqlite
