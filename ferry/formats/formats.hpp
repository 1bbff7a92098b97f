#pragma once

/// \file
/// Formats that move values between programs:
///
/// | namespace | what |
/// | --- | --- |
/// | pickle | Python's own; plain data both ways, everything else shown and never run |
/// | msgpack | MessagePack, also as a stream |
/// | yaml | YAML 1.1, as PyYAML's safe_load and safe_dump |
///
/// Each has `load`, `load<T>` for described structs, `dump`, and options with limits.

#include "ferry/formats/msgpack.hpp"
#include "ferry/formats/pickle.hpp"
#include "ferry/formats/pickle_document.hpp"
#include "ferry/formats/yaml.hpp"
