// The first records of a text table.
#pragma once

#include <arrow/status.h>

#include <string>

#include "source.h"

namespace maxai {

// `head` without the record that it ends in the middle of, given that it ends there. Newlines between double
// quotes do not end a record if `quoted`; a doubled quote is seen as the end of one text and the start of the
// next, which comes to the same. Empty if not a single record is whole.
inline std::string WholeRecords(const std::string& head, bool quoted) {
  size_t end = 0;
  bool inside = false;
  for (size_t i = 0; i < head.size(); ++i) {
    if (quoted && head[i] == '"') inside = !inside;
    if (!inside && head[i] == '\n') end = i + 1;
  }
  return head.substr(0, end);
}

// What Arrow says when a record does not fit a block, said so that one can do something about it.
inline arrow::Status NamingLimit(const arrow::Status& status) {
  if (status.message().find("straddl") == std::string::npos) return status;
  return arrow::Status::CapacityError("a record is longer than ", kBlockBytes,
                                      " bytes, or has an open quote");
}

}  // namespace maxai
