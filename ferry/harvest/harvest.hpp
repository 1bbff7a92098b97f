#pragma once

/// \file
/// Recipes that fetch pages, extract typed records and survive being killed.
