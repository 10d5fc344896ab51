// Parquet, read batch by batch: neither whole row groups nor whole column chunks are held.
#include <arrow/memory_pool.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <numeric>

#include "reader.h"

namespace maxai {
namespace {

// Bytes of a column chunk that are read at once; one such buffer per column.
constexpr int64_t kColumnBufferBytes = 256 << 10;
constexpr int64_t kRemoteColumnBufferBytes = 4 << 20;

// The leaf columns of the file that make up a column of the table.
void CollectLeaves(const parquet::arrow::SchemaField& field, std::vector<int>& leaves) {
  if (field.column_index >= 0) leaves.push_back(field.column_index);
  for (const auto& child : field.children) CollectLeaves(child, leaves);
}

class ParquetReader : public Reader {
 public:
  arrow::Status Open(std::unique_ptr<Source> source, const ReadOptions& options) {
    parquet::ReaderProperties properties = parquet::default_reader_properties();
    properties.enable_buffered_stream();
    properties.set_buffer_size(source->is_remote() ? kRemoteColumnBufferBytes : kColumnBufferBytes);
    parquet::ArrowReaderProperties arrow_properties(options.use_threads);
    arrow_properties.set_pre_buffer(false);
    arrow_properties.set_batch_size(options.batch_rows);

    ARROW_ASSIGN_OR_RAISE(auto file, source->File());
    parquet::arrow::FileReaderBuilder builder;
    ARROW_RETURN_NOT_OK(builder.Open(std::move(file), properties));
    ARROW_ASSIGN_OR_RAISE(
        file_, builder.memory_pool(arrow::default_memory_pool())->properties(arrow_properties)->Build());
    return file_->GetSchema(&schema_);
  }

  arrow::Status Start(const std::vector<int>& columns) override {
    const auto& fields = file_->manifest().schema_fields;
    std::vector<int> leaves;
    for (const int column : columns) {
      if (static_cast<size_t>(column) >= fields.size())
        return arrow::Status::IndexError("no column ", column);
      CollectLeaves(fields[static_cast<size_t>(column)], leaves);
    }
    std::vector<int> groups(static_cast<size_t>(file_->num_row_groups()));
    std::iota(groups.begin(), groups.end(), 0);
    ARROW_ASSIGN_OR_RAISE(batches_, file_->GetRecordBatchReader(groups, leaves));
    return arrow::Status::OK();
  }

  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Next() override { return batches_->Next(); }

 private:
  std::unique_ptr<parquet::arrow::FileReader> file_;  // must outlive batches_
  std::unique_ptr<arrow::RecordBatchReader> batches_;
};

}  // namespace

arrow::Result<std::unique_ptr<Reader>> OpenParquet(std::unique_ptr<Source> source,
                                                   const ReadOptions& options) {
  auto reader = std::make_unique<ParquetReader>();
  ARROW_RETURN_NOT_OK(reader->Open(std::move(source), options));
  return reader;
}

}  // namespace maxai
