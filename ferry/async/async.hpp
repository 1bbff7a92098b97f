#pragma once

/// \file
/// The runtime: one kind of operation, ferry::awaitable, and four ways to wait for it.
