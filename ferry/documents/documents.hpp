#pragma once

/// \file
/// JSON, XML, HTML and XPath on one value type and one document tree.

#include "ferry/documents/css.hpp"
#include "ferry/documents/html.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/documents/json_canonical.hpp"
#include "ferry/documents/json_lines.hpp"
#include "ferry/documents/json_patch.hpp"
#include "ferry/documents/json_pointer.hpp"
#include "ferry/documents/json_stream.hpp"
#include "ferry/documents/json_writer.hpp"
#include "ferry/documents/jsonpath.hpp"
#include "ferry/documents/tree.hpp"
#include "ferry/documents/untangle.hpp"
#include "ferry/documents/xml.hpp"
#include "ferry/documents/xml_canonical.hpp"
#include "ferry/documents/xml_draft.hpp"
#include "ferry/documents/xml_schema.hpp"
#include "ferry/documents/xml_stream.hpp"
#include "ferry/documents/xml_write.hpp"
#include "ferry/documents/xmltodict.hpp"
#include "ferry/documents/xpath.hpp"
