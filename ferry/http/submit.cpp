#include "ferry/http/submit.hpp"

#include "ferry/http/multipart.hpp"

namespace ferry::http {

awaitable<response> submit(session& api, const html::submission& what)
{
    if (what.method != "POST") return api.get(what.url);
    if (what.enctype != "multipart/form-data")
        return api.post(what.url, body(what.body(), what.enctype));
    std::vector<part> parts;
    for (const auto& [name, value] : what.pairs) parts.push_back(field(name, value));
    return api.post(what.url, multipart(std::move(parts)));
}

}  // namespace ferry::http
