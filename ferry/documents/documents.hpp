#pragma once

/// \file
/// JSON, HTML and XPath on one value type and one document tree.
#include "ferry/documents/json.hpp"
