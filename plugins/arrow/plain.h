// Plain columns: the types that cross the boundary.
#pragma once

#include <arrow/array.h>
#include <arrow/result.h>
#include <arrow/type.h>

namespace maxai {

// The plain type that stands for `type`, or null when there is none:
//
//   bool, every integer, f16, f32, f64, utf8, large_utf8    themselves
//   dictionary, extension                                   their values
//   string view, binary that is UTF-8                       utf8 or large_utf8
//   decimal                                                 f64, the nearest
//   date, timestamp of any unit                             timestamp in microseconds, same zone, rounded
//   down null                                                    f64 without any value
std::shared_ptr<arrow::DataType> PlainType(const arrow::DataType& type);

// `array` as a column of type `plain`, which is `PlainType(*array->type())`. No copy where they are equal.
arrow::Result<std::shared_ptr<arrow::Array>> ToPlain(const std::shared_ptr<arrow::Array>& array,
                                                     const std::shared_ptr<arrow::DataType>& plain);

}  // namespace maxai
