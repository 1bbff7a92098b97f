// The programs that run public suites, on small suites of the same form.

#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>

namespace ferry {
namespace {

namespace fs = std::filesystem;
using testing::run_program;
using std::string_literals::operator""s;

class conformance : public ::testing::Test {
protected:
    void write(const fs::path& name, const std::string& content)
    {
        const fs::path file = folder_.path() / name;
        fs::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << content;
    }

    testing::outcome run(const std::string& program, const fs::path& on = {})
    {
        const auto where = on.empty() ? folder_.path() : folder_.path() / on;
        return run_program({FERRY_CONFORMANCE_DIR "/" + program, where.string()});
    }

    testing::temporary_directory folder_;
};

/// A manifest that includes its parts as the W3C suite's does: some parts are whole elements, some
/// are cases alone; bases are said in the including file, in the included one, or in both.
void write_suite_manifest(const std::function<void(const fs::path&, const std::string&)>& write)
{
    write("xmlconf.xml", R"(<?xml version="1.0" encoding="UTF-8"?>
<!-- <!ENTITY gone SYSTEM "gone.xml"> -->
<!DOCTYPE TESTSUITE PUBLIC "-//X//DTD//EN" "testcases.dtd" [
  <!ENTITY clark   SYSTEM "clark/clark.xml">
  <!ENTITY sun-a   SYSTEM 'sun/sun-a.xml'>
  <!ENTITY sun-b   SYSTEM "sun/sun-b.xml">
  <!ENTITY errata  SYSTEM "eduni/errata/errata.xml">
  <!ENTITY ns      SYSTEM "eduni/ns/ns.xml">
  <!ENTITY unused  SYSTEM "unused.xml">
]>
<TESTSUITE PROFILE="imitation">
<TESTCASES PROFILE="C" xml:base="clark/">&clark;</TESTCASES>
<TESTCASES PROFILE="S" xml:base="sun/">&sun-a;&sun-b;</TESTCASES>
&errata;
<TESTCASES PROFILE="N" xml:base="eduni/ns/">&ns;</TESTCASES>
</TESTSUITE>
)");
    write("unused.xml", R"(<TEST ID="unused" TYPE="valid" URI="none.xml">not read</TEST>)");
    write("clark/clark.xml", R"(<?xml version="1.0" encoding="UTF-8"?>
<TESTCASES PROFILE="inner">
<TEST TYPE="valid" ENTITIES="none" ID="c-1" URI="valid/1.xml" OUTPUT="valid/out/1.xml"
  SECTIONS="2.1">uses &lt; and &amp;</TEST>
<TEST TYPE="not-wf" ENTITIES="none" ID="c-2" URI="not-wf/2.xml" SECTIONS="2.1">bad</TEST>
<TEST TYPE="not-wf" ENTITIES="both" ID="c-3" URI="not-wf/3.xml" SECTIONS="2.1">outside</TEST>
<TEST TYPE="invalid" ENTITIES="none" ID="c-4" URI="invalid/4.xml" SECTIONS="2.1">invalid</TEST>
<TEST TYPE="error" ENTITIES="none" ID="c-5" URI="not-wf/2.xml" SECTIONS="2.1">either</TEST>
</TESTCASES>)");
    write("clark/valid/1.xml", R"(<!DOCTYPE a [
<!NOTATION n SYSTEM "n"><!ENTITY e "<b>&#60;</b>"><!ATTLIST a k NMTOKEN ' d ' j CDATA #IMPLIED>]>
<a j="2"><?p  x?>&#38;<!-- no --><![CDATA[<]]></a>)");
    write("clark/valid/out/1.xml",
          "<!DOCTYPE a [\n<!NOTATION n SYSTEM 'n'>\n]>\n<a j=\"2\" k=\"d\"><?p x?>&amp;&lt;</a>");
    write("clark/not-wf/2.xml", "<a><b></a></b>");
    write("clark/not-wf/3.xml", "<!DOCTYPE a [<!ENTITY e SYSTEM 'bad.ent'>]><a>&e;</a>");
    write("clark/invalid/4.xml", "<!DOCTYPE a [<!ELEMENT a EMPTY>]><a>x</a>");
    write("sun/sun-a.xml", R"(<TEST TYPE="valid" ID="s-1" URI="1.xml" SECTIONS="x">bare</TEST>
<TEST TYPE="valid" ID="s-2" URI="colon.xml" NAMESPACE="no" SECTIONS="x">a colon</TEST>)");
    write("sun/sun-b.xml", R"(<?xml version='1.0' encoding='us-ascii'?>
<TEST TYPE="valid" ID="s-3" URI="16.xml" SECTIONS="x">UTF-16</TEST>)");
    write("sun/1.xml", "<a/>");
    write("sun/colon.xml", "<:a b:c:d=''/>");
    write("sun/16.xml", "\xFE\xFF\0<\0a\0/\0>"s);
    write("eduni/errata/errata.xml",
          R"(<TESTCASES PROFILE="E" xml:base="eduni/errata/">
<TEST RECOMMENDATION="XML1.0-errata4e" EDITION="5" TYPE="valid" ID="e-1" URI="5.xml">fifth</TEST>
<TEST RECOMMENDATION="XML1.0-errata4e" EDITION="1 2 3 4" TYPE="not-wf" ID="e-2" URI="5.xml"/>
<TEST RECOMMENDATION="XML1.1" VERSION="1.1" TYPE="valid" ID="e-3" URI="11.xml">1.1</TEST>
</TESTCASES>)");
    write("eduni/errata/5.xml", "<?xml version='1.7'?><\xC5\xBF/>");
    write("eduni/ns/ns.xml", R"(<TESTCASES PROFILE="N" xml:base="eduni/ns/">
<TEST RECOMMENDATION="NS1.0" TYPE="not-wf" ID="n-1" URI="1.xml">unbinding</TEST>
<TEST RECOMMENDATION="NS1.1" TYPE="valid" ID="n-2" URI="1.xml">unbinding</TEST>
</TESTCASES>)");
    write("eduni/ns/1.xml", "<a xmlns:b='u'><c xmlns:b=''/></a>");
}

TEST_F(conformance, xmlconf_reads_a_manifest_made_of_external_entities)
{
    write_suite_manifest([this](const auto& name, const auto& text) { write(name, text); });
    const auto ended = run("xmlconf");
    EXPECT_EQ(ended.status, 0);
    EXPECT_EQ(ended.out,
              "not run: 1 about Namespaces 1.1\n"
              "not run: 1 about XML 1.1\n"
              "not run: 1 about an edition before the fifth\n"
              "10 passed, 0 failed\n");
}

TEST_F(conformance, xmlconf_names_the_cases_that_fail)
{
    write_suite_manifest([this](const auto& name, const auto& text) { write(name, text); });
    write("clark/not-wf/2.xml", "<a/>");
    write("clark/valid/out/1.xml", "<a></a>");
    fs::remove(folder_.path() / "sun/1.xml");
    fs::remove(folder_.path() / "eduni/ns/ns.xml");
    const auto ended = run("xmlconf");
    EXPECT_EQ(ended.status, 1);
    for (const char* line :
         {"FAILED c-1 (valid, valid/1.xml): canonical form differs", "wanted <a></a>",
          "FAILED c-2 (not-wf, not-wf/2.xml): accepted", "FAILED s-1 (valid, 1.xml): there is no",
          "missing manifest: ", "6 passed, 3 failed\n"}) {
        SCOPED_TRACE(line);
        EXPECT_NE(ended.out.find(line), std::string::npos) << ended.out;
    }
    EXPECT_EQ(run("xmlconf", "none").status, 2);
}

TEST_F(conformance, html5lib_reads_every_section_of_its_files)
{
    write("tree-construction/a.dat", R"(#data
<p>One
#errors
(1,3): expected-doctype-but-got-start-tag
#new-errors
(1:4) something
#document
| <html>
|   <head>
|   <body>
|     <p>
|       "One"

#data
<noscript><p></noscript>
#errors
#script-off
#document
| <html>
|   <head>
|     <noscript>
|   <body>
|     <p>

#data
<noscript><p></noscript>
#errors
#script-on
#document
| <html>
|   <head>
|     <noscript>
|       "<p>"
|   <body>

#data
<g viewbox=x>&lt;
#errors
#document-fragment
svg svg
#document
| <svg g>
|   viewBox="x"
|   "<"

#data
<mi>x
#errors
#document-fragment
math ms
#document
| <mi>
|   "x"

#data
a

b
#errors
#document
| <html>
|   <head>
|   <body>
|     "a

b"
)");
    write("tokenizer/a.test", R"({"tests": [
{"description": "tag", "input": "<a b=c/>", "output": [["StartTag", "a", {"b": "c/"}]]},
{"description": "end", "input": "x</title >", "lastStartTag": "title",
 "initialStates": ["RCDATA state", "RAWTEXT state", "Script data state"],
 "output": [["Character", "x"], ["EndTag", "title"]]},
{"description": "twice", "doubleEscaped": true, "input": "\\u0041\\uD83D\\uDE00\\u0000",
 "output": [["Character", "A\\uD83D\\uDE00\\u0000"]],
 "errors": [{"code": "unexpected-null-character", "line": 1, "col": 1}]},
{"description": "section", "initialStates": ["CDATA section state"], "input": "a]]>&amp;",
 "output": [["Character", "a&"]]}
]})");
    write("tokenizer/xmlViolation.test",
          R"({"xmlViolationTests": [{"description": "c", "input": "\f", "output": []}]})");
    const auto ended = run("html5lib");
    EXPECT_EQ(ended.out, "12 passed, 0 failed\n");
    EXPECT_EQ(ended.status, 0);
}

TEST_F(conformance, jsonpatch_reads_both_kinds_of_files)
{
    write("tests.json", R"([
{"comment": "just a comment"},
{"doc": {}, "patch": [], "expected": {}},
{"comment": "off", "doc": {}, "patch": [{"op": "spam"}], "expected": 1, "disabled": true},
{"doc": {"a": 1}, "patch": [{"op": "remove", "path": "/b"}], "error": "no such place"},
{"doc": [1], "patch": [{"op": "add", "path": "/-", "value": 2}], "expected": [1, 2]},
{"doc": 1, "patch": [{"op": "test", "path": "", "value": 1.0}]}])");
    const auto ended = run("jsonpatch", "tests.json");
    EXPECT_EQ(ended.out, "2 disabled\n4 passed, 0 failed\n");
    EXPECT_EQ(ended.status, 0);
    write("bad.json", R"([{"doc": {}, "patch": [], "expected": {"a": 1}},
{"doc": {}, "patch": [], "error": "x"}])");
    EXPECT_NE(run("jsonpatch", "bad.json").out.find("0 passed, 2 failed\n"), std::string::npos);
}

