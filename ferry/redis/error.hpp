#pragma once

#include "ferry/core/error.hpp"

#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace ferry::redis {

/// What a server's error reply says with its first word. The word itself is
/// response_error::word().
enum class errc {
    other = 1,     ///< ERR, or a word that is not in this list
    wrong_type,    ///< WRONGTYPE: the key holds another kind of value
    no_auth,       ///< NOAUTH: a password is needed
    wrong_pass,    ///< WRONGPASS: user or password is wrong
    no_perm,       ///< NOPERM: the user may not do this
    no_script,     ///< NOSCRIPT: EVALSHA of a script that the server does not know
    exec_abort,    ///< EXECABORT: a command of the transaction was refused
    read_only,     ///< READONLY: this is a replica
    loading,       ///< LOADING: the server still reads its data
    moved,         ///< MOVED: the slot lives on another node
    ask,           ///< ASK: the slot is on its way to another node
    cluster_down,  ///< CLUSTERDOWN
    busy,          ///< BUSY: a script is running
    oom,           ///< OOM: maxmemory is reached
    master_down,   ///< MASTERDOWN: the replica has lost its master
    unkillable,    ///< UNKILLABLE: the script has written already
    no_group,      ///< NOGROUP: no such stream or consumer group
    busy_group,    ///< BUSYGROUP: the consumer group exists
    try_again,     ///< TRYAGAIN: the slots of several keys are being moved
    misconf,       ///< MISCONF: the server cannot save and therefore does not write
    conflict,      ///< a transaction's watched keys changed, more often than it may try
    bad_reply,     ///< what came is not RESP, or not what the command promises
    lock_lost,     ///< a lock had expired, or belongs to somebody else
};
std::error_code make_error_code(errc e) noexcept;

/// The server answered with an error; the connection is fine. As redis.ResponseError.
class response_error : public protocol_error {
public:
    /// \param text  the reply as sent: `WRONGTYPE Operation against a key...`
    explicit response_error(std::string text);

    const std::string& text() const noexcept { return text_; }

    /// Its first word.
    std::string_view word() const noexcept;

private:
    std::string text_;
};

/// The connection was lost after a command had been sent and before its answer came: it may have
/// been carried out or not. Commands that can be repeated without harm are repeated instead.
class connection_lost : public connection_error {
public:
    using connection_error::connection_error;
};

}  // namespace ferry::redis

template <>
struct std::is_error_code_enum<ferry::redis::errc> : std::true_type {};
