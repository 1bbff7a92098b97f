#include "ferry/tasks/message.hpp"
#include "ferry/tasks/result.hpp"
#include "ferry/tasks/sealed_envelope.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace ferry;

/// What was read once must come back from what is written of it.
void through(const tasks::envelope& e)
{
    const tasks::message m = tasks::decode(e);
    tasks::envelope again = tasks::encode(m);
    again = tasks::envelope_from_text(tasks::head_to_text(again), again.body);
    const tasks::message same = tasks::decode(again);
    if (same.task != m.task || same.id != m.id || same.retries != m.retries) std::abort();
}

/// What is decoded without being opened, opened says the same.
void as_it_came(std::string_view properties, std::string_view body)
{
    tasks::sealed_envelope e(std::string{properties}, buffer::copy(body));
    const tasks::message m = tasks::decode(e);
    const tasks::message same = tasks::decode(e.open());
    if (same.task != m.task || same.id != m.id ||
        tasks::python_repr(same.args) != tasks::python_repr(m.args))
        std::abort();
}

}  // namespace

/// The head, as JSON or as AMQP has it, a line break, and the body; a body alone is also read as a
/// result.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view all{reinterpret_cast<const char*>(data), size};
    const std::string_view head = all.substr(0, all.find('\n'));
    const std::string_view body = all.substr(std::min(all.size(), head.size() + 1));
    try {
        through(tasks::envelope_from_text(head, std::string{body}));
    } catch (const error&) {
    }
    try {
        as_it_came(head, body);
    } catch (const error&) {
    }
    try {
        const tasks::result_document d = tasks::result_from_json(body);
        const tasks::task_error shown{d};
        if (tasks::result_from_json(tasks::to_json(d)).status != d.status) std::abort();
    } catch (const error&) {
    }
    return 0;
}
