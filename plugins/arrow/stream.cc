#include "stream.h"

#include <arrow/c/bridge.h>

#include <algorithm>
#include <future>

#include "failure.h"
#include "plain.h"

namespace maxai {
namespace {

using arrow::RecordBatch;
using arrow::Result;
using arrow::Status;

class PlainStream {
 public:
  Status Start(std::unique_ptr<Reader> reader, const std::vector<int>& columns, const ReadOptions& options) {
    reader_ = std::move(reader);
    batch_rows_ = options.batch_rows;
    read_ahead_ = options.read_ahead;
    std::vector<int> ascending = columns;
    std::sort(ascending.begin(), ascending.end());
    ascending.erase(std::unique(ascending.begin(), ascending.end()), ascending.end());
    arrow::FieldVector fields;
    for (const int column : columns) {
      if (column < 0 || column >= reader_->schema()->num_fields())
        return Status::IndexError("no column ", column);
      const auto& field = reader_->schema()->field(column);
      auto plain = PlainType(*field->type());
      if (!plain) {
        return Status::NotImplemented("column \"", field->name(), "\" holds ", field->type()->ToString(),
                                      ", expected numbers, texts, booleans or times");
      }
      fields.push_back(field->WithType(std::move(plain))->WithMetadata(nullptr));
      const auto found = std::lower_bound(ascending.begin(), ascending.end(), column);
      order_.push_back(static_cast<int>(found - ascending.begin()));
    }
    schema_ = arrow::schema(fields);
    ARROW_RETURN_NOT_OK(reader_->Start(ascending));
    if (read_ahead_) Prefetch();
    return Status::OK();
  }

  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }

  // Null at the end, and again after it. After a failure, nothing more.
  Result<std::shared_ptr<RecordBatch>> Next() {
    while (!current_ || offset_ >= current_->num_rows()) {
      if (ended_) return nullptr;
      auto batch = read_ahead_ ? ahead_.get() : Decode();
      ended_ = !batch.ok() || !*batch;
      ARROW_ASSIGN_OR_RAISE(current_, std::move(batch));
      offset_ = 0;
      if (!ended_ && read_ahead_) Prefetch();
      if (ended_) return nullptr;
    }
    const int64_t rows = std::min(batch_rows_, current_->num_rows() - offset_);
    auto slice = current_->Slice(offset_, rows);
    offset_ += rows;
    if (offset_ >= current_->num_rows()) current_ = nullptr;
    return slice;
  }

 private:
  void Prefetch() {
    ahead_ = std::async(std::launch::async, [this] { return Decode(); });
  }

  Result<std::shared_ptr<RecordBatch>> Decode() {
    std::shared_ptr<RecordBatch> batch;
    const Status status = Guarded([&]() -> Status {
      ARROW_ASSIGN_OR_RAISE(auto found, reader_->Next());
      if (!found) return Status::OK();
      arrow::ArrayVector columns;
      for (size_t i = 0; i < order_.size(); ++i) {
        if (order_[i] >= found->num_columns()) return Status::Invalid("a batch lacks a column of its schema");
        ARROW_ASSIGN_OR_RAISE(auto column,
                              ToPlain(found->column(order_[i]), schema_->field(static_cast<int>(i))->type()));
        columns.push_back(std::move(column));
      }
      batch = RecordBatch::Make(schema_, found->num_rows(), std::move(columns));
      return Status::OK();
    });
    if (!status.ok()) return status;
    return batch;
  }

  std::unique_ptr<Reader> reader_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<int> order_;  // per output column, where the reader's batches have it
  int64_t batch_rows_ = 0;
  bool read_ahead_ = false;
  bool ended_ = false;
  std::shared_ptr<RecordBatch> current_;
  int64_t offset_ = 0;
  std::future<Result<std::shared_ptr<RecordBatch>>> ahead_;  // last, so that it is waited for first
};

struct Exported {
  PlainStream stream;
  std::string error;
};

Exported& Of(ArrowArrayStream* stream) { return *static_cast<Exported*>(stream->private_data); }

int Answer(ArrowArrayStream* stream, const Status& status) {
  if (status.ok()) return 0;
  const Failure failure = Describe(status);
  Of(stream).error = failure.message;
  return failure.code;
}

int GetSchema(ArrowArrayStream* stream, ArrowSchema* out) {
  return Answer(stream, Guarded([&] { return arrow::ExportSchema(*Of(stream).stream.schema(), out); }));
}

int GetNext(ArrowArrayStream* stream, ArrowArray* out) {
  return Answer(stream, Guarded([&]() -> Status {
                  ARROW_ASSIGN_OR_RAISE(auto batch, Of(stream).stream.Next());
                  if (batch) return arrow::ExportRecordBatch(*batch, out);
                  out->release = nullptr;
                  return Status::OK();
                }));
}

const char* GetLastError(ArrowArrayStream* stream) { return Of(stream).error.c_str(); }

void Release(ArrowArrayStream* stream) {
  delete static_cast<Exported*>(stream->private_data);
  stream->private_data = nullptr;
  stream->release = nullptr;
}

}  // namespace

Status ExportPlain(std::unique_ptr<Reader> reader, const std::vector<int>& columns,
                   const ReadOptions& options, ArrowArrayStream* out) {
  auto exported = std::make_unique<Exported>();
  ARROW_RETURN_NOT_OK(exported->stream.Start(std::move(reader), columns, options));
  out->get_schema = GetSchema;
  out->get_next = GetNext;
  out->get_last_error = GetLastError;
  out->release = Release;
  out->private_data = exported.release();
  return Status::OK();
}

}  // namespace maxai
