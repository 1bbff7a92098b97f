#include "ferry/core/detail/charset_index.hpp"

#include "ferry/core/error.hpp"

#include <unicode/ucnv.h>

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

// The tables come from ICU's converters, one sequence at a time; where a converter differs from the
// Standard's index, a patch below corrects it.
namespace ferry::charset::detail {
namespace {

struct closer {
    void operator()(UConverter* c) const noexcept { ucnv_close(c); }
};

class converter {
public:
    explicit converter(const char* name)
    {
        UErrorCode status = U_ZERO_ERROR;
        handle_.reset(ucnv_open(name, &status));
        if (U_SUCCESS(status)) {
            ucnv_setToUCallBack(handle_.get(), UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr,
                                &status);
        }
        if (U_FAILURE(status)) {
            throw error{errc::unsupported, std::string{"ICU has no converter "} + name};
        }
    }

    /// The one code point that `sequence` stands for, 0 if none.
    char32_t operator()(std::string_view sequence)
    {
        UErrorCode status = U_ZERO_ERROR;
        ucnv_reset(handle_.get());
        std::array<UChar, 8> out{};
        UChar* end = out.data();
        const char* from = sequence.data();
        ucnv_toUnicode(handle_.get(), &end, out.data() + out.size(), &from, from + sequence.size(),
                       nullptr, true, &status);
        const auto units = end - out.data();
        if (U_FAILURE(status) || units < 1 || units > 2) return 0;
        const char32_t first = out[0];
        if (units == 1) return first;
        if ((first & 0xFC00U) != 0xD800U) return 0;
        return 0x10000U + ((first - 0xD800U) << 10U) + (out[1] - 0xDC00U);
    }

private:
    std::unique_ptr<UConverter, closer> handle_;
};

constexpr char byte(std::size_t value)
{
    return static_cast<char>(value);
}

constexpr bool is_private(char32_t c)
{
    return c >= 0xE000 && c <= 0xF8FF;
}

using patch = std::pair<std::uint16_t, char16_t>;

/// Where the cells of a two-byte table lie.
struct layout {
    std::size_t size;
    std::size_t row;  ///< cells for each lead byte, the first of which is 0x81
    std::size_t first_trail;
    std::size_t gap_at;    ///< the trail bytes of cells from here on
    std::size_t gap_size;  ///< lie this much higher
};

constexpr layout shift_jis_layout{11280, 188, 0x40, 0x3F, 1};
constexpr layout euc_kr_layout{23940, 190, 0x41, 190, 0};
constexpr layout big5_layout{19782, 157, 0x40, 0x3F, 0x22};
constexpr layout gb18030_layout{23940, 190, 0x40, 0x3F, 1};

std::vector<char32_t> two_byte_table(const char* name, const layout& l,
                                     std::span<const patch> patches = {})
{
    converter convert{name};
    std::vector<char32_t> table(l.size);
    for (std::size_t i = 0; i < l.size; ++i) {
        std::size_t lead = 0x81 + i / l.row;
        // The half-width katakana lie between Shift_JIS's lead bytes.
        if (l.row == shift_jis_layout.row && lead > 0x9F) lead += 0x40;
        const std::size_t cell = i % l.row;
        const std::size_t trail = l.first_trail + cell + (cell >= l.gap_at ? l.gap_size : 0);
        table[i] = convert(std::string{byte(lead), byte(trail)});
    }
    for (const auto& [pointer, c] : patches) table[pointer] = c;
    return table;
}

std::vector<char32_t> without_private_use(std::vector<char32_t> table)
{
    for (char32_t& c : table) {
        if (is_private(c)) c = 0;
    }
    return table;
}

// ICU has no ISO-8859-16: its characters from 0xA0 on.
constexpr std::u16string_view iso_8859_16_upper =
    u"\u00A0\u0104\u0105\u0141\u20AC\u201E\u0160\u00A7\u0161\u00A9\u0218\u00AB\u0179\u00AD\u017A"
    u"\u017B\u00B0\u00B1\u010C\u0142\u017D\u201D\u00B6\u00B7\u017E\u010D\u0219\u00BB\u0152\u0153"
    u"\u0178\u017C\u00C0\u00C1\u00C2\u0102\u00C4\u0106\u00C6\u00C7\u00C8\u00C9\u00CA\u00CB\u00CC"
    u"\u00CD\u00CE\u00CF\u0110\u0143\u00D2\u00D3\u00D4\u0150\u00D6\u015A\u0170\u00D9\u00DA\u00DB"
    u"\u00DC\u0118\u021A\u00DF\u00E0\u00E1\u00E2\u0103\u00E4\u0107\u00E6\u00E7\u00E8\u00E9\u00EA"
    u"\u00EB\u00EC\u00ED\u00EE\u00EF\u0111\u0144\u00F2\u00F3\u00F4\u0151\u00F6\u015B\u0171\u00F9"
    u"\u00FA\u00FB\u00FC\u0119\u021B\u00FF";

struct single_byte_source {
    encoding of;
    const char* converter;
};
constexpr auto single_byte_sources = std::to_array<single_byte_source>({
    {encoding::ibm866, "ibm-866_P100-1995"},
    {encoding::iso_8859_2, "iso-8859-2"},
    {encoding::iso_8859_3, "iso-8859-3"},
    {encoding::iso_8859_4, "iso-8859-4"},
    {encoding::iso_8859_5, "iso-8859-5"},
    {encoding::iso_8859_6, "iso-8859-6"},
    {encoding::iso_8859_7, "iso-8859-7"},
    {encoding::iso_8859_8, "iso-8859-8"},
    {encoding::iso_8859_8_i, "iso-8859-8"},
    {encoding::iso_8859_10, "iso-8859-10"},
    {encoding::iso_8859_13, "iso-8859-13"},
    {encoding::iso_8859_14, "iso-8859-14"},
    {encoding::iso_8859_15, "iso-8859-15"},
    {encoding::iso_8859_16, nullptr},
    {encoding::koi8_r, "koi8-r"},
    {encoding::koi8_u, "koi8-u"},
    {encoding::macintosh, "macintosh"},
    {encoding::windows_874, "ibm-1162_P100-1999"},
    {encoding::windows_1250, "windows-1250"},
    {encoding::windows_1251, "windows-1251"},
    {encoding::windows_1252, "windows-1252"},
    {encoding::windows_1253, "windows-1253"},
    {encoding::windows_1254, "windows-1254"},
    {encoding::windows_1255, "windows-1255"},
    {encoding::windows_1256, "windows-1256"},
    {encoding::windows_1257, "windows-1257"},
    {encoding::windows_1258, "windows-1258"},
    {encoding::x_mac_cyrillic, "x-mac-cyrillic"},
});

using single_byte_table = std::array<char32_t, 128>;

single_byte_table make_single_byte(const single_byte_source& source)
{
    single_byte_table table{};
    if (source.converter == nullptr) {
        for (std::size_t i = 0; i < table.size(); ++i) {
            table.at(i) = i < 32 ? static_cast<char32_t>(0x80 + i) : iso_8859_16_upper[i - 32];
        }
        return table;
    }
    converter convert{source.converter};
    for (std::size_t i = 0; i < table.size(); ++i) {
        table.at(i) = convert(std::string(1, byte(0x80 + i)));
    }
    if (source.of == encoding::koi8_u) {
        table[0xAE - 0x80] = 0x045E;
        table[0xBE - 0x80] = 0x040E;
    }
    if (source.of == encoding::windows_1253) table[0xAA - 0x80] = 0;
    if (source.of == encoding::windows_1255) table[0xCA - 0x80] = 0x05BA;
    return table;
}

// clang-format off
// Where ICU keeps to an older HKSCS, or knows a character by its other place only.
constexpr auto big5_patches = std::to_array<patch>({
    {1008, 0x9F97}, {1016, 0x9F96}, {1099, 0x31C0}, {1100, 0x31C1}, {1101, 0x31C2}, {1102, 0x31C3},
    {1103, 0x31C4}, {1105, 0x31C5}, {1108, 0x31C6}, {1109, 0x31C7}, {1112, 0x31C8}, {1114, 0x31C9},
    {1115, 0x31CA}, {1116, 0x31CB}, {1117, 0x31CC}, {1119, 0x31CD}, {1120, 0x31CE}, {1170, 0x23DA},
    {1171, 0x23DB}, {1730, 0x9FA6}, {1772, 0x9FA7}, {1779, 0x9FA8}, {1812, 0x9FA9}, {1814, 0x9FAA},
    {1816, 0x9FAB}, {1821, 0x9FAC}, {1844, 0x9FAD}, {1845, 0x9FAE}, {1847, 0x9FAF}, {1866, 0x9FB2},
    {1892, 0x9FB3}, {2082, 0x7BB8}, {2088, 0x7C06}, {2103, 0x7CCE}, {2114, 0x7DD2}, {2123, 0x7E1D},
    {2148, 0x8005}, {2151, 0x8028}, {2221, 0x83C1}, {2239, 0x84A8}, {2244, 0x840F}, {2303, 0x89A6},
    {2304, 0x89A9}, {2354, 0x8D77}, {2400, 0x90FD}, {2413, 0x92B9}, {2477, 0x975C}, {2498, 0x97FF},
    {2605, 0x9F16}, {2673, 0x8503}, {2746, 0x5159}, {2747, 0x515B}, {2748, 0x515D}, {2749, 0x515E},
    {2771, 0x936E}, {2780, 0x7479}, {2990, 0x6D67}, {3087, 0x799B}, {3259, 0x9097}, {3301, 0x975D},
    {3436, 0x701E}, {3451, 0x5B28}, {4136, 0x7201}, {4138, 0x77D7}, {4141, 0x7E87}, {4182, 0x99D6},
    {4206, 0x91D4}, {4220, 0x60DE}, {4230, 0x6FB6}, {4241, 0x8F36}, {4258, 0x4FBB}, {4273, 0x71DF},
    {4279, 0x9104}, {4282, 0x9DF0}, {4294, 0x83CF}, {4329, 0x5C10}, {4330, 0x79E3}, {4349, 0x5A67},
    {4419, 0x8F0B}, {4422, 0x7B51}, {4494, 0x62D0}, {4624, 0x6062}, {4694, 0x75F9}, {4708, 0x6C4A},
    {4742, 0x9B2E}, {4748, 0x9F17}, {4815, 0x50ED}, {4828, 0x5F0C}, {4902, 0x880F}, {4922, 0x62CE},
    {4982, 0x7468}, {4992, 0x7162}, {4997, 0x7250}, {5432, 0x2400}, {5433, 0x2401}, {5434, 0x2402},
    {5435, 0x2403}, {5436, 0x2404}, {5437, 0x2405}, {5438, 0x2406}, {5439, 0x2407}, {5440, 0x2408},
    {5441, 0x2409}, {5442, 0x240A}, {5443, 0x240B}, {5444, 0x240C}, {5445, 0x240D}, {5446, 0x240E},
    {5447, 0x240F}, {5448, 0x2410}, {5449, 0x2411}, {5450, 0x2412}, {5451, 0x2413}, {5452, 0x2414},
    {5453, 0x2415}, {5454, 0x2416}, {5455, 0x2417}, {5456, 0x2418}, {5457, 0x2419}, {5458, 0x241A},
    {5459, 0x241B}, {5460, 0x241C}, {5461, 0x241D}, {5462, 0x241E}, {5463, 0x241F}, {5464, 0x2421},
    {10942, 0x5EF4}, {10946, 0x65E0}, {10948, 0x7676}, {10950, 0x96B6}, {10957, 0x3003},
    {10958, 0x4EDD}, {11204, 0x31CF}, {11210, 0x9FB0}, {11212, 0x9FB1}, {19028, 0x5029},
    {19035, 0x507D}, {19088, 0x5305}, {19096, 0x5344}, {19112, 0x537F}, {19162, 0x5605},
    {19240, 0x5A77}, {19299, 0x5E75}, {19305, 0x5ED0}, {19326, 0x5F58}, {19355, 0x60A4},
    {19398, 0x6490}, {19439, 0x6674}, {19454, 0x675E}, {19553, 0x6C9C}, {19554, 0x6E1D},
    {19557, 0x6E2F}, {19611, 0x716E}, {19643, 0x732A}, {19672, 0x745C}, {19697, 0x74E9},
    {19748, 0x7809},
});

// GB 18030-2022 instead of 2005, and the ideographic space at A3 A0.
constexpr auto gb18030_patches = std::to_array<patch>({
    {6555, 0x3000}, {7182, 0xFE10}, {7183, 0xFE12}, {7184, 0xFE11}, {7185, 0xFE13}, {7186, 0xFE14},
    {7187, 0xFE15}, {7188, 0xFE16}, {7201, 0xFE17}, {7202, 0xFE18}, {7208, 0xFE19}, {23775, 0x9FB4},
    {23783, 0x9FB5}, {23788, 0x9FB6}, {23789, 0x9FB7}, {23795, 0x9FB8}, {23812, 0x9FB9},
    {23829, 0x9FBA}, {23845, 0x9FBB},
});
// clang-format on

}  // namespace

bool has_single_byte_index(encoding e) noexcept
{
    return e >= encoding::ibm866 && e <= encoding::x_mac_cyrillic;
}

index single_byte_index(encoding e)
{
    static std::array<single_byte_table, single_byte_sources.size()> tables;
    static std::array<std::once_flag, single_byte_sources.size()> made;
    const auto i = static_cast<std::size_t>(e) - static_cast<std::size_t>(encoding::ibm866);
    std::call_once(made.at(i), [&] { tables.at(i) = make_single_byte(single_byte_sources.at(i)); });
    return tables.at(i);
}

index jis0208_index()
{
    static const std::vector<char32_t> table =
        without_private_use(two_byte_table("ibm-943_P15A-2003", shift_jis_layout));
    return table;
}

index jis0212_index()
{
    static const std::vector<char32_t> table = [] {
        converter convert{"euc-jp-2007"};
        std::vector<char32_t> made(std::size_t{94} * 94);
        for (std::size_t i = 0; i < made.size(); ++i) {
            // ICU adds IBM's Roman numerals and U+3231.
            if ((i >= 7708 && i <= 7727) || i == 7730) continue;
            made[i] = convert(std::string{byte(0x8F), byte(0xA1 + i / 94), byte(0xA1 + i % 94)});
        }
        return without_private_use(std::move(made));
    }();
    return table;
}

index euc_kr_index()
{
    static const std::vector<char32_t> table =
        without_private_use(two_byte_table("windows-949", euc_kr_layout));
    return table;
}

index big5_index()
{
    static const std::vector<char32_t> table =
        without_private_use(two_byte_table("ibm-1375_P100-2008", big5_layout, big5_patches));
    return table;
}

index gb18030_index()
{
    static const std::vector<char32_t> table =
        two_byte_table("gb18030", gb18030_layout, gb18030_patches);
    return table;
}

index gb18030_four_byte_index()
{
    static const std::vector<char32_t> table = [] {
        converter convert{"gb18030"};
        std::vector<char32_t> made(39420);
        for (std::size_t i = 0; i < made.size(); ++i) {
            made[i] = convert(std::string{byte(0x81 + i / 12600), byte(0x30 + i / 1260 % 10),
                                          byte(0x81 + i / 10 % 126), byte(0x30 + i % 10)});
        }
        return made;
    }();
    return table;
}

}  // namespace ferry::charset::detail
