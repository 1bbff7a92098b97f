#pragma once

/// \file
/// Recipes that fetch pages, extract typed records and survive being killed. As Scrapy, without
/// code: a recipe says where to start, which links to follow and what to take.

#include "ferry/harvest/recipe.hpp"
#include "ferry/harvest/robots.hpp"
#include "ferry/harvest/run.hpp"
#include "ferry/harvest/show.hpp"
