#pragma once

/// \file
/// Hashes, random secrets and, later, the rest of what a Python program uses to be safe.
