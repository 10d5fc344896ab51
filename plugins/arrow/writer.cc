#include "writer.h"

#include <arrow/ipc/options.h>
#include <arrow/ipc/writer.h>
#include <arrow/memory_pool.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <arrow/util/compression.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

namespace maxai {
namespace {

using arrow::Result;
using arrow::Status;

// Rows of a Parquet row group: its encoded columns are held until it is full.
constexpr int64_t kRowGroupRows = 128 << 10;

Result<arrow::Compression::type> CompressionOf(const std::string& name) {
  if (name == "none") return arrow::Compression::UNCOMPRESSED;
  if (name == "zstd" || name == "snappy") return arrow::util::Codec::GetCompressionType(name);
  return Status::NotImplemented("unknown compression \"", name, "\"");
}

class ParquetWriter : public Writer {
 public:
  Status Open(const Output& output, const std::shared_ptr<arrow::Schema>& schema,
              const WriteOptions& options) {
    ARROW_ASSIGN_OR_RAISE(const auto compression, CompressionOf(options.compression));
    parquet::WriterProperties::Builder properties;
    properties.compression(compression)->max_row_group_length(kRowGroupRows);
    // Predictions hardly repeat: a dictionary of them would be built and thrown away in every row group.
    for (const auto& field : schema->fields()) {
      if (arrow::is_floating(field->type()->id())) properties.disable_dictionary(field->name());
    }
    auto arrow_properties = parquet::ArrowWriterProperties::Builder()
                                .store_schema()
                                ->set_use_threads(options.use_threads)
                                ->build();
    ARROW_ASSIGN_OR_RAISE(writer_,
                          parquet::arrow::FileWriter::Open(*schema, arrow::default_memory_pool(), output,
                                                           properties.build(), arrow_properties));
    return Status::OK();
  }
  Status Write(const arrow::RecordBatch& batch) override { return writer_->WriteRecordBatch(batch); }
  Status Finish() override { return writer_->Close(); }

 private:
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
};

class IPCWriter : public Writer {
 public:
  Status Open(const Output& output, const std::shared_ptr<arrow::Schema>& schema,
              const WriteOptions& options) {
    auto ipc = arrow::ipc::IpcWriteOptions::Defaults();
    ipc.use_threads = options.use_threads;
    ARROW_ASSIGN_OR_RAISE(const auto compression, CompressionOf(options.compression));
    if (compression == arrow::Compression::SNAPPY)
      return Status::NotImplemented("Arrow files have no snappy");
    if (compression != arrow::Compression::UNCOMPRESSED) {
      ARROW_ASSIGN_OR_RAISE(ipc.codec, arrow::util::Codec::Create(compression));
    }
    ARROW_ASSIGN_OR_RAISE(writer_, options.format == MAXAI_ARROW_IPC_FILE
                                       ? arrow::ipc::MakeFileWriter(output, schema, ipc)
                                       : arrow::ipc::MakeStreamWriter(output, schema, ipc));
    return Status::OK();
  }
  Status Write(const arrow::RecordBatch& batch) override { return writer_->WriteRecordBatch(batch); }
  Status Finish() override { return writer_->Close(); }

 private:
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer_;
};

}  // namespace

Result<std::unique_ptr<Writer>> MakeWriter(const Output& output, const std::shared_ptr<arrow::Schema>& schema,
                                           const WriteOptions& options) {
  switch (options.format) {
    case MAXAI_ARROW_PARQUET: {
      auto writer = std::make_unique<ParquetWriter>();
      ARROW_RETURN_NOT_OK(writer->Open(output, schema, options));
      return writer;
    }
    case MAXAI_ARROW_IPC_FILE:
    case MAXAI_ARROW_IPC_STREAM: {
      auto writer = std::make_unique<IPCWriter>();
      ARROW_RETURN_NOT_OK(writer->Open(output, schema, options));
      return writer;
    }
    case MAXAI_ARROW_CSV:
      return MakeCSVWriter(output, schema, options.delimiter);
    case MAXAI_ARROW_NDJSON:
      return MakeNDJSONWriter(output, schema);
    default:
      return Status::NotImplemented("unknown table format");
  }
}

}  // namespace maxai
