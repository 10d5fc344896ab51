// A folder of files that make up one table.
#pragma once

#include <arrow/filesystem/filesystem.h>

#include "reader.h"

namespace maxai {

// The table in all files of a folder; `root` is its path in `system`.
arrow::Result<std::unique_ptr<Reader>> OpenFolder(std::shared_ptr<arrow::fs::FileSystem> system,
                                                  const std::string& root, const ReadOptions& options);

}  // namespace maxai
