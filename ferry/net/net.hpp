#pragma once

/// \file
/// The one byte stream: TCP, unix sockets, TLS and pairs in memory; listeners and the resolver.
