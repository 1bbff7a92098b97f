#include "ferry/amqp/rpc.hpp"

#include "ferry/amqp/detail/channel_core.hpp"
#include "ferry/amqp/error.hpp"
#include "ferry/async/sync.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/task_group.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"

#include <map>
#include <optional>
#include <utility>

namespace ferry::amqp {
namespace {

constexpr auto reply_queue = "amq.rabbitmq.reply-to";

}  // namespace

class rpc_client::impl : public std::enable_shared_from_this<impl> {
public:
    impl(channel over, std::shared_ptr<detail::channel_core> core)
        : channel_{std::move(over)}, core_{std::move(core)}
    {
    }
    impl(const impl&) = delete;
    impl& operator=(const impl&) = delete;
    ~impl() { reading_.cancel(); }

    void begin(consumer answers)
    {
        const std::weak_ptr<impl> weak = weak_from_this();
        channel_.add_on_return([weak](const returned_message& m) {
            if (const auto self = weak.lock()) self->returned(m);
        });
        reading_ = spawn(read(weak, std::move(answers)), "amqp rpc client");
    }

    static awaitable<message> call(std::shared_ptr<impl> self, std::string exchange,
                                   std::string routing_key, publish_body request,
                                   std::chrono::milliseconds limit, properties with)
    {
        if (self->failure_) std::rethrow_exception(self->failure_);
        const std::string id = std::to_string(++self->calls_);
        question mine(*self, id);
        with.correlation_id(id).reply_to(reply_queue);
        auto asking = self->channel_.basic_publish(
            std::move(exchange), routing_key, std::move(request), std::move(with), mandatory());
        co_await std::move(asking);
        auto waiting = timeout(limit, mine.done.wait(), "amqp: the answer of " + routing_key);
        co_await std::move(waiting);
        if (mine.failure) std::rethrow_exception(mine.failure);
        co_return std::move(*mine.answer);
    }

    std::size_t under_way() const noexcept { return open_.size(); }

private:
    // A call that waits.
    class question {
    public:
        question(impl& of, std::string id) : of_{of}, id_{std::move(id)} { of_.open_[id_] = this; }
        question(const question&) = delete;
        question& operator=(const question&) = delete;
        ~question() { of_.open_.erase(id_); }

        event done;
        std::optional<message> answer;
        std::exception_ptr failure;

    private:
        impl& of_;
        std::string id_;
    };

    question* find(const message& m) const
    {
        const auto at = open_.find(m.properties().correlation_id());
        return at == open_.end() ? nullptr : at->second;
    }

    void returned(const returned_message& m)
    {
        question* const q = find(m);
        if (q == nullptr) return;
        q->failure = std::make_exception_ptr(
            error(errc::no_route, "amqp: nobody serves '" + m.routing_key() + "'"));
        q->done.set();
    }

    void arrived(delivery d)
    {
        question* const q = find(d);
        if (q == nullptr) {
            ++core_->owner().counts().late_replies;
            return;
        }
        q->answer = std::move(static_cast<message&>(d));
        q->done.set();
    }

    void ended(std::exception_ptr why)
    {
        failure_ = std::move(why);
        for (const auto& [id, q] : open_) {
            q->failure = failure_;
            q->done.set();
        }
    }

    static awaitable<void> read(std::weak_ptr<impl> weak, consumer answers)
    {
        try {
            for (;;) {
                auto waiting = answers.next();
                std::optional<delivery> d = co_await std::move(waiting);
                const auto self = weak.lock();
                if (!self || !d) co_return;
                self->arrived(std::move(*d));
            }
        } catch (const error&) {
            if (const auto self = weak.lock()) self->ended(std::current_exception());
        }
    }

    channel channel_;
    std::shared_ptr<detail::channel_core> core_;
    task<void> reading_;
    std::map<std::string, question*> open_;
    std::uint64_t calls_ = 0;
    std::exception_ptr failure_;
};

awaitable<rpc_client> rpc_client::open(connection over)
{
    auto opening = over.channel();
    channel own = co_await std::move(opening);
    auto beginning = own.basic_consume(reply_queue, no_ack());
    consumer answers = co_await std::move(beginning);
    auto core = own.core_;
    auto made = std::make_shared<impl>(std::move(own), std::move(core));
    made->begin(std::move(answers));
    co_return rpc_client(std::move(made));
}

awaitable<message> rpc_client::call(std::string routing_key, publish_body request,
                                    std::chrono::milliseconds limit, properties with,
                                    std::string exchange)
{
    return impl::call(impl_, std::move(exchange), std::move(routing_key), std::move(request), limit,
                      std::move(with));
}

std::size_t rpc_client::under_way() const noexcept
{
    return impl_->under_way();
}

namespace {

awaitable<void> answer(channel over, std::shared_ptr<const rpc_handler> handler, delivery request)
{
    const properties asked = request.properties();
    message question = static_cast<message&>(request);
    std::optional<publish_body> body;
    try {
        auto working = (*handler)(std::move(question));
        body = co_await std::move(working);
    } catch (const error& e) {
        log::warning("amqp: a request was not answered", "queue", request.routing_key(), "failure",
                     e.what());
    } catch (const std::exception& e) {
        log::warning("amqp: a request was not answered", "queue", request.routing_key(), "failure",
                     e.what());
    }
    if (!body) {
        auto refusing = request.reject(false);
        co_await std::move(refusing);
        co_return;
    }
    if (!asked.reply_to().empty()) {
        properties with;
        with.correlation_id(asked.correlation_id());
        auto answering =
            over.basic_publish("", asked.reply_to(), std::move(*body), std::move(with));
        co_await std::move(answering);
    }
    auto acking = request.ack();
    co_await std::move(acking);
}

awaitable<void> serve_all(task_group* group, channel over, std::string queue, rpc_handler handler,
                          std::uint16_t at_once)
{
    const auto shared = std::make_shared<const rpc_handler>(std::move(handler));
    auto beginning = over.basic_consume(std::move(queue), prefetch(at_once));
    consumer requests = co_await std::move(beginning);
    for (;;) {
        auto waiting = requests.next();
        std::optional<delivery> request = co_await std::move(waiting);
        if (!request) co_return;
        group->spawn(answer(over, shared, std::move(*request)));
    }
}

}  // namespace

awaitable<void> serve_rpc(channel over, std::string queue, rpc_handler handler,
                          std::uint16_t at_once)
{
    task_group group;
    group.spawn(serve_all(&group, over, std::move(queue), std::move(handler), at_once));
    co_await group.join();
}

}  // namespace ferry::amqp