TEST_F(conformance, jsonpath_reads_results_of_every_kind)
{
    write("cts.json", R"({"description": "x", "tests": [
{"name": "one", "selector": "$.a", "document": {"a": 1}, "result": [1], "result_paths": ["$['a']"]},
{"name": "several", "selector": "$.*", "document": {"a": 1, "b": 2}, "tags": ["x"],
 "results": [[1, 2], [2, 1]], "results_paths": [["$['a']", "$['b']"], ["$['b']", "$['a']"]]},
{"name": "bad", "selector": "$.", "invalid_selector": true},
{"name": "wrong", "selector": "$.a", "document": {"a": 1}, "result": [2]}]})");
    const auto ended = run("jsonpath", "cts.json");
    EXPECT_EQ(ended.out, "FAILED wrong: $.a: found [1]\n3 passed, 1 failed\n");
    EXPECT_EQ(ended.status, 1);
}

TEST_F(conformance, jsontestsuite_goes_by_the_names_of_files)
{
    write("parsing/y_a.json", "[1]");
    write("parsing/n_a.json", "[1,]");
    write("parsing/i_a.json", "[1e9999]");
    write("transform/number.json", "[1.0]");
    write("parsing/n_b.json", "[1]");
    const auto ended = run("jsontestsuite");
    EXPECT_EQ(ended.out, "refused i_a.json\nFAILED n_b.json\n2 passed, 1 failed\n");
}

}  // namespace
}  // namespace ferry
