// NDJSON: an object per line. Columns and types come from the first lines and then hold for all; a key that
// is missing from a line is a missing value.
#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/json/options.h>
#include <arrow/json/reader.h>
#include <arrow/table.h>

#include "reader.h"
#include "text_head.h"

namespace maxai {
namespace {

using arrow::RecordBatch;
using arrow::Result;
using arrow::Status;

// Arrow's messages without the values that they quote.
Status Discreet(const Status& status) {
  if (status.ok()) return status;
  std::string message = status.message();
  const size_t quoted = message.find(", couldn't parse:");
  if (quoted != std::string::npos) message.resize(quoted);
  return NamingLimit(Status(status.code(), message, status.detail()));
}

class NDJSONReader : public Reader {
 public:
  Status Open(std::unique_ptr<Source> source, const ReadOptions& options) {
    source_ = std::move(source);
    read_.use_threads = options.use_threads;
    read_.block_size = kBlockBytes;
    ARROW_ASSIGN_OR_RAISE(std::string head, source_->Head(kHeadBytes));
    if (static_cast<int64_t>(head.size()) == kHeadBytes) {
      head = WholeRecords(head, false);
      if (head.empty()) return Status::CapacityError("the first line is longer than ", kHeadBytes, " bytes");
    }
    empty_ = head.find_first_not_of(" \t\r\n") == std::string::npos;
    return empty_ ? Declared(options) : Infer(head, options);
  }

  Status Start(const std::vector<int>& columns) override {
    arrow::FieldVector fields;
    for (const int column : columns) fields.push_back(schema_->field(column));
    if (empty_) return Status::OK();
    arrow::json::ParseOptions parse = arrow::json::ParseOptions::Defaults();
    parse.explicit_schema = arrow::schema(fields);
    parse.unexpected_field_behavior = arrow::json::UnexpectedFieldBehavior::Ignore;
    ARROW_ASSIGN_OR_RAISE(auto stream, source_->Stream());
    auto reader = arrow::json::StreamingReader::Make(stream, read_, parse);
    if (!reader.ok()) return Discreet(reader.status());
    reader_ = std::move(*reader);
    return Status::OK();
  }

  Result<std::shared_ptr<RecordBatch>> Next() override {
    if (empty_) return nullptr;
    auto batch = reader_->Next();
    if (!batch.ok()) return Discreet(batch.status());
    return batch;
  }

 private:
  // Without a single line there is no key either: the columns are those that the caller expects.
  Status Declared(const ReadOptions& options) {
    arrow::FieldVector fields;
    for (const auto& name : options.typed_names) fields.push_back(arrow::field(name, options.types.at(name)));
    schema_ = arrow::schema(fields);
    return Status::OK();
  }

  Status Infer(const std::string& head, const ReadOptions& options) {
    arrow::json::ReadOptions read = read_;
    read.use_threads = false;
    read.block_size = static_cast<int32_t>(head.size()) + 1;
    const auto table = [&](const arrow::json::ParseOptions& parse) -> Result<std::shared_ptr<arrow::Schema>> {
      auto buffer = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(head));
      ARROW_ASSIGN_OR_RAISE(
          auto reader, arrow::json::TableReader::Make(arrow::default_memory_pool(), buffer, read, parse));
      ARROW_ASSIGN_OR_RAISE(auto parsed, reader->Read());
      return parsed->schema();
    };
    auto found = table(arrow::json::ParseOptions::Defaults());
    if (!found.ok()) return Discreet(found.status());
    arrow::FieldVector fields = (*found)->fields();
    for (auto& field : fields) {
      const auto declared = options.types.find(field->name());
      if (declared != options.types.end()) {
        field = field->WithType(declared->second);
      } else if (field->type()->id() == arrow::Type::NA) {
        field = field->WithType(arrow::utf8());
      }
    }
    schema_ = arrow::schema(fields);
    return Status::OK();
  }

  std::unique_ptr<Source> source_;
  arrow::json::ReadOptions read_ = arrow::json::ReadOptions::Defaults();
  std::shared_ptr<arrow::json::StreamingReader> reader_;
  bool empty_ = false;
};

}  // namespace

Result<std::unique_ptr<Reader>> OpenNDJSON(std::unique_ptr<Source> source, const ReadOptions& options) {
  auto reader = std::make_unique<NDJSONReader>();
  ARROW_RETURN_NOT_OK(reader->Open(std::move(source), options));
  return reader;
}

}  // namespace maxai
