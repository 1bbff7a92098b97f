#pragma once

/// \file
/// What every module speaks: errors, values, bytes, text, URLs, time, limits and the log.
#include "ferry/core/base64.hpp"
#include "ferry/core/big_integer.hpp"
#include "ferry/core/buffer.hpp"
#include "ferry/core/bytes.hpp"
#include "ferry/core/charset.hpp"
#include "ferry/core/describe.hpp"
#include "ferry/core/error.hpp"
#include "ferry/core/file.hpp"
#include "ferry/core/idna.hpp"
#include "ferry/core/log.hpp"
#include "ferry/core/percent.hpp"
#include "ferry/core/random.hpp"
#include "ferry/core/time.hpp"
#include "ferry/core/url.hpp"
#include "ferry/core/url_query.hpp"
#include "ferry/core/utf8.hpp"
#include "ferry/core/uuid.hpp"
#include "ferry/core/value.hpp"
#include "ferry/core/value_builder.hpp"
