#pragma once

/// \file
/// The HTTP session and the HTTP server.
