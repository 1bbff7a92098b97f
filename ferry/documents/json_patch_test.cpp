#include "ferry/documents/json_patch.hpp"

#include "ferry/documents/json.hpp"
#include "ferry/documents/json_pointer.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace ferry::json {
namespace {

std::string patched(std::string_view document, std::string_view patch)
{
    try {
        return dump(apply_patch(parse(document), parse(patch)));
    } catch (const patch_error& e) {
        switch (e.why()) {
            case patch_error::reason::malformed: return "malformed";
            case patch_error::reason::missing: return "missing";
            case patch_error::reason::test_failed: return "test failed";
        }
        return "?";
    }
}

struct patch_row {
    const char* name;
    const char* document;
    const char* patch;
    const char* result;
};

void check(std::initializer_list<patch_row> rows)
{
    for (const patch_row& r : rows) {
        SCOPED_TRACE(r.name);
        EXPECT_EQ(patched(r.document, r.patch), r.result);
    }
}

TEST(json_patch, does_what_the_appendix_of_rfc_6902_shows)
{
    check({
        {"A.1", R"({"foo":"bar"})", R"([{"op":"add","path":"/baz","value":"qux"}])",
         R"({"foo":"bar","baz":"qux"})"},
        {"A.2", R"({"foo":["bar","baz"]})", R"([{"op":"add","path":"/foo/1","value":"qux"}])",
         R"({"foo":["bar","qux","baz"]})"},
        {"A.3", R"({"baz":"qux","foo":"bar"})", R"([{"op":"remove","path":"/baz"}])",
         R"({"foo":"bar"})"},
        {"A.4", R"({"foo":["bar","qux","baz"]})", R"([{"op":"remove","path":"/foo/1"}])",
         R"({"foo":["bar","baz"]})"},
        {"A.5", R"({"baz":"qux","foo":"bar"})", R"([{"op":"replace","path":"/baz","value":"boo"}])",
         R"({"baz":"boo","foo":"bar"})"},
        {"A.6", R"({"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}})",
         R"([{"op":"move","from":"/foo/waldo","path":"/qux/thud"}])",
         R"({"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}})"},
        {"A.7", R"({"foo":["all","grass","cows","eat"]})",
         R"([{"op":"move","from":"/foo/1","path":"/foo/3"}])",
         R"({"foo":["all","cows","eat","grass"]})"},
        {"A.8", R"({"baz":"qux","foo":["a",2,"c"]})",
         R"([{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}])",
         R"({"baz":"qux","foo":["a",2,"c"]})"},
        {"A.9", R"({"baz":"qux"})", R"([{"op":"test","path":"/baz","value":"bar"}])",
         "test failed"},
        {"A.10", R"({"foo":"bar"})", R"([{"op":"add","path":"/child","value":{"grandchild":{}}}])",
         R"({"foo":"bar","child":{"grandchild":{}}})"},
        {"A.11", R"({"foo":"bar"})", R"([{"op":"add","path":"/baz","value":"qux","xyz":123}])",
         R"({"foo":"bar","baz":"qux"})"},
        {"A.12", R"({"foo":"bar"})", R"([{"op":"add","path":"/baz/bat","value":"qux"}])",
         "missing"},
        {"A.13", R"({"foo":"bar"})", R"([{"op":"add","path":"/baz","value":"qux","op":"remove"}])",
         "missing"},
        {"A.14", R"({"/":9,"~1":10})", R"([{"op":"test","path":"/~01","value":10}])",
         R"({"/":9,"~1":10})"},
        {"A.15", R"({"/":9,"~1":10})", R"([{"op":"test","path":"/~01","value":"10"}])",
         "test failed"},
        {"A.16", R"({"foo":["bar"]})", R"([{"op":"add","path":"/foo/-","value":["abc","def"]}])",
         R"({"foo":["bar",["abc","def"]]})"},
    });
}

