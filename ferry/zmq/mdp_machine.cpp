#include "ferry/zmq/detail/mdp_machine.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ferry::zmq::mdp::detail {
namespace {

/// Puts the frames of `m` from `first` on behind those of `head`.
multipart join(multipart head, multipart& m, std::size_t first)
{
    std::move(m.begin() + static_cast<std::ptrdiff_t>(first), m.end(), std::back_inserter(head));
    return head;
}

}  // namespace

std::vector<multipart> broker_machine::receive(multipart m, time_point now)
{
    std::vector<multipart> out;
    // sender, "", protocol, then at least a service or a command; anything else is not for us.
    if (m.size() < 4 || !m[1].empty()) return out;
    if (m[2] == client_protocol) {
        from_client(std::move(m), out);
    } else if (m[2] == worker_protocol) {
        from_worker(std::move(m), now, out);
    }
    return out;
}

void broker_machine::from_client(multipart m, std::vector<multipart>& out)
{
    const std::string service = m[3].to_string();
    if (service.starts_with("mmi.")) {
        std::string_view code = "501";
        if (service == "mmi.service" && m.size() > 4) {
            const auto at = services_.find(m[4].to_string());
            code = at != services_.end() && at->second.workers > 0 ? "200" : "404";
        }
        out.push_back(parts(std::move(m[0]), "", client_protocol, service, code));
        return;
    }
    if (waiting_ >= broker::max_waiting) return;
    ++waiting_;
    services_[service].requests.push_back(join(parts(std::move(m[0]), ""), m, 4));
    hand_out(service, out);
}

void broker_machine::from_worker(multipart m, time_point now, std::vector<multipart>& out)
{
    const std::string name = m[0].to_string();
    const std::string command = m[3].to_string();
    const auto known = workers_.find(name);
    if (command == ready && m.size() > 4 && known == workers_.end()) {
        const std::string service = m[4].to_string();
        worker_state added;
        added.service = service;
        workers_.emplace(name, std::move(added));
        ++services_[service].workers;
        rest(name, now);
        hand_out(service, out);
        return;
    }
    if (known == workers_.end() || command == ready) {
        // Out of order: it shall begin anew.
        if (known != workers_.end()) forget(name);
        if (command != disconnect) {
            out.push_back(parts(std::move(m[0]), "", worker_protocol, disconnect));
        }
        return;
    }
    const std::string service = known->second.service;
    known->second.expires = now + with_.expiry();
    if (command == reply && m.size() > 5) {
        out.push_back(join(parts(std::move(m[4]), "", client_protocol, service), m, 6));
        if (!known->second.idle) rest(name, now);
        hand_out(service, out);
    } else if (command == disconnect) {
        forget(name);
    }
}

void broker_machine::rest(const std::string& name, time_point now)
{
    worker_state& w = workers_.at(name);
    w.idle = true;
    w.expires = now + with_.expiry();
    services_[w.service].idle.push_back(name);
}

void broker_machine::forget(const std::string& name)
{
    const auto at = workers_.find(name);
    const auto service = services_.find(at->second.service);
    std::erase(service->second.idle, name);
    --service->second.workers;
    if (service->second.workers == 0 && service->second.requests.empty()) services_.erase(service);
    workers_.erase(at);
}

void broker_machine::hand_out(const std::string& service, std::vector<multipart>& out)
{
    service_state& s = services_[service];
    while (!s.requests.empty() && !s.idle.empty()) {
        workers_.at(s.idle.front()).idle = false;
        out.push_back(
            join(parts(s.idle.front(), "", worker_protocol, request), s.requests.front(), 0));
        s.idle.pop_front();
        s.requests.pop_front();
        --waiting_;
    }
}

std::vector<multipart> broker_machine::tick(time_point now)
{
    std::vector<multipart> out;
    std::vector<std::string> dead;
    for (const auto& [name, w] : workers_) {
        if (w.expires < now) {
            dead.push_back(name);
        } else {
            out.push_back(parts(name, "", worker_protocol, heartbeat));
        }
    }
    for (const auto& name : dead) forget(name);
    return out;
}

}  // namespace ferry::zmq::mdp::detail
