// One table being written, whatever its format.
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <arrow/result.h>

#include <memory>
#include <string>

#include "maxai_arrow.h"

namespace maxai {

struct WriteOptions {
  int32_t format = MAXAI_ARROW_UNKNOWN_FORMAT;
  bool use_threads = true;
  char delimiter = ',';
  std::string compression = "zstd";
};

class Writer {
 public:
  virtual ~Writer() = default;
  virtual arrow::Status Write(const arrow::RecordBatch& batch) = 0;
  // Writes what follows the last batch. The stream stays open.
  virtual arrow::Status Finish() = 0;
};

using Output = std::shared_ptr<arrow::io::OutputStream>;

arrow::Result<std::unique_ptr<Writer>> MakeWriter(const Output& output,
                                                  const std::shared_ptr<arrow::Schema>& schema,
                                                  const WriteOptions& options);

arrow::Result<std::unique_ptr<Writer>> MakeCSVWriter(const Output& output,
                                                     const std::shared_ptr<arrow::Schema>& schema,
                                                     char delimiter);
arrow::Result<std::unique_ptr<Writer>> MakeNDJSONWriter(const Output& output,
                                                        const std::shared_ptr<arrow::Schema>& schema);

}  // namespace maxai
