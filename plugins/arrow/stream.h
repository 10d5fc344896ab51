// A reader seen from outside: plain columns in the order asked for, batches of bounded length, as a C stream.
#pragma once

#include <memory>
#include <vector>

#include "reader.h"

namespace maxai {

// Fills `out`, which owns `reader` from then on.
arrow::Status ExportPlain(std::unique_ptr<Reader> reader, const std::vector<int>& columns,
                          const ReadOptions& options, struct ArrowArrayStream* out);

}  // namespace maxai
