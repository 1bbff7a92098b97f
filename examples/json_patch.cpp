// Changes documents by patches, and shows what differs.
#include "ferry/documents/json_patch.hpp"

#include "ferry/documents/json.hpp"
#include "ferry/documents/json_canonical.hpp"
#include "ferry/documents/json_pointer.hpp"

#include <cstdio>

using namespace ferry;

int main()
{
    const value before = json::parse(R"({"name": "pen", "price": 1.5, "tags": ["a", "b", "c"]})");
    value after = before;
    json::pointer{"/price"}.at(after) = 2;
    after["tags"].erase(std::size_t{1});
    after["stock"] = 7;
    std::printf("%s", json::diff(before, after).c_str());

    // A patch travels instead of the document.
    const value patch = json::make_patch(before, after);
    std::printf("%s\n", json::dump(patch).c_str());
    std::printf("%s\n", json::dump(json::apply_patch(before, patch)).c_str());

    // All of it or nothing.
    try {
        json::apply_patch(before, json::parse(R"([{"op": "test", "path": "/price", "value": 3},
                                                  {"op": "remove", "path": "/name"}])"));
    } catch (const json::patch_error& e) {
        std::printf("%s\n", e.what());
    }

    const value merged =
        json::apply_merge_patch(before, json::parse(R"({"tags": null, "new": 1})"));
    // The form to sign: members sorted, numbers written one way.
    std::printf("%s\n", json::canonical(merged).c_str());
}
