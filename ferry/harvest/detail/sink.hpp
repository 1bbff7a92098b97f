#pragma once

#include "ferry/harvest/detail/state.hpp"
#include "ferry/harvest/recipe.hpp"

#include <memory>
#include <string>

namespace ferry::harvest::detail {

/// One output file while it is written: `FILE.part`, which gets its name when the run is complete.
/// Whatever is behind the committed position is not part of it and is cut off on opening.
class sink {
public:
    sink() = default;
    sink(const sink&) = delete;
    sink& operator=(const sink&) = delete;
    virtual ~sink() = default;

    virtual void append(const made_record& r) = 0;
    /// Hands everything appended to the operating system, so that a commit may follow.
    /// \throws error  ENOSPC and its like; the file is then longer than committed, no more.
    virtual output_position flush() = 0;
    /// Ends the file's last block; flush() no more.
    virtual output_position finish() = 0;
};

/// Opens `path`.part at the committed position.
/// \param r  whose records in order are what made_record::record counts.
std::unique_ptr<sink> open_sink(const recipe& r, const output& what, const std::string& path,
                                const output_position& committed);

/// Gives the finished file its name; harmless if it has it.
void publish(const std::string& path);

/// Removes what an earlier run left of an unfinished file.
void discard(const std::string& path);

/// Where an output's file is: relative ones are in the state directory.
std::string output_path(const std::string& directory, const output& what);

/// The records of all pages, in the order of the recipe.
std::vector<const record*> all_records(const recipe& r);

}  // namespace ferry::harvest::detail
