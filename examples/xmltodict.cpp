// XML as a dictionary, and back.

#include "ferry/documents/xmltodict.hpp"

#include "ferry/documents/json.hpp"

#include <cstdio>

int main()
{
    using namespace ferry;

    const char* const text =
        "<order id='7'><item>pen</item><item>ink</item><note>soon</note></order>";

    value doc = xmltodict::parse(text);
    std::printf("%s\n", json::dump(doc).c_str());

    doc["order"]["item"].push_back("paper");
    std::printf("%s\n", xmltodict::unparse(doc, xmltodict::unparse_options().pretty(true)).c_str());

    // One item at a time, in constant memory where the text comes from a stream.
    xmltodict::parse(text,
                     xmltodict::parse_options().items(2, [](xmltodict::path at, const value& item) {
                         std::printf("%s = %s\n", at.back().name.c_str(), json::dump(item).c_str());
                         return true;
                     }));
}
