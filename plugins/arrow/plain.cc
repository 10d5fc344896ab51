#include "plain.h"

#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/compute/cast.h>
#include <arrow/extension_type.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/decimal.h>

#include <charconv>
#include <cmath>

namespace maxai {
namespace {

using arrow::Array;
using arrow::Result;
using arrow::Status;
using arrow::Type;

// An array of 8-byte values made by `value(i)`, called for the rows that have one.
template <class Value, class Make>
Result<std::shared_ptr<Array>> Map(const Array& array, const std::shared_ptr<arrow::DataType>& plain,
                                   Make&& make) {
  ARROW_ASSIGN_OR_RAISE(auto values,
                        arrow::AllocateBuffer(array.length() * static_cast<int64_t>(sizeof(Value))));
  auto* out = reinterpret_cast<Value*>(values->mutable_data());
  for (int64_t i = 0; i < array.length(); ++i) {
    if (array.IsNull(i)) {
      out[i] = 0;
    } else {
      ARROW_ASSIGN_OR_RAISE(out[i], make(i));
    }
  }
  std::shared_ptr<arrow::Buffer> validity;
  if (array.null_count() > 0) {
    ARROW_ASSIGN_OR_RAISE(auto bits, arrow::AllocateBitmap(array.length()));
    for (int64_t i = 0; i < array.length(); ++i)
      arrow::bit_util::SetBitTo(bits->mutable_data(), i, array.IsValid(i));
    validity = std::move(bits);
  }
  return arrow::MakeArray(
      arrow::ArrayData::Make(plain, array.length(), {validity, std::move(values)}, array.null_count()));
}

Result<int64_t> Scaled(int64_t value, int64_t factor) {
  int64_t product;
  if (__builtin_mul_overflow(value, factor, &product)) {
    return Status::Invalid("a time is outside the range of 64-bit microseconds");
  }
  return product;
}

Result<int64_t> Microseconds(int64_t value, arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return Scaled(value, 1'000'000);
    case arrow::TimeUnit::MILLI:
      return Scaled(value, 1'000);
    case arrow::TimeUnit::NANO:
      return value / 1'000 - (value % 1'000 < 0 ? 1 : 0);
    case arrow::TimeUnit::MICRO:
      break;
  }
  return value;
}

// The double nearest to digits / 10^scale. Below 2^53 and 10^22 both parts are exact, so one division rounds
// once (W. Clinger, How to read floating point numbers accurately, 1990); otherwise the decimal text is
// parsed.
template <class Decimal>
Result<double> NearestDouble(const Decimal& decimal, int32_t scale) {
  static constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if constexpr (!std::is_same_v<Decimal, arrow::Decimal256>) {
    if (scale >= 0 && scale <= 22) {
      const auto narrow = decimal.template ToInteger<int64_t>();
      if (narrow.ok() && std::abs(static_cast<double>(*narrow)) < 0x1p53) {
        return static_cast<double>(*narrow) / kPowers[scale];
      }
    }
  }
  const std::string text = decimal.ToIntegerString() + "e" + std::to_string(-static_cast<int64_t>(scale));
  double value;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Status::Invalid("a decimal is outside the range of f64");
  }
  return value;
}

template <class ArrayType, class Decimal>
Result<std::shared_ptr<Array>> Doubles(const Array& array, const std::shared_ptr<arrow::DataType>& plain) {
  const auto& typed = static_cast<const ArrayType&>(array);
  const int32_t scale = static_cast<const arrow::DecimalType&>(*array.type()).scale();
  return Map<double>(array, plain,
                     [&](int64_t i) { return NearestDouble(Decimal(typed.GetValue(i)), scale); });
}

}  // namespace

std::shared_ptr<arrow::DataType> PlainType(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::BOOL:
    case Type::INT8:
    case Type::INT16:
    case Type::INT32:
    case Type::INT64:
    case Type::UINT8:
    case Type::UINT16:
    case Type::UINT32:
    case Type::UINT64:
    case Type::HALF_FLOAT:
    case Type::FLOAT:
    case Type::DOUBLE:
    case Type::STRING:
    case Type::LARGE_STRING:
      return type.GetSharedPtr();
    case Type::STRING_VIEW:
    case Type::BINARY:
      return arrow::utf8();
    case Type::LARGE_BINARY:
      return arrow::large_utf8();
    case Type::DECIMAL32:
    case Type::DECIMAL64:
    case Type::DECIMAL128:
    case Type::DECIMAL256:
    case Type::NA:
      return arrow::float64();
    case Type::DATE32:
    case Type::DATE64:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case Type::TIMESTAMP:
      return arrow::timestamp(arrow::TimeUnit::MICRO,
                              static_cast<const arrow::TimestampType&>(type).timezone());
    case Type::DICTIONARY:
      return PlainType(*static_cast<const arrow::DictionaryType&>(type).value_type());
    case Type::EXTENSION:
      return PlainType(*static_cast<const arrow::ExtensionType&>(type).storage_type());
    default:
      return nullptr;
  }
}

Result<std::shared_ptr<Array>> ToPlain(const std::shared_ptr<Array>& array,
                                       const std::shared_ptr<arrow::DataType>& plain) {
  const arrow::DataType& type = *array->type();
  if (type.Equals(*plain)) return array;
  switch (type.id()) {
    case Type::NA:
      return arrow::MakeArrayOfNull(plain, array->length());
    case Type::DICTIONARY: {
      const auto& values = static_cast<const arrow::DictionaryType&>(type).value_type();
      ARROW_ASSIGN_OR_RAISE(auto decoded, arrow::compute::Cast(*array, values));
      return ToPlain(decoded, plain);
    }
    case Type::EXTENSION:
      return ToPlain(static_cast<const arrow::ExtensionArray&>(*array).storage(), plain);
    case Type::DECIMAL32:
      return Doubles<arrow::Decimal32Array, arrow::Decimal32>(*array, plain);
    case Type::DECIMAL64:
      return Doubles<arrow::Decimal64Array, arrow::Decimal64>(*array, plain);
    case Type::DECIMAL128:
      return Doubles<arrow::Decimal128Array, arrow::Decimal128>(*array, plain);
    case Type::DECIMAL256:
      return Doubles<arrow::Decimal256Array, arrow::Decimal256>(*array, plain);
    case Type::DATE32: {
      const auto& days = static_cast<const arrow::Date32Array&>(*array);
      return Map<int64_t>(*array, plain, [&](int64_t i) { return Scaled(days.Value(i), 86'400'000'000); });
    }
    case Type::DATE64: {
      const auto& milliseconds = static_cast<const arrow::Date64Array&>(*array);
      return Map<int64_t>(*array, plain, [&](int64_t i) { return Scaled(milliseconds.Value(i), 1'000); });
    }
    case Type::TIMESTAMP: {
      const auto& times = static_cast<const arrow::TimestampArray&>(*array);
      const auto unit = static_cast<const arrow::TimestampType&>(type).unit();
      return Map<int64_t>(*array, plain, [&](int64_t i) { return Microseconds(times.Value(i), unit); });
    }
    default:
      return arrow::compute::Cast(*array, plain);
  }
}

}  // namespace maxai