TEST(json_patch, refuses_patches_that_are_none)
{
    check({
        {"no array", "{}", "{}", "malformed"},
        {"no object", "{}", "[1]", "malformed"},
        {"no op", "{}", R"([{"path":"","value":1}])", "malformed"},
        {"op is null", "{}", R"([{"op":null,"path":"","value":1}])", "malformed"},
        {"unknown op", "1", R"([{"op":"spam","path":"","value":1}])", "malformed"},
        {"op in capitals", "1", R"([{"op":"Add","path":"","value":1}])", "malformed"},
        {"no path", "{}", R"([{"op":"add","value":1}])", "malformed"},
        {"path is null", "{}", R"([{"op":"add","path":null,"value":1}])", "malformed"},
        {"path is a number", "[1]", R"([{"op":"remove","path":0}])", "malformed"},
        {"path without slash", R"({"a":1})", R"([{"op":"remove","path":"a"}])", "malformed"},
        {"path with a bad escape", R"({"~2":1})", R"([{"op":"remove","path":"/~2"}])", "malformed"},
        {"path ends in a tilde", R"({"~":1})", R"([{"op":"remove","path":"/~"}])", "malformed"},
        {"no value to add", "{}", R"([{"op":"add","path":"/a"}])", "malformed"},
        {"no value to replace", R"({"a":1})", R"([{"op":"replace","path":"/a"}])", "malformed"},
        {"no value to test", R"({"a":null})", R"([{"op":"test","path":"/a"}])", "malformed"},
        {"no from to move", R"({"a":1})", R"([{"op":"move","path":"/a"}])", "malformed"},
        {"no from to copy", R"({"a":1})", R"([{"op":"copy","path":"/a"}])", "malformed"},
        {"move into a child", R"({"a":{"b":1}})", R"([{"op":"move","from":"/a","path":"/a/b"}])",
         "malformed"},
        {"move the document into itself", R"({"a":1})", R"([{"op":"move","from":"","path":"/a"}])",
         "malformed"},
    });
}

TEST(json_patch, keeps_to_the_rules_of_pointers_and_arrays)
{
    check({
        {"empty patch", "[]", "[]", "[]"},
        {"root replaced", R"({"a":1})", R"([{"op":"add","path":"","value":[2]}])", "[2]"},
        {"root replaced again", "[1]", R"([{"op":"replace","path":"","value":{"b":2}}])",
         R"({"b":2})"},
        {"root removed", "[1]", R"([{"op":"remove","path":""}])", "null"},
        {"root tested", "[1]", R"([{"op":"test","path":"","value":[1.0]}])", "[1]"},
        {"root copied", R"({"a":1})", R"([{"op":"copy","from":"","path":"/b"}])",
         R"({"a":1,"b":{"a":1}})"},
        {"empty name", "{}", R"([{"op":"add","path":"/","value":1}])", R"({"":1})"},
        {"slash at the end", R"({"a":{}})", R"([{"op":"add","path":"/a/","value":1}])",
         R"({"a":{"":1}})"},
        {"add replaces a member", R"({"a":1,"b":2})", R"([{"op":"add","path":"/a","value":3}])",
         R"({"a":3,"b":2})"},
        {"append by number", "[1]", R"([{"op":"add","path":"/1","value":2}])", "[1,2]"},
        {"insert first", "[1]", R"([{"op":"add","path":"/0","value":2}])", "[2,1]"},
        {"beyond the end", "[1]", R"([{"op":"add","path":"/2","value":2}])", "missing"},
        {"negative", "[1]", R"([{"op":"add","path":"/-1","value":2}])", "missing"},
        {"leading zero", "[1,2]", R"([{"op":"replace","path":"/01","value":2}])", "missing"},
        {"leading zeros added", "[1,2]", R"([{"op":"add","path":"/00","value":2}])", "missing"},
        {"exponent", "[1,2]", R"([{"op":"test","path":"/1e0","value":2}])", "missing"},
        {"exponent is a name", R"({"1e0":"a"})", R"([{"op":"test","path":"/1e0","value":"a"}])",
         R"({"1e0":"a"})"},
        {"digits are a name", R"({"01":"a"})", R"([{"op":"remove","path":"/01"}])", "{}"},
        {"huge index", "[1]", R"([{"op":"add","path":"/99999999999999999999","value":2}])",
         "missing"},
        {"name in an array", "[1]", R"([{"op":"add","path":"/a","value":2}])", "missing"},
        {"- removed", "[1]", R"([{"op":"remove","path":"/-"}])", "missing"},
        {"- replaced", "[1]", R"([{"op":"replace","path":"/-","value":1}])", "missing"},
        {"- tested", "[1]", R"([{"op":"test","path":"/-","value":1}])", "missing"},
        {"- inside", "[[1]]", R"([{"op":"add","path":"/-/0","value":1}])", "missing"},
        {"- is a name", "{}", R"([{"op":"add","path":"/-","value":1}])", R"({"-":1})"},
        {"into a text", R"({"a":"b"})", R"([{"op":"add","path":"/a/0","value":1}])", "missing"},
        {"replace nothing", "{}", R"([{"op":"replace","path":"/a","value":1}])", "missing"},
        {"remove nothing", R"({"a":[]})", R"([{"op":"remove","path":"/a/0"}])", "missing"},
        {"move nothing", "{}", R"([{"op":"move","from":"/a","path":"/b"}])", "missing"},
        {"copy nothing", "[]", R"([{"op":"copy","from":"/0","path":"/-"}])", "missing"},
        {"test nothing", "{}", R"([{"op":"test","path":"/a","value":null}])", "missing"},
        {"move to itself", R"({"a":1})", R"([{"op":"move","from":"/a","path":"/a"}])",
         R"({"a":1})"},
        {"move over another", R"({"a":1,"b":2})", R"([{"op":"move","from":"/a","path":"/b"}])",
         R"({"b":1})"},
        {"move to the root", R"({"a":{"b":1}})", R"([{"op":"move","from":"/a","path":""}])",
         R"({"b":1})"},
        {"move to a name that begins alike", R"({"a":1})",
         R"([{"op":"move","from":"/a","path":"/ab"}])", R"({"ab":1})"},
        {"null is a value", R"({"a":1})", R"([{"op":"replace","path":"/a","value":null}])",
         R"({"a":null})"},
        {"null is there", R"({"a":null})", R"([{"op":"move","from":"/a","path":"/b"}])",
         R"({"b":null})"},
        {"test null", R"({"a":null})", R"([{"op":"test","path":"/a","value":null}])",
         R"({"a":null})"},
        {"test numbers", "[1,1.0,100]", R"([{"op":"test","path":"","value":[1.0,1,1e2]}])",
         "[1,1.0,100]"},
        {"test order of members", R"({"a":{"x":[1,{"y":2}],"z":3}})",
         R"([{"op":"test","path":"/a","value":{"z":3,"x":[1,{"y":2}]}}])",
         R"({"a":{"x":[1,{"y":2}],"z":3}})"},
        {"test is no number", "[1]", R"([{"op":"test","path":"/0","value":true}])", "test failed"},
        {"test other lengths", "[1]", R"([{"op":"test","path":"","value":[1,2]}])", "test failed"},
        {"in turn", R"({"a":[1,2]})",
         R"([{"op":"remove","path":"/a/0"},{"op":"add","path":"/a/-","value":3},)"
         R"({"op":"copy","from":"/a/0","path":"/b"}])",
         R"({"a":[2,3],"b":2})"},
    });
}

