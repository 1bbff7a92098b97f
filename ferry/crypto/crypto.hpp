#pragma once

/// \file
/// Hashes and random secrets: what a program uses to be safe.
#include "ferry/crypto/hash.hpp"
#include "ferry/crypto/hmac.hpp"
#include "ferry/crypto/secrets.hpp"
