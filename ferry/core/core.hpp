#pragma once

/// \file
/// What every module speaks: errors, values, bytes, text, URLs, time, limits and the log.