TEST(json_patch, an_error_names_the_operation_and_leaves_the_document)
{
    const value document = parse(R"({"a":[1]})");
    try {
        apply_patch(document,
                    parse(R"([{"op":"remove","path":"/a/0"},{"op":"remove","path":"/x/y"}])"));
        FAIL();
    } catch (const patch_error& e) {
        EXPECT_STREQ(e.what(), "operation 1, remove /x/y: there is nothing");
        EXPECT_EQ(e.operation(), 1U);
        EXPECT_EQ(e.code(), condition::not_found);
    }
    EXPECT_EQ(dump(document), R"({"a":[1]})");
}

TEST(json_patch, a_patch_that_doubles_the_document_ends)
{
    value patch = value::array();
    for (int i = 0; i < 64; ++i) {
        patch.push_back(value{{"op", "copy"}, {"from", ""}, {"path", "/" + std::to_string(i)}});
    }
    EXPECT_THROW(apply_patch(value::object(), patch, 1'000'000), limit_error);
}

/// A document with few different values, so that two of them are alike in places.
value random_document(std::mt19937& random, int depth)
{
    switch (random() % (depth == 0 ? 3 : 6)) {
        case 0: return static_cast<int>(random() % 3);
        case 1: return nullptr;
        case 2: return random() % 2 == 0 ? "a" : "b/~c";
        case 3: {
            value made = value::object();
            for (auto n = random() % 5; n > 0; --n) {
                made.insert(std::string(1, static_cast<char>("ab/~"[random() % 4])),
                            random_document(random, depth - 1));
            }
            return made;
        }
        default: {
            value made = value::array();
            for (auto n = random() % 6; n > 0; --n)
                made.push_back(random_document(random, depth - 1));
            return made;
        }
    }
}

