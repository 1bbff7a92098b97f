// URLs, encodings, compression and hashes: what happens to a page between the wire and the program.
#include "ferry/compress/compress.hpp"
#include "ferry/core/core.hpp"
#include "ferry/crypto/crypto.hpp"

#include <iostream>

using namespace ferry;

int main()
{
    const url page = url::parse("http://Bücher.example/a/../liste?seite=1#oben");
    std::cout << page.href() << "\n";

    url next = page.resolve("../bild é.png");
    std::cout << next.path_and_query() << "\n";

    auto pairs = query_pairs::parse(page.query());
    pairs.set("seite", "2 & mehr");
    next.set_query(pairs.to_string());
    std::cout << next.href() << "\n";

    const auto encoding = charset::find("iso-8859-1").value();  // windows-1252, as in a browser
    const std::string text = charset::decode(as_bytes("caf\xE9 \x80 5"), encoding);
    std::cout << text << " (" << charset::name(encoding) << ")\n";

    const bytes packed = compress::gzip(as_bytes(text));
    const bytes again = compress::expand(packed);  // the codec is recognised
    std::cout << (as_text(again) == text) << " " << hash::sha256(again).hex().substr(0, 8) << "\n";
}
