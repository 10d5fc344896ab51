// One table being read, whatever its format.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/result.h>

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "source.h"

namespace maxai {

struct ReadOptions {
  int32_t format = MAXAI_ARROW_UNKNOWN_FORMAT;
  int32_t likely_format = MAXAI_ARROW_UNKNOWN_FORMAT;
  bool use_threads = true;
  bool read_ahead = false;
  int64_t batch_rows = 0;
  char delimiter = ',';
  std::optional<std::vector<std::string>> nulls;
  // Where the source itself has no types.
  std::unordered_map<std::string, std::shared_ptr<arrow::DataType>> types;
  // In the caller's order, for a source without a single record.
  std::vector<std::string> typed_names;
};

// Life: look at the schema, start once, then next until null.
class Reader {
 public:
  virtual ~Reader() = default;

  // Every column of the source, with the source's types.
  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }

  // `columns` are indices into the schema, ascending and distinct; batches hold just these.
  virtual arrow::Status Start(const std::vector<int>& columns) = 0;
  virtual arrow::Result<std::shared_ptr<arrow::RecordBatch>> Next() = 0;

 protected:
  std::shared_ptr<arrow::Schema> schema_;
};

arrow::Result<std::unique_ptr<Reader>> OpenReader(std::unique_ptr<Source> source, const ReadOptions& options);

// A local path or the URI of a file system that Arrow knows: a file, or a folder of files.
arrow::Result<std::unique_ptr<Reader>> OpenLocation(const std::string& location, const ReadOptions& options);

arrow::Result<std::unique_ptr<Reader>> OpenParquet(std::unique_ptr<Source> source,
                                                   const ReadOptions& options);
arrow::Result<std::unique_ptr<Reader>> OpenIPCFile(std::unique_ptr<Source> source,
                                                   const ReadOptions& options);
arrow::Result<std::unique_ptr<Reader>> OpenIPCStream(std::unique_ptr<Source> source,
                                                     const ReadOptions& options);
arrow::Result<std::unique_ptr<Reader>> OpenCSV(std::unique_ptr<Source> source, const ReadOptions& options);
arrow::Result<std::unique_ptr<Reader>> OpenNDJSON(std::unique_ptr<Source> source, const ReadOptions& options);

}  // namespace maxai
