#pragma once

// The rivals of tasks_bench: Celery in processes of its own, and rabbitmq-c and hiredis with the
// bytes of a task message.

#include "ferry/redis/options.hpp"
#include "ferry/tasks/tasks.hpp"

#include "bench/bench.hpp"
#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <hiredis/hiredis.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace ferry::bench {

/// Celery's figures by "case metric", as tasks_peer.py prints them.
using celery_figures = std::map<std::string, double>;

/// Runs Celery with two prefork processes and prints its figures as cases of `name`.
inline celery_figures run_celery(const std::string& name, const std::string& broker,
                                 const std::string& backend, int count)
{
    const std::string command = "/usr/bin/python3 -B " FERRY_BENCH_DIR "/tasks_peer.py " + broker +
                                ' ' + backend + ' ' + std::to_string(count);
    std::FILE* const peer = ::popen(command.c_str(), "r");
    celery_figures found;
    char what[64];
    char metric[64];
    char unit[64];
    double measured = 0;
    while (peer != nullptr &&
           std::fscanf(peer, "%63s %63s %lf %63s", what, metric, &measured, unit) == 4) {
        found[std::string{what} + ' ' + metric] = measured;
        print("tasks", "celery/" + name + '-' + what, metric, {measured}, unit);
    }
    if (peer == nullptr || ::pclose(peer) != 0) {
        std::fputs("tasks_bench: Celery did not run: python3-celery\n", stderr);
        std::exit(1);
    }
    return found;
}

/// Headers as rabbitmq-c has them, and the memory for that.
class header_table {
public:
    explicit header_table(const value& headers)
    {
        for (const auto& [key, v] : headers.items()) {
            entries_.push_back({bytes_of(std::string{key}), field(v)});
        }
    }
    header_table(const header_table&) = delete;
    header_table& operator=(const header_table&) = delete;

    amqp_table_t get() { return {static_cast<int>(entries_.size()), entries_.data()}; }

private:
    amqp_bytes_t bytes_of(std::string text)
    {
        texts_.push_back(std::move(text));
        return {texts_.back().size(), texts_.back().data()};
    }

    amqp_field_value_t field(const value& v)
    {
        amqp_field_value_t f{};
        if (v.is_boolean()) {
            f.kind = AMQP_FIELD_KIND_BOOLEAN;
            f.value.boolean = v.as<bool>() ? 1 : 0;
        } else if (v.is_integer()) {
            f.kind = AMQP_FIELD_KIND_I32;
            f.value.i32 = v.as<std::int32_t>();
        } else if (v.is_string()) {
            f.kind = AMQP_FIELD_KIND_UTF8;
            f.value.bytes = bytes_of(v.as<std::string>());
        } else if (v.is_array()) {
            std::vector<amqp_field_value_t>& items = arrays_.emplace_back();
            for (const value& item : v) items.push_back(field(item));
            f.kind = AMQP_FIELD_KIND_ARRAY;
            f.value.array = {static_cast<int>(items.size()), items.data()};
        } else {
            f.kind = AMQP_FIELD_KIND_VOID;
        }
        return f;
    }

    std::deque<std::string> texts_;
    std::deque<std::vector<amqp_field_value_t>> arrays_;
    std::vector<amqp_table_entry_t> entries_;
};

/// rabbitmq-c, publishing the same task message again and again and, on a second connection and
/// thread, consuming it.
class rabbitmq_c {
public:
    rabbitmq_c(const amqp::options& at, std::string queue)
        : host_{at.hosts().front().host()}, port_{at.hosts().front().port()}, queue_{queue}
    {
    }

    struct carried {
        double rate;          ///< messages a second, from the first publish to the last ack
        double consumer_cpu;  ///< microseconds a message, of the thread that consumes and acks
    };

    /// \param confirms  the publisher waits for the broker's word, 500 messages behind.
    carried through(const tasks::envelope& e, int count, bool confirms)
    {
        const double start = wall_seconds();
        double consumer = 0;
        std::thread consuming([&] {
            consume(count);
            consumer = thread_cpu_seconds();
        });
        publish(e, count, confirms);
        consuming.join();
        return {count / (wall_seconds() - start), consumer / count * 1e6};
    }

    /// What no task can be faster than: the caller publishes its message, a second thread takes
    /// that, acknowledges it and stores and publishes a result with hiredis, which the caller waits
    /// for. No confirm, nothing encoded or decoded, no queue between the threads of a worker.
    /// \return the median of microseconds.
    double latency(const tasks::envelope& e, const std::string& result, const redis::options& store,
                   int count)
    {
        const auto connect = [at = store.at()] {
            redisContext* const c = redisConnect(at.host().c_str(), at.port());
            require(c != nullptr && c->err == 0, "hiredis: connect");
            return c;
        };
        const auto take = [](redisContext* from) {
            redisReply* r = nullptr;
            require(redisGetReply(from, reinterpret_cast<void**>(&r)) == REDIS_OK, "hiredis");
            freeReplyObject(r);
        };
        redisContext* const waiting = connect();
        redisContext* const storing = connect();
        freeReplyObject(redisCommand(waiting, "SUBSCRIBE bare"));
        std::thread working([&] {
            consume(count, [&] {
                redisAppendCommand(storing, "SETEX bare 60 %b", result.data(), result.size());
                redisAppendCommand(storing, "PUBLISH bare %b", result.data(), result.size());
                take(storing);
                take(storing);
            });
        });
        amqp_connection_state_t s = open();
        const properties p{e};
        std::vector<double> times;
        for (int i = 0; i < count; ++i) {
            const double start = wall_seconds();
            publish_one(s, p, e);
            take(waiting);
            times.push_back((wall_seconds() - start) * 1e6);
        }
        working.join();
        close(s);
        redisFree(waiting);
        redisFree(storing);
        return median(times);
    }

private:
    static constexpr int window = 500;
    static constexpr int prefetch = 200;
    static constexpr int ack_each = 50;