TEST(json_patch, makes_patches_that_lead_from_one_value_to_another)
{
    std::mt19937 random(6902);
    for (int i = 0; i < 3000; ++i) {
        const value from = random_document(random, 4);
        const value to = random_document(random, 4);
        const value patch = make_patch(from, to);
        SCOPED_TRACE(dump(from) + ' ' + dump(to) + ' ' + dump(patch));
        ASSERT_EQ(apply_patch(from, patch), to);
        ASSERT_EQ(patch.empty(), from == to);
        ASSERT_EQ(diff(from, to).empty(), from == to);
        for (const difference& d : differences(from, to)) {
            if (d.after != nullptr) {
                ASSERT_EQ(to.find(d.pointer), d.after);
            }
        }
        try {
            ASSERT_EQ(apply_merge_patch(from, make_merge_patch(from, to)), to);
        } catch (const type_error&) {
            ASSERT_NE(dump(to).find(":null"), std::string::npos);
        }
    }
}

TEST(json_patch, makes_short_patches)
{
    const auto made = [](const char* from, const char* to) {
        return dump(make_patch(parse(from), parse(to)));
    };
    EXPECT_EQ(made("[1,2,3]", "[1,2,3]"), "[]");
    EXPECT_EQ(made("[1,2,3,4]", "[1,3,4,5]"),
              R"([{"op":"remove","path":"/1"},{"op":"add","path":"/3","value":5}])");
    EXPECT_EQ(made(R"({"a":{"b":[1,{"c":2}]}})", R"({"a":{"b":[1,{"c":3}]}})"),
              R"([{"op":"replace","path":"/a/b/1/c","value":3}])");
    EXPECT_EQ(made("[]", "{}"), R"([{"op":"replace","path":"","value":{}}])");
    EXPECT_EQ(made("{\"a\":1}", "{\"b\":1}"),
              R"([{"op":"remove","path":"/a"},{"op":"add","path":"/b","value":1}])");
    EXPECT_EQ(made("1", "1.0"), "[]");
}

