// The C face of the plug-in.
#include <arrow/c/bridge.h>
#include <arrow/util/thread_pool.h>

#include <future>

#include "failure.h"
#include "plain.h"
#include "sink.h"
#include "stream.h"
#include "writer.h"

using arrow::Status;

struct maxai_arrow_reader {
  std::unique_ptr<maxai::Reader> reader;
  maxai::ReadOptions options;
  // What `columns` points into.
  std::shared_ptr<arrow::Schema> schema;
  std::vector<std::string> formats;
  std::vector<std::string> types;
  std::vector<maxai_arrow_column> columns;
};

struct maxai_arrow_writer {
  std::unique_ptr<maxai::Sink> sink;
  std::unique_ptr<maxai::Writer> writer;  // before the sink in destruction
  std::shared_ptr<arrow::Schema> schema;
  bool write_behind = false;
  std::future<Status> behind;  // last, so that it is waited for first
};

namespace {

constexpr int64_t kMaximumBatchRows = 1 << 24;

Status UseThreads(int32_t threads) {
  if (threads < 1 || threads > 1024)
    return Status::Invalid("threads: found ", threads, ", expected 1 to 1024");
  return threads == 1 ? Status::OK() : arrow::SetCpuThreadPoolCapacity(threads);
}

// The C data interface notation of a plain type.
arrow::Result<std::string> FormatOf(const arrow::DataType& type) {
  ArrowSchema exported;
  ARROW_RETURN_NOT_OK(arrow::ExportType(type, &exported));
  std::string format = exported.format;
  exported.release(&exported);
  return format;
}

arrow::Result<std::shared_ptr<arrow::DataType>> TypeOf(const char* format) {
  ArrowSchema schema = {};
  schema.format = format;
  schema.name = "";
  schema.flags = ARROW_FLAG_NULLABLE;
  schema.release = [](ArrowSchema* released) { released->release = nullptr; };
  return arrow::ImportType(&schema);
}

Status Describe(maxai_arrow_reader& reader) {
  reader.schema = reader.reader->schema();
  const size_t count = static_cast<size_t>(reader.schema->num_fields());
  reader.formats.resize(count);
  reader.types.resize(count);
  for (size_t i = 0; i < count; ++i) {
    const auto& field = reader.schema->field(static_cast<int>(i));
    const auto declared = reader.options.types.find(field->name());
    const bool untyped = field->type()->id() == arrow::Type::NA && declared != reader.options.types.end();
    const auto plain = untyped ? declared->second : maxai::PlainType(*field->type());
    if (plain) {
      ARROW_ASSIGN_OR_RAISE(reader.formats[i], FormatOf(*plain));
    }
    reader.types[i] = field->type()->ToString();
    reader.columns.push_back({field->name().data(), static_cast<int64_t>(field->name().size()),
                              plain ? reader.formats[i].c_str() : nullptr, reader.types[i].c_str()});
  }
  return Status::OK();
}

int32_t Open(const maxai_arrow_read_options* given, maxai_arrow_reader** out, maxai_arrow_failure* failure) {
  return maxai::Call(failure, [&]() -> Status {
    auto reader = std::make_unique<maxai_arrow_reader>();
    maxai::ReadOptions& options = reader->options;
    options.format = given->format;
    options.likely_format = given->likely_format;
    options.use_threads = given->threads > 1;
    options.read_ahead = given->read_ahead != 0;
    options.batch_rows = given->batch_rows;
    if (given->delimiter) options.delimiter = given->delimiter;
    if (options.batch_rows < 1 || options.batch_rows > kMaximumBatchRows) {
      return Status::Invalid("batch rows: found ", options.batch_rows, ", expected 1 to ", kMaximumBatchRows);
    }
    if (given->nulls_count >= 0) options.nulls.emplace(given->nulls, given->nulls + given->nulls_count);
    for (int64_t i = 0; i < given->typed_count; ++i) {
      ARROW_ASSIGN_OR_RAISE(auto type, TypeOf(given->typed_formats[i]));
      if (options.types.emplace(given->typed_names[i], std::move(type)).second) {
        options.typed_names.emplace_back(given->typed_names[i]);
      }
    }
    ARROW_RETURN_NOT_OK(UseThreads(given->threads));
    if (given->descriptor >= 0) {
      ARROW_ASSIGN_OR_RAISE(auto source, maxai::Source::OfDescriptor(given->descriptor));
      ARROW_ASSIGN_OR_RAISE(reader->reader, maxai::OpenReader(std::move(source), options));
    } else {
      ARROW_ASSIGN_OR_RAISE(reader->reader, maxai::OpenLocation(given->location, options));
    }
    ARROW_RETURN_NOT_OK(Describe(*reader));
    *out = reader.release();
    return Status::OK();
  });
}

int64_t Columns(const maxai_arrow_reader* reader, const maxai_arrow_column** out) {
  *out = reader->columns.data();
  return static_cast<int64_t>(reader->columns.size());
}

int32_t Stream(maxai_arrow_reader* reader, const int32_t* indices, int64_t count, ArrowArrayStream* out,
               maxai_arrow_failure* failure) {
  return maxai::Call(failure, [&]() -> Status {
    if (!reader->reader) return Status::Invalid("the table is already being read");
    return maxai::ExportPlain(std::move(reader->reader), std::vector<int>(indices, indices + count),
                              reader->options, out);
  });
}

void Close(maxai_arrow_reader* reader) { delete reader; }

int32_t Create(const maxai_arrow_write_options* given, ArrowSchema* schema, maxai_arrow_writer** out,
               maxai_arrow_failure* failure) {
  return maxai::Call(failure, [&]() -> Status {
    auto writer = std::make_unique<maxai_arrow_writer>();
    ARROW_ASSIGN_OR_RAISE(writer->schema, arrow::ImportSchema(schema));
    maxai::WriteOptions options;
    options.format = given->format;
    options.use_threads = given->threads > 1;
    if (given->delimiter) options.delimiter = given->delimiter;
    if (given->compression) options.compression = given->compression;
    writer->write_behind = given->write_behind != 0;
    ARROW_RETURN_NOT_OK(UseThreads(given->threads));
    ARROW_ASSIGN_OR_RAISE(writer->sink, given->descriptor >= 0 ? maxai::Sink::ToDescriptor(given->descriptor)
                                                               : maxai::Sink::At(given->location));
    ARROW_ASSIGN_OR_RAISE(writer->writer, maxai::MakeWriter(writer->sink->stream(), writer->schema, options));
    *out = writer.release();
    return Status::OK();
  });
}

Status Written(maxai_arrow_writer* writer) {
  return writer->behind.valid() ? writer->behind.get() : Status::OK();
}

int32_t Write(maxai_arrow_writer* writer, ArrowArray* array, maxai_arrow_failure* failure) {
  return maxai::Call(failure, [&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(auto batch, arrow::ImportRecordBatch(array, writer->schema));
    ARROW_RETURN_NOT_OK(Written(writer));
    auto write = [writer, batch] { return maxai::Guarded([&] { return writer->writer->Write(*batch); }); };
    if (!writer->write_behind) return write();
    writer->behind = std::async(std::launch::async, std::move(write));
    return Status::OK();
  });
}

int32_t Finish(maxai_arrow_writer* writer, maxai_arrow_failure* failure) {
  return maxai::Call(failure, [&]() -> Status {
    ARROW_RETURN_NOT_OK(Written(writer));
    ARROW_RETURN_NOT_OK(writer->writer->Finish());
    return writer->sink->Commit();
  });
}

void Discard(maxai_arrow_writer* writer) {
  (void)maxai::Guarded([&] {
    (void)Written(writer);
    return Status::OK();
  });
  delete writer;
}

const maxai_arrow_plugin kPlugin = {
    MAXAI_ARROW_PLUGIN_VERSION, Open, Columns, Stream, Close, Create, Write, Finish, Discard,
};

}  // namespace

extern "C" __attribute__((visibility("default"))) const maxai_arrow_plugin* maxai_arrow_plugin() {
  return &kPlugin;
}
