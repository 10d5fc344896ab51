// Arrow IPC: the file form (an index at its end) and the stream form.
#include <arrow/ipc/options.h>
#include <arrow/ipc/reader.h>

#include "reader.h"

namespace maxai {
namespace {

using arrow::RecordBatch;
using arrow::Result;
using arrow::Status;

// IPC buffers are used as they are in the file, so offsets and dictionary indices are checked before anyone
// follows them.
Result<std::shared_ptr<RecordBatch>> Checked(std::shared_ptr<RecordBatch> batch) {
  if (batch) ARROW_RETURN_NOT_OK(batch->ValidateFull());
  return batch;
}

class IPCFileReader : public Reader {
 public:
  Status Open(std::unique_ptr<Source> source, const ReadOptions& options) {
    options_.use_threads = options.use_threads;
    ARROW_ASSIGN_OR_RAISE(file_, source->File());
    ARROW_ASSIGN_OR_RAISE(batches_, arrow::ipc::RecordBatchFileReader::Open(file_, options_));
    schema_ = batches_->schema();
    return Status::OK();
  }

  Status Start(const std::vector<int>& columns) override {
    if (columns.empty()) return Status::OK();  // an empty list would mean all
    options_.included_fields = columns;
    ARROW_ASSIGN_OR_RAISE(batches_, arrow::ipc::RecordBatchFileReader::Open(file_, options_));
    return Status::OK();
  }

  Result<std::shared_ptr<RecordBatch>> Next() override {
    if (next_ >= batches_->num_record_batches()) return nullptr;
    ARROW_ASSIGN_OR_RAISE(auto batch, batches_->ReadRecordBatch(next_++));
    ARROW_ASSIGN_OR_RAISE(batch, Checked(std::move(batch)));
    return options_.included_fields.empty() ? batch->SelectColumns({}) : batch;
  }

 private:
  arrow::ipc::IpcReadOptions options_ = arrow::ipc::IpcReadOptions::Defaults();
  std::shared_ptr<arrow::io::RandomAccessFile> file_;
  std::shared_ptr<arrow::ipc::RecordBatchFileReader> batches_;
  int next_ = 0;
};

class IPCStreamReader : public Reader {
 public:
  Status Open(std::unique_ptr<Source> source, const ReadOptions& options) {
    auto ipc = arrow::ipc::IpcReadOptions::Defaults();
    ipc.use_threads = options.use_threads;
    ARROW_ASSIGN_OR_RAISE(auto stream, source->Stream());
    ARROW_ASSIGN_OR_RAISE(batches_, arrow::ipc::RecordBatchStreamReader::Open(stream, ipc));
    schema_ = batches_->schema();
    return Status::OK();
  }

  Status Start(const std::vector<int>& columns) override {
    columns_ = columns;
    return Status::OK();
  }

  Result<std::shared_ptr<RecordBatch>> Next() override {
    ARROW_ASSIGN_OR_RAISE(auto batch, batches_->Next());
    if (!batch) return nullptr;
    ARROW_ASSIGN_OR_RAISE(auto selected, batch->SelectColumns(columns_));
    return Checked(std::move(selected));
  }

 private:
  std::shared_ptr<arrow::RecordBatchReader> batches_;
  std::vector<int> columns_;
};

}  // namespace

Result<std::unique_ptr<Reader>> OpenIPCFile(std::unique_ptr<Source> source, const ReadOptions& options) {
  auto reader = std::make_unique<IPCFileReader>();
  ARROW_RETURN_NOT_OK(reader->Open(std::move(source), options));
  return reader;
}

Result<std::unique_ptr<Reader>> OpenIPCStream(std::unique_ptr<Source> source, const ReadOptions& options) {
  auto reader = std::make_unique<IPCStreamReader>();
  ARROW_RETURN_NOT_OK(reader->Open(std::move(source), options));
  return reader;
}

}  // namespace maxai
