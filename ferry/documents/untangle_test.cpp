#include "ferry/documents/untangle.hpp"

#include "ferry/core/error.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace ferry::untangle {
namespace {

TEST(untangle, walks_by_name)
{
    const object obj = parse("<root><child name='child1'/></root>");
    EXPECT_EQ(obj["root"]["child"]["@name"], "child1");
    EXPECT_EQ(obj["root"]["child"].attr("name"), "child1");
    EXPECT_EQ(obj["root"]["child"].attr("none"), std::nullopt);
    EXPECT_EQ(obj.at("root.child@name"), "child1");
    EXPECT_EQ(obj["root"]["child"].name(), "child");
    EXPECT_TRUE(obj["root"]["child"]);
    EXPECT_TRUE(obj["root"].contains("child"));
    EXPECT_TRUE(obj["root"]["child"].contains("@name"));
    EXPECT_FALSE(obj["root"].contains("name"));
}

TEST(untangle, treats_one_element_and_many_alike)
{
    const object obj = parse("<r a='1' b='2'><x>1</x><y/><x>2<z/></x></r>")["r"];
    EXPECT_EQ(obj.size(), 3U);
    EXPECT_EQ(obj["x"].count(), 2U);
    EXPECT_EQ(obj["x"][1], "2");
    EXPECT_EQ(obj.at("x[1].z").name(), "z");
    EXPECT_EQ(obj["x"], "1");
    std::string texts;
    for (const object& x : obj["x"]) texts += x.cdata();
    EXPECT_EQ(texts, "12");
    std::size_t count = 0;
    for (const object& y : obj["y"]) count += y.name() == "y" ? 1 : 0;
    EXPECT_EQ(count, 1U);
    EXPECT_EQ(obj.get_elements("x").size(), 2U);
    EXPECT_TRUE(obj.get_elements("w").empty());
    EXPECT_EQ(obj.children()[1].name(), "y");
    EXPECT_EQ(obj.attributes(),
              (std::vector<std::pair<std::string, std::string>>{{"a", "1"}, {"b", "2"}}));
}

TEST(untangle, joins_the_own_text)
{
    EXPECT_EQ(parse("<a>hello <b>x</b> tail</a>")["a"].cdata(), "hello  tail");
    EXPECT_EQ(parse("<a>x<![CDATA[<y>]]>&amp;</a>")["a"].cdata(), "x<y>&");
}

TEST(untangle, accepts_true_and_mangled_names)
{
    const object obj = parse("<a-b><c.d/><p:e p:k='1'/><class/><x_y/></a-b>");
    for (const char* path :
         {"a-b.c.d", "a_b.c_d", "a-b.p:e", "a_b.p_e", "a_b.class_", "a_b.class", "a_b.x_y"}) {
        SCOPED_TRACE(path);
        EXPECT_NO_THROW(obj.at(path));
    }
    EXPECT_EQ(obj.at("a_b.p_e@p:k"), "1");
}

TEST(untangle, says_what_is_missing)
{
    const object obj = parse("<a><b/></a>");
    for (const char* path : {"x", "a.x", "a.b@k", "a.b[1]", "a.b.c", "a.b[", "a.b@k.c"}) {
        SCOPED_TRACE(path);
        EXPECT_THROW(obj.at(path), lookup_error);
    }
    try {
        obj["a"]["b"]["c"];
        FAIL();
    } catch (const lookup_error& e) {
        EXPECT_EQ(e.path(), "a.b.c");
    }
}

TEST(untangle, refuses_entities_and_accepts_a_doctype)
{
    EXPECT_EQ(parse("<!DOCTYPE a><a>x</a>")["a"], "x");
    EXPECT_EQ(parse("<!DOCTYPE a SYSTEM 'a.dtd'><a>x</a>")["a"], "x");
    EXPECT_THROW(parse("<!DOCTYPE a [<!ENTITY e 'x'>]><a/>"), xml::parse_error);
    EXPECT_THROW(parse("<!DOCTYPE a [<!ENTITY % e 'x'>]><a/>"), xml::parse_error);
    EXPECT_THROW(parse("<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>"),
                 xml::parse_error);
    EXPECT_THROW(parse(""), xml::parse_error);
}

TEST(untangle, reads_files)
{
    const auto file = std::filesystem::path(::testing::TempDir()) / "ferry_untangle_test.xml";
    std::ofstream(file, std::ios::binary)
        << "<?xml version='1.0' encoding='iso-8859-1'?><a>\xE9</a>";
    EXPECT_EQ(parse_file(file)["a"], "\xC3\xA9");
    std::filesystem::remove(file);
    EXPECT_THROW(parse_file(file), error);
}

}  // namespace
}  // namespace ferry::untangle
