#include "ferry/http/stream_body.hpp"

#include "ferry/async/queue.hpp"
#include "ferry/async/task.hpp"

#include <optional>
#include <utility>

namespace ferry::http {

class body_writer::channel {
public:
    ferry::queue<buffer> pieces{1};
};

body_writer::body_writer(std::shared_ptr<channel> to) noexcept : to_(std::move(to)) {}

awaitable<void> body_writer::write(buffer piece)
{
    const auto put = [](std::shared_ptr<channel> to, buffer what) -> awaitable<void> {
        if (what.empty()) co_return;
        co_await to->pieces.put(std::move(what));
    };
    return put(to_, std::move(piece));
}

awaitable<void> body_writer::write(std::string text)
{
    return write(buffer(std::move(text)));
}

namespace {

using write_function = std::function<awaitable<void>(body_writer&)>;

// Runs the writer in a task of its own, from the first piece on that is asked for.
class written_source final : public body_source {
public:
    explicit written_source(write_function write)
        : write_(std::make_shared<write_function>(std::move(write)))
    {
    }
    ~written_source() override
    {
        if (started_) task_.cancel();
    }

    awaitable<buffer> next() override
    {
        if (!started_) {
            started_ = true;
            task_ = spawn(run(write_, channel_));
        }
        std::optional<buffer> piece = co_await channel_->pieces.next();
        if (piece) co_return std::move(*piece);
        co_await task_.join();  // throws what the writer threw
        co_return buffer();
    }
    std::optional<std::uint64_t> length() const override { return std::nullopt; }
    bool rewind() override { return !started_; }

private:
    static awaitable<void> run(std::shared_ptr<write_function> write,
                               std::shared_ptr<body_writer::channel> to)
    {
        body_writer out(to);
        try {
            auto written = (*write)(out);
            co_await std::move(written);
        } catch (...) {
            to->pieces.close();
            throw;
        }
        to->pieces.close();
    }

    std::shared_ptr<write_function> write_;
    std::shared_ptr<body_writer::channel> channel_ = std::make_shared<body_writer::channel>();
    task<void> task_;
    bool started_ = false;
};

}  // namespace

body stream_body(write_function write, std::string content_type)
{
    return body(std::make_shared<written_source>(std::move(write)), std::move(content_type));
}

}  // namespace ferry::http