TEST(json_patch, merges_as_the_appendix_of_rfc_7396_shows)
{
    struct row {
        const char* target;
        const char* patch;
        const char* result;
    };
    for (const row& r : {
             row{R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
             row{R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
             row{R"({"a":"b"})", R"({"a":null})", "{}"},
             row{R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
             row{R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
             row{R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
             row{R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
             row{R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
             row{R"(["a","b"])", R"(["c","d"])", R"(["c","d"])"},
             row{R"({"a":"b"})", R"(["c"])", R"(["c"])"},
             row{R"({"a":"foo"})", "null", "null"},
             row{R"({"a":"foo"})", "\"bar\"", "\"bar\""},
             row{R"({"e":null})", R"({"a":1})", R"({"e":null,"a":1})"},
             row{"[1,2]", R"({"a":"b","c":null})", R"({"a":"b"})"},
             row{"{}", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
             row{R"({"title":"Goodbye!","author":{"givenName":"John","familyName":"Doe"},
                     "tags":["example","sample"],"content":"This will be unchanged"})",
                 R"({"title":"Hello!","phoneNumber":"+01-123-456-7890",
                     "author":{"familyName":null},"tags":["example"]})",
                 R"({"title":"Hello!","author":{"givenName":"John"},"tags":["example"],)"
                 R"("content":"This will be unchanged","phoneNumber":"+01-123-456-7890"})"},
         }) {
        SCOPED_TRACE(std::string{r.target} + ' ' + r.patch);
        EXPECT_EQ(dump(apply_merge_patch(parse(r.target), parse(r.patch))), r.result);
    }
    const std::size_t depth = 100'000;
    std::string deep;
    for (std::size_t i = 0; i < depth; ++i) deep += "{\"a\":";
    deep += '1' + std::string(depth, '}');
    const value patch = parse(deep, parse_options().max_depth(depth));
    EXPECT_EQ(apply_merge_patch(value{}, patch), patch);
    EXPECT_EQ(apply_patch(value{1}, make_patch(value{1}, patch)), patch);
}

TEST(json_patch, makes_merge_patches)
{
    const auto made = [](const char* from, const char* to) {
        return dump(make_merge_patch(parse(from), parse(to)));
    };
    EXPECT_EQ(made(R"({"a":1,"b":{"c":2,"d":3}})", R"({"b":{"c":2,"d":4},"e":[null]})"),
              R"({"a":null,"b":{"d":4},"e":[null]})");
    EXPECT_EQ(made("1", "[2]"), "[2]");
    EXPECT_EQ(made("1", "{}"), "{}");
    EXPECT_THROW(made("{}", R"({"a":null})"), type_error);
    EXPECT_THROW(made("{}", R"({"a":{"b":null}})"), type_error);
    EXPECT_EQ(made(R"({"a":null})", R"({"a":null})"), "{}");
}

TEST(json_diff, shows_differences_by_their_paths)
{
    const value before = parse(R"({"name":"pen","price":1.5,"tags":["a","b","c"],"old":{"x":1}})");
    const value after = parse(R"({"name":"pen","price":2,"tags":["a","c","d"],"new key":null})");
    EXPECT_EQ(diff(before, after),
              "- $.price: 1.5\n"
              "+ $.price: 2\n"
              "- $.tags[1]: \"b\"\n"
              "+ $.tags[2]: \"d\"\n"
              "- $.old: {\"x\":1}\n"
              "+ $[\"new key\"]: null\n");
    EXPECT_EQ(diff(before, before), "");
    EXPECT_EQ(diff(1, "1"), "- $: 1\n+ $: \"1\"\n");
    EXPECT_EQ(diff(value{to_bytes("a")}, 1).empty(), false);
    const auto all = differences(before, after);
    ASSERT_EQ(all.size(), 5U);
    EXPECT_EQ(all[0].pointer, "/price");
    EXPECT_EQ(all[4].before, nullptr);
}

TEST(json_pointer, finds_what_rfc_6901_shows)
{
    const value doc = parse(
        R"({"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8})");
    struct row {
        const char* text;
        const char* fragment;
        const char* found;
    };
    for (const row& r : {
             row{"", "#", nullptr},
             row{"/foo", "#/foo", R"(["bar","baz"])"},
             row{"/foo/0", "#/foo/0", "\"bar\""},
             row{"/", "#/", "0"},
             row{"/a~1b", "#/a~1b", "1"},
             row{"/c%d", "#/c%25d", "2"},
             row{"/e^f", "#/e%5Ef", "3"},
             row{"/g|h", "#/g%7Ch", "4"},
             row{"/i\\j", "#/i%5Cj", "5"},
             row{"/k\"l", "#/k%22l", "6"},
             row{"/ ", "#/%20", "7"},
             row{"/m~0n", "#/m~0n", "8"},
         }) {
        SCOPED_TRACE(r.text);
        const pointer at{r.text};
        EXPECT_EQ(at.text(), r.text);
        EXPECT_EQ(at.fragment(), r.fragment);
        EXPECT_EQ(pointer::of_fragment(r.fragment), at);
        const value* const found = at.find(doc);
        ASSERT_NE(found, nullptr);
        EXPECT_EQ(dump(*found), r.found == nullptr ? dump(doc) : r.found);
        EXPECT_EQ(doc.find(r.text), found);
    }
    for (const char* const absent :
         {"/foo/2", "/foo/-", "/foo/01", "/foo/-1", "/foo/bar", "/x", "/foo/0/0"}) {
        EXPECT_EQ(pointer{absent}.find(doc), nullptr) << absent;
        EXPECT_THROW(pointer{absent}.at(doc), lookup_error) << absent;
    }
    for (const char* const bad : {"foo", "#/foo", "/~", "/~2", "/a~", " /foo"}) {
        EXPECT_FALSE(pointer::try_parse(bad)) << bad;
        EXPECT_THROW(pointer{bad}, ferry::parse_error) << bad;
    }
}

TEST(json_pointer, is_built_and_written_through)
{
    value doc = parse(R"({"a/b":[{"x":1}]})");
    const pointer place = pointer{} / "a/b" / std::size_t{0} / "x";
    EXPECT_EQ(place.text(), "/a~1b/0/x");
    place.at(doc) = "new";
    EXPECT_EQ(dump(doc), R"({"a/b":[{"x":"new"}]})");
    EXPECT_EQ(place.parent().text(), "/a~1b/0");
    EXPECT_TRUE(place.parent().contains(place));
    EXPECT_FALSE(place.contains(place.parent()));
    EXPECT_THROW((place / "y").at(doc), lookup_error);
}

}  // namespace
}  // namespace ferry::json
