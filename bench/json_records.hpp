#pragma once

// The structs that json_bench reads from the three public documents, and how simdjson on demand
// reads the same ones. Its users write this by hand: fields are asked for in the document's order,
// which is its fast way.
#include "ferry/core/describe.hpp"

#include <simdjson.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bench_records {

struct author {
    std::string name;
};
BOOST_DESCRIBE_STRUCT(author, (), (name))

struct tweet {
    std::uint64_t id = 0;
    std::string text;
    author user;
    std::uint64_t retweet_count = 0;
};
BOOST_DESCRIBE_STRUCT(tweet, (), (id, text, user, retweet_count))

struct timeline {
    std::vector<tweet> statuses;
};
BOOST_DESCRIBE_STRUCT(timeline, (), (statuses))

struct price {
    std::int64_t amount = 0;
    std::int64_t audienceSubCategoryId = 0;
    std::int64_t seatCategoryId = 0;
};
BOOST_DESCRIBE_STRUCT(price, (), (amount, audienceSubCategoryId, seatCategoryId))

struct area {
    std::int64_t areaId = 0;
};
BOOST_DESCRIBE_STRUCT(area, (), (areaId))

struct seat_category {
    std::vector<area> areas;
    std::int64_t seatCategoryId = 0;
};
BOOST_DESCRIBE_STRUCT(seat_category, (), (areas, seatCategoryId))

struct performance {
    std::int64_t eventId = 0;
    std::int64_t id = 0;
    std::optional<std::string> name;
    std::vector<price> prices;
    std::vector<seat_category> seatCategories;
    std::int64_t start = 0;
    std::string venueCode;
};
BOOST_DESCRIBE_STRUCT(performance, (),
                      (eventId, id, name, prices, seatCategories, start, venueCode))

struct catalog {
    std::vector<performance> performances;
};
BOOST_DESCRIBE_STRUCT(catalog, (), (performances))

struct geometry {
    std::vector<std::vector<std::array<double, 2>>> coordinates;
};
BOOST_DESCRIBE_STRUCT(geometry, (), (coordinates))

struct feature {
    geometry geometry;
};
BOOST_DESCRIBE_STRUCT(feature, (), (geometry))

struct map {
    std::vector<feature> features;
};
BOOST_DESCRIBE_STRUCT(map, (), (features))

inline std::size_t size_of(const timeline& t)
{
    return t.statuses.size();
}
inline std::size_t size_of(const catalog& c)
{
    return c.performances.size();
}
inline std::size_t size_of(const map& m)
{
    return m.features.size();
}

using simdjson::ondemand::object;

inline timeline timeline_of(simdjson::ondemand::parser& parser, const simdjson::padded_string& text)
{
    timeline made;
    auto document = parser.iterate(text);
    for (object status : document.find_field("statuses").get_array()) {
        tweet& t = made.statuses.emplace_back();
        t.id = status.find_field("id").get_uint64();
        t.text = std::string_view(status.find_field("text").get_string());
        t.user.name = std::string_view(status.find_field("user").find_field("name").get_string());
        t.retweet_count = status.find_field("retweet_count").get_uint64();
    }
    return made;
}

inline catalog catalog_of(simdjson::ondemand::parser& parser, const simdjson::padded_string& text)
{
    catalog made;
    auto document = parser.iterate(text);
    for (object item : document.find_field("performances").get_array()) {
        performance& p = made.performances.emplace_back();
        p.eventId = item.find_field("eventId").get_int64();
        p.id = item.find_field("id").get_int64();
        simdjson::ondemand::value name = item.find_field("name").value();
        if (!name.is_null()) p.name = std::string_view(name.get_string());
        for (object offer : item.find_field("prices").get_array()) {
            price& o = p.prices.emplace_back();
            o.amount = offer.find_field("amount").get_int64();
            o.audienceSubCategoryId = offer.find_field("audienceSubCategoryId").get_int64();
            o.seatCategoryId = offer.find_field("seatCategoryId").get_int64();
        }
        for (object category : item.find_field("seatCategories").get_array()) {
            seat_category& c = p.seatCategories.emplace_back();
            for (object place : category.find_field("areas").get_array()) {
                c.areas.emplace_back().areaId = place.find_field("areaId").get_int64();
            }
            c.seatCategoryId = category.find_field("seatCategoryId").get_int64();
        }
        p.start = item.find_field("start").get_int64();
        p.venueCode = std::string_view(item.find_field("venueCode").get_string());
    }
    return made;
}

inline map map_of(simdjson::ondemand::parser& parser, const simdjson::padded_string& text)
{
    map made;
    auto document = parser.iterate(text);
    for (object item : document.find_field("features").get_array()) {
        auto& rings = made.features.emplace_back().geometry.coordinates;
        for (auto ring : item.find_field("geometry").find_field("coordinates").get_array()) {
            auto& points = rings.emplace_back();
            for (auto point : ring.get_array()) {
                auto& p = points.emplace_back();
                std::size_t i = 0;
                for (double number : point.get_array()) p.at(i++) = number;
            }
        }
    }
    return made;
}

}  // namespace bench_records
