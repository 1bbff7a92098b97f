// Any text is a selector or an error with a place in it, and any selector finds elements of the
// page in document order, each once, the same that matches() says, within its limits.

#include "ferry/core/error.hpp"
#include "ferry/documents/css.hpp"
#include "ferry/documents/html.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

constexpr const char* page_text =
    "<!DOCTYPE html><html lang=en><body><div id=a class='b c'><p title='x "
    "y'>one<b>two</b><i></i></p>"
    "<ul><li>1<li class=b>2<li>3</ul><form><input name=n checked type=checkbox><select><option>o"
    "</select></form><svg viewBox='0'><a href=x xlink:href=y></a></svg><template><p></template>"
    "<table><tr><td>1<td dir=rtl>2</table></div><p>tail</p>";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const ferry::html::document page = ferry::html::parse(page_text);
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try {
        const auto selector = ferry::css::selector::compile(text);
        const auto with = ferry::css::context().max_steps(2'000'000).ns("s", "urn:s");
        selector.strings(page.tree(), 0, with);
        if (selector.has_pseudo_element()) return 0;
        const auto found = selector.select(page.tree(), 0, with);
        auto next = found.begin();
        for (ferry::documents::node_id n = 0; n < page.tree().size(); ++n) {
            // The one inside of the template is not found from the document.
            if (page.tree().kind(n) == ferry::documents::node_kind::fragment) {
                n = page.tree().end(n) - 1;
                continue;
            }
            if (!page.tree().is_element(n)) continue;
            const bool is_found = next != found.end() && *next == n;
            if (is_found) ++next;
            auto at_root = with;
            if (selector.matches(page.tree(), n, at_root.scope(page.root().id())) != is_found)
                std::abort();
        }
        if (next != found.end()) std::abort();
    } catch (const ferry::parse_error& e) {
        if (e.where().offset > size) std::abort();
    } catch (const ferry::limit_error&) {
    }
    return 0;
}
