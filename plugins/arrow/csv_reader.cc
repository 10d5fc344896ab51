// CSV by RFC 4180: types are inferred from the first records and then hold for all, so that a file and a pipe
// with the same bytes give the same table.
#include <arrow/buffer.h>
#include <arrow/csv/options.h>
#include <arrow/csv/reader.h>
#include <arrow/io/memory.h>
#include <arrow/table.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "plain.h"
#include "reader.h"
#include "text_head.h"

namespace maxai {
namespace {

using arrow::RecordBatch;
using arrow::Result;
using arrow::Status;

// Arrow's list without "NaN" and its kin: in a column of numbers those are numbers that are not one.
const std::vector<std::string> kNulls = {"",    "#N/A", "#N/A N/A", "#NA", "<NA>",
                                         "N/A", "NA",   "NULL",     "n/a", "null"};

// Arrow's messages without the values that they quote, and with the column's name in place of its number.
Status Discreet(const Status& status, const arrow::Schema* schema) {
  if (status.ok()) return status;
  std::string message = status.message();
  const std::string column = "In CSV column #";
  if (message.starts_with(column)) {
    size_t end = column.size();
    while (end < message.size() && std::isdigit(static_cast<unsigned char>(message[end]))) ++end;
    const std::string digits = message.substr(column.size(), end - column.size());
    const size_t index = digits.size() < 9 && !digits.empty() ? std::stoul(digits) : SIZE_MAX;
    if (schema && index < static_cast<size_t>(schema->num_fields())) {
      message = "column \"" + schema->field(static_cast<int>(index))->name() + "\"" + message.substr(end);
    }
  }
  for (const std::string& quote : {std::string("invalid value"), std::string("columns, got ")}) {
    const size_t at = message.find(quote);
    if (at == std::string::npos) continue;
    size_t end = at + quote.size();
    while (end < message.size() && std::isdigit(static_cast<unsigned char>(message[end]))) ++end;
    message.resize(end);
  }
  return NamingLimit(Status(status.code(), message, status.detail()));
}

class CSVReader : public Reader {
 public:
  Status Open(std::unique_ptr<Source> source, const ReadOptions& options) {
    source_ = std::move(source);
    read_.use_threads = options.use_threads;
    read_.block_size = kBlockBytes;
    parse_.delimiter = options.delimiter;
    parse_.newlines_in_values = true;
    convert_.null_values = options.nulls.value_or(kNulls);
    convert_.strings_can_be_null = true;
    convert_.quoted_strings_can_be_null = false;
    convert_.column_types = options.types;
    ARROW_ASSIGN_OR_RAISE(std::string head, source_->Head(kHeadBytes));
    if (static_cast<int64_t>(head.size()) == kHeadBytes) {
      head = WholeRecords(head, true);
      if (head.empty())
        return Status::CapacityError("the first record is longer than ", kHeadBytes, " bytes");
    }
    return Infer(head);
  }

  Status Start(const std::vector<int>& columns) override {
    for (const auto& field : schema_->fields()) convert_.column_types[field->name()] = field->type();
    std::set<std::string> names;
    for (const auto& name : schema_->field_names()) names.insert(name);
    const bool distinct = names.size() == static_cast<size_t>(schema_->num_fields());
    if (distinct && !columns.empty()) {
      for (const int column : columns) convert_.include_columns.push_back(schema_->field(column)->name());
    } else {
      positions_ = columns;
    }
    ARROW_ASSIGN_OR_RAISE(auto stream, source_->Stream());
    auto reader =
        arrow::csv::StreamingReader::Make(arrow::io::default_io_context(), stream, read_, parse_, convert_);
    if (!reader.ok()) return Discreet(reader.status(), schema_.get());
    reader_ = std::move(*reader);
    return Status::OK();
  }

  Result<std::shared_ptr<RecordBatch>> Next() override {
    auto batch = reader_->Next();
    if (!batch.ok()) return Discreet(batch.status(), schema_.get());
    if (*batch && positions_) return (*batch)->SelectColumns(*positions_);
    return batch;
  }

 private:
  Status Infer(const std::string& head) {
    auto read = read_;
    read.use_threads = false;
    read.block_size = static_cast<int32_t>(head.size()) + 1;
    const std::shared_ptr<arrow::Buffer> buffer = arrow::Buffer::FromString(head);
    const auto infer =
        [&](const arrow::csv::ConvertOptions& convert) -> Result<std::shared_ptr<arrow::Schema>> {
      auto input = std::make_shared<arrow::io::BufferReader>(buffer);
      ARROW_ASSIGN_OR_RAISE(auto reader, arrow::csv::TableReader::Make(arrow::io::default_io_context(), input,
                                                                       read, parse_, convert));
      ARROW_ASSIGN_OR_RAISE(auto table, reader->Read());
      return table->schema();
    };
    auto found = infer(convert_);
    if (!found.ok()) {
      // The same as texts, so that the message can have the column's name.
      auto texts = convert_;
      texts.column_types.clear();
      texts.default_column_type = arrow::utf8();
      const auto named = infer(texts);
      return Discreet(found.status(), named.ok() ? named->get() : nullptr);
    }
    schema_ = *found;
    // A one-column table has empty lines where values are missing.
    parse_.ignore_empty_lines = schema_->num_fields() != 1;
    // What inference leaves without a plain type (times of day, columns without any value) stays text.
    arrow::FieldVector fields = schema_->fields();
    for (auto& field : fields) {
      const auto& type = *field->type();
      if (type.id() == arrow::Type::NA || !PlainType(type)) field = field->WithType(arrow::utf8());
    }
    schema_ = arrow::schema(fields);
    return Status::OK();
  }

  std::unique_ptr<Source> source_;
  arrow::csv::ReadOptions read_ = arrow::csv::ReadOptions::Defaults();
  arrow::csv::ParseOptions parse_ = arrow::csv::ParseOptions::Defaults();
  arrow::csv::ConvertOptions convert_ = arrow::csv::ConvertOptions::Defaults();
  std::shared_ptr<arrow::csv::StreamingReader> reader_;
  std::optional<std::vector<int>> positions_;
};

}  // namespace

Result<std::unique_ptr<Reader>> OpenCSV(std::unique_ptr<Source> source, const ReadOptions& options) {
  auto reader = std::make_unique<CSVReader>();
  ARROW_RETURN_NOT_OK(reader->Open(std::move(source), options));
  return reader;
}

}  // namespace maxai
