// CSV and NDJSON. Numbers are written with the fewest digits that read back as the same number.
#include <arrow/array.h>
#include <arrow/util/float16.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>

#include "writer.h"

namespace maxai {
namespace {

using arrow::Array;
using arrow::Result;
using arrow::Status;
using arrow::Type;

constexpr size_t kFlushBytes = 1 << 20;

template <class Number>
void AppendNumber(std::string& out, Number value) {
  char digits[64];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
  // "1.0" and not "1", so that a column of whole numbers is read as what it was.
  if constexpr (std::is_floating_point_v<Number>) {
    if (std::none_of(digits, end, [](char c) { return c == '.' || c == 'e'; })) out += ".0";
  }
}

// RFC 3339, with the microseconds only where there are any. Days to date: H. Hinnant, chrono-compatible
// low-level date algorithms.
void AppendTime(std::string& out, int64_t microseconds) {
  constexpr int64_t kDay = 86'400'000'000;
  const int64_t days = microseconds / kDay - (microseconds % kDay < 0 ? 1 : 0);
  const int64_t in_day = microseconds - days * kDay;
  const int64_t z = days + 719'468;
  const int64_t era = (z >= 0 ? z : z - 146'096) / 146'097;
  const int64_t doe = z - era * 146'097;
  const int64_t yoe = (doe - doe / 1'460 + doe / 36'524 - doe / 146'096) / 365;
  const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const int64_t mp = (5 * doy + 2) / 153;
  const int64_t day = doy - (153 * mp + 2) / 5 + 1;
  const int64_t month = mp < 10 ? mp + 3 : mp - 9;
  const int64_t year = yoe + era * 400 + (month <= 2 ? 1 : 0);
  const int64_t seconds = in_day / 1'000'000;
  char text[64];
  int length = std::snprintf(text, sizeof text, "%04lld-%02lld-%02lldT%02lld:%02lld:%02lld",
                             static_cast<long long>(year), static_cast<long long>(month),
                             static_cast<long long>(day), static_cast<long long>(seconds / 3'600),
                             static_cast<long long>(seconds / 60 % 60), static_cast<long long>(seconds % 60));
  out.append(text, static_cast<size_t>(length));
  if (const int64_t fraction = in_day % 1'000'000; fraction != 0) {
    length = std::snprintf(text, sizeof text, ".%06lld", static_cast<long long>(fraction));
    out.append(text, static_cast<size_t>(length));
  }
  out += 'Z';
}

// How many bytes the well-formed UTF-8 sequence at `i` has; 0 if there is none (Unicode 15, table 3-7).
size_t SequenceLength(std::string_view text, size_t i) {
  const auto byte = [&](size_t k) -> unsigned {
    return k < text.size() ? static_cast<unsigned char>(text[k]) : 0u;
  };
  const auto follows = [&](size_t k, unsigned low = 0x80, unsigned high = 0xBF) {
    return byte(k) >= low && byte(k) <= high;
  };
  const unsigned first = byte(i);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(i + 1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : 0xBF;
    return follows(i + 1, low, high) && follows(i + 2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
    return follows(i + 1, low, high) && follows(i + 2) && follows(i + 3) ? 4 : 0;
  }
  return 0;
}

// A JSON string (RFC 8259). Bytes that are not UTF-8 become U+FFFD.
void AppendJSONString(std::string& out, std::string_view text) {
  out += '"';
  for (size_t i = 0; i < text.size();) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    const size_t length = SequenceLength(text, i);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      ++i;
      continue;
    }
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c < 0x20 || c == 0x7F) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", c);
      out += escape;
    } else {
      out.append(text, i, length);
    }
    i += length;
  }
  out += '"';
}

// A field of RFC 4180. Quoted where it must be, and where it would be read as a missing value otherwise.
void AppendCSVString(std::string& out, std::string_view text, char delimiter) {
  static constexpr std::string_view kMissing[] = {"",    "#N/A", "#N/A N/A", "#NA", "<NA>",
                                                  "N/A", "NA",   "NULL",     "n/a", "null"};
  const bool quote = std::find(std::begin(kMissing), std::end(kMissing), text) != std::end(kMissing) ||
                     std::any_of(text.begin(), text.end(), [&](char c) {
                       return c == delimiter || c == '"' || c == '\n' || c == '\r';
                     });
  if (!quote) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

enum class Syntax { kCSV, kNDJSON };

// Appends row i of a column.
using AppendValue = std::function<void(std::string&, int64_t)>;

template <class ArrayType, Syntax syntax>
AppendValue Numbers(const Array& array) {
  const auto* values = static_cast<const ArrayType&>(array).raw_values();
  return [values](std::string& out, int64_t i) {
    const auto value = values[i];
    if constexpr (std::is_floating_point_v<std::decay_t<decltype(value)>>) {
      if (!std::isfinite(value)) {
        out += syntax == Syntax::kNDJSON ? "null" : std::isnan(value) ? "NaN" : value < 0 ? "-inf" : "inf";
        return;
      }
    }
    AppendNumber(out, value);
  };
}

template <class ArrayType, Syntax syntax>
AppendValue Texts(const Array& array, [[maybe_unused]] char delimiter) {
  const auto* texts = static_cast<const ArrayType*>(&array);
  if constexpr (syntax == Syntax::kNDJSON) {
    return [texts](std::string& out, int64_t i) { AppendJSONString(out, texts->GetView(i)); };
  } else {
    return [texts, delimiter](std::string& out, int64_t i) {
      AppendCSVString(out, texts->GetView(i), delimiter);
    };
  }
}

template <Syntax syntax>
AppendValue ValuesOf(const Array& array, char delimiter) {
  switch (array.type_id()) {
    case Type::BOOL: {
      const auto* values = static_cast<const arrow::BooleanArray*>(&array);
      return [values](std::string& out, int64_t i) { out += values->Value(i) ? "true" : "false"; };
    }
    case Type::INT8:
      return Numbers<arrow::Int8Array, syntax>(array);
    case Type::INT16:
      return Numbers<arrow::Int16Array, syntax>(array);
    case Type::INT32:
      return Numbers<arrow::Int32Array, syntax>(array);
    case Type::INT64:
      return Numbers<arrow::Int64Array, syntax>(array);
    case Type::UINT8:
      return Numbers<arrow::UInt8Array, syntax>(array);
    case Type::UINT16:
      return Numbers<arrow::UInt16Array, syntax>(array);
    case Type::UINT32:
      return Numbers<arrow::UInt32Array, syntax>(array);
    case Type::UINT64:
      return Numbers<arrow::UInt64Array, syntax>(array);
    case Type::FLOAT:
      return Numbers<arrow::FloatArray, syntax>(array);
    case Type::DOUBLE:
      return Numbers<arrow::DoubleArray, syntax>(array);
    case Type::HALF_FLOAT: {
      const uint16_t* bits = static_cast<const arrow::HalfFloatArray&>(array).raw_values();
      return [bits](std::string& out, int64_t i) {
        const float value = arrow::util::Float16::FromBits(bits[i]).ToFloat();
        if (std::isfinite(value)) {
          AppendNumber(out, value);
        } else {
          out += syntax == Syntax::kNDJSON ? "null" : std::isnan(value) ? "NaN" : value < 0 ? "-inf" : "inf";
        }
      };
    }
    case Type::TIMESTAMP: {
      const int64_t* values = static_cast<const arrow::TimestampArray&>(array).raw_values();
      return [values](std::string& out, int64_t i) {
        if (syntax == Syntax::kNDJSON) out += '"';
        AppendTime(out, values[i]);
        if (syntax == Syntax::kNDJSON) out += '"';
      };
    }
    case Type::STRING:
      return Texts<arrow::StringArray, syntax>(array, delimiter);
    case Type::LARGE_STRING:
      return Texts<arrow::LargeStringArray, syntax>(array, delimiter);
    case Type::FIXED_SIZE_LIST: {
      const auto* lists = static_cast<const arrow::FixedSizeListArray*>(&array);
      AppendValue element = ValuesOf<syntax>(*lists->values(), delimiter);
      return [lists, element](std::string& out, int64_t i) {
        out += '[';
        for (int64_t k = lists->value_offset(i); k < lists->value_offset(i + 1); ++k) {
          if (k > lists->value_offset(i)) out += ',';
          if (lists->values()->IsNull(k)) {
            out += "null";
          } else {
            element(out, k);
          }
        }
        out += ']';
      };
    }
    default:
      return nullptr;
  }
}

bool IsWritable(const arrow::DataType& type, Syntax syntax) {
  if (type.id() == Type::TIMESTAMP) {
    return static_cast<const arrow::TimestampType&>(type).unit() == arrow::TimeUnit::MICRO;
  }
  if (type.id() == Type::FIXED_SIZE_LIST) {
    const auto& element = *static_cast<const arrow::FixedSizeListType&>(type).value_type();
    return syntax == Syntax::kNDJSON && element.id() != Type::FIXED_SIZE_LIST && IsWritable(element, syntax);
  }
  return type.id() == Type::BOOL || arrow::is_numeric(type.id()) || type.id() == Type::STRING ||
         type.id() == Type::LARGE_STRING;
}

template <Syntax syntax>
class TextWriter : public Writer {
 public:
  TextWriter(Output output, const arrow::Schema& schema, char delimiter)
      : output_(std::move(output)), delimiter_(delimiter) {
    for (int i = 0; i < schema.num_fields(); ++i) {
      std::string& lead = leads_.emplace_back();
      if constexpr (syntax == Syntax::kNDJSON) {
        lead = i == 0 ? "{" : ",";
        AppendJSONString(lead, schema.field(i)->name());
        lead += ':';
      } else {
        if (i > 0) lead += delimiter;
        pending_ += lead;
        AppendCSVString(pending_, schema.field(i)->name(), delimiter);
      }
    }
    if (syntax == Syntax::kCSV) pending_ += '\n';
  }

  Status Write(const arrow::RecordBatch& batch) override {
    std::vector<AppendValue> values;
    for (const auto& column : batch.columns()) values.push_back(ValuesOf<syntax>(*column, delimiter_));
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      for (size_t i = 0; i < values.size(); ++i) {
        pending_ += leads_[i];
        if (batch.column(static_cast<int>(i))->IsValid(row)) {
          values[i](pending_, row);
        } else if (syntax == Syntax::kNDJSON) {
          pending_ += "null";
        }
      }
      pending_ += syntax == Syntax::kNDJSON ? (values.empty() ? "{}\n" : "}\n") : "\n";
      if (pending_.size() >= kFlushBytes) ARROW_RETURN_NOT_OK(Flush());
    }
    return Status::OK();
  }

  Status Finish() override { return Flush(); }

 private:
  Status Flush() {
    ARROW_RETURN_NOT_OK(output_->Write(pending_.data(), static_cast<int64_t>(pending_.size())));
    pending_.clear();
    return Status::OK();
  }

  Output output_;
  char delimiter_;
  std::vector<std::string> leads_;  // what stands before each value of a row
  std::string pending_;
};

template <Syntax syntax>
Result<std::unique_ptr<Writer>> Make(const Output& output, const arrow::Schema& schema, char delimiter) {
  for (const auto& field : schema.fields()) {
    if (IsWritable(*field->type(), syntax)) continue;
    return Status::NotImplemented("column \"", field->name(), "\" of type ", field->type()->ToString(),
                                  " has no form in ", syntax == Syntax::kCSV ? "CSV" : "NDJSON");
  }
  return std::make_unique<TextWriter<syntax>>(output, schema, delimiter);
}

}  // namespace

Result<std::unique_ptr<Writer>> MakeCSVWriter(const Output& output,
                                              const std::shared_ptr<arrow::Schema>& schema, char delimiter) {
  return Make<Syntax::kCSV>(output, *schema, delimiter);
}

Result<std::unique_ptr<Writer>> MakeNDJSONWriter(const Output& output,
                                                 const std::shared_ptr<arrow::Schema>& schema) {
  return Make<Syntax::kNDJSON>(output, *schema, 0);
}

}  // namespace maxai