    static double thread_cpu_seconds()
    {
        timespec t{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
    }

    static void require(bool good, const char* what)
    {
        if (good) return;
        std::fprintf(stderr, "tasks_bench: rabbitmq-c: %s\n", what);
        std::exit(1);
    }

    static amqp_bytes_t bytes_of(const std::string& text)
    {
        return {text.size(), const_cast<char*>(text.data())};
    }

    amqp_connection_state_t open() const
    {
        amqp_connection_state_t s = amqp_new_connection();
        amqp_socket_t* socket = amqp_tcp_socket_new(s);
        require(amqp_socket_open(socket, host_.c_str(), port_) == AMQP_STATUS_OK, "connect");
        amqp_login(s, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest");
        amqp_channel_open(s, 1);
        require(amqp_get_rpc_reply(s).reply_type == AMQP_RESPONSE_NORMAL, "open");
        return s;
    }

    /// Reads the broker's confirms. \return how many messages they are worth.
    static int confirmed(amqp_connection_state_t s, std::uint64_t& last)
    {
        amqp_frame_t frame;
        amqp_maybe_release_buffers(s);
        require(amqp_simple_wait_frame(s, &frame) == AMQP_STATUS_OK, "confirm");
        require(frame.payload.method.id == AMQP_BASIC_ACK_METHOD, "confirm");
        const auto* ack = static_cast<const amqp_basic_ack_t*>(frame.payload.method.decoded);
        if (ack->multiple == 0) return 1;
        // Some of them may have been confirmed alone: more than enough for a window.
        const auto all = static_cast<int>(ack->delivery_tag - last);
        last = ack->delivery_tag;
        return all;
    }

    /// The properties of a task message, as long as this and the envelope live.
    struct properties {
        explicit properties(const tasks::envelope& e) : headers{e.headers}
        {
            all._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_CONTENT_ENCODING_FLAG |
                         AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
                         AMQP_BASIC_PRIORITY_FLAG | AMQP_BASIC_CORRELATION_ID_FLAG |
                         AMQP_BASIC_REPLY_TO_FLAG;
            all.content_type = bytes_of(e.content_type);
            all.content_encoding = bytes_of(e.content_encoding);
            all.headers = headers.get();
            all.delivery_mode = 2;
            all.correlation_id = bytes_of(e.correlation_id);
            all.reply_to = bytes_of(e.reply_to);
        }
        header_table headers;
        amqp_basic_properties_t all{};
    };

    void publish_one(amqp_connection_state_t s, const properties& p, const tasks::envelope& e) const
    {
        require(amqp_basic_publish(s, 1, amqp_empty_bytes, bytes_of(queue_), 0, 0, &p.all,
                                   bytes_of(e.body)) == AMQP_STATUS_OK,
                "publish");
    }

    static void close(amqp_connection_state_t s)
    {
        amqp_channel_close(s, 1, AMQP_REPLY_SUCCESS);
        amqp_destroy_connection(s);
    }

    void publish(const tasks::envelope& e, int count, bool confirms) const
    {
        amqp_connection_state_t s = open();
        if (confirms) amqp_confirm_select(s, 1);
        const properties p{e};
        int unconfirmed = 0;
        std::uint64_t last = 0;
        for (int i = 0; i < count; ++i) {
            publish_one(s, p, e);
            if (!confirms) continue;
            ++unconfirmed;
            while (unconfirmed >= window) unconfirmed -= confirmed(s, last);
        }
        close(s);
    }

    /// \param each  called for every message, if it is set.
    void consume(int count, const std::function<void()>& each = nullptr) const
    {
        amqp_connection_state_t s = open();
        amqp_basic_qos(s, 1, 0, prefetch, 0);
        amqp_basic_consume(s, 1, bytes_of(queue_), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
        require(amqp_get_rpc_reply(s).reply_type == AMQP_RESPONSE_NORMAL, "consume");
        for (int i = 1; i <= count; ++i) {
            amqp_maybe_release_buffers(s);
            amqp_envelope_t envelope;
            require(
                amqp_consume_message(s, &envelope, nullptr, 0).reply_type == AMQP_RESPONSE_NORMAL,
                "consume a message");
            const bool ack = each || i % ack_each == 0 || i == count;
            if (ack) amqp_basic_ack(s, 1, envelope.delivery_tag, 1);
            amqp_destroy_envelope(&envelope);
            if (each) each();
        }
        close(s);
    }

    std::string host_;
    int port_;
    std::string queue_;
};

}  // namespace ferry::bench
