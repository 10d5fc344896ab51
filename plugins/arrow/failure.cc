#include "failure.h"

#include <arrow/util/io_util.h>

#include <cstring>

namespace maxai {
namespace {

class NetworkDetail : public arrow::StatusDetail {
 public:
  const char* type_id() const override { return "maxai::network"; }
  std::string ToString() const override { return "network"; }
};

int32_t CodeOf(const arrow::Status& status) {
  switch (status.code()) {
    case arrow::StatusCode::OutOfMemory:
    case arrow::StatusCode::CapacityError:
      return kLimitExceeded;
    case arrow::StatusCode::NotImplemented:
    case arrow::StatusCode::TypeError:
      return kUnsupported;
    case arrow::StatusCode::IOError:
      if (arrow::internal::ErrnoFromStatus(status) != 0) return kIO;
      return status.detail() || status.message().find("AWS Error") != std::string::npos ? kNetwork
                                                                                        : kMalformed;
    default:
      return kMalformed;
  }
}

// One line without a full stop at its end.
std::string OneLine(const std::string& text) {
  std::string line;
  for (const char c : text) {
    const bool space = static_cast<unsigned char>(c) <= 0x20;
    if (space && (line.empty() || line.back() == ' ')) continue;
    line += space ? ' ' : c;
  }
  while (!line.empty() && (line.back() == ' ' || line.back() == '.')) line.pop_back();
  return line;
}

}  // namespace

arrow::Status NetworkError(const arrow::Status& status) {
  return arrow::Status::IOError(status.message()).WithDetail(std::make_shared<NetworkDetail>());
}

Failure Describe(const arrow::Status& status) {
  std::string message = status.message();
  if (const int number = arrow::internal::ErrnoFromStatus(status); number != 0) {
    message += ": ";
    message += std::strerror(number);
  }
  return {CodeOf(status), OneLine(message)};
}

int32_t Report(const Failure& failure, maxai_arrow_failure* out) {
  if (out) {
    out->code = failure.code;
    const size_t length = std::min(failure.message.size(), sizeof out->message - 1);
    std::memcpy(out->message, failure.message.data(), length);
    out->message[length] = 0;
  }
  return failure.code;
}

}  // namespace maxai
