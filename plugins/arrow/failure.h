// How a failure inside the plug-in becomes a code and one line.
#pragma once

#include <arrow/status.h>

#include <string>

#include "maxai_arrow.h"

namespace maxai {

// Exit statuses of the commands (MaxError.Code).
enum Code : int32_t {
  kUsage = 2,
  kMalformed = 20,
  kLimitExceeded = 21,
  kUnsupported = 22,
  kIO = 40,
  kNetwork = 41,
  kInternal = 70,
};

struct Failure {
  int32_t code;
  std::string message;
};

// Arrow reports damaged files as IOError too: only one with an errno comes from the system, and one with
// another detail or the S3 client's mark comes from a remote file system.
Failure Describe(const arrow::Status& status);

int32_t Report(const Failure& failure, maxai_arrow_failure* out);

// A status that `Describe` shows as an error of the network.
arrow::Status NetworkError(const arrow::Status& status);

// Runs `body`, which returns a Status, and lets no exception through.
template <class Body>
arrow::Status Guarded(Body&& body) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return arrow::Status::OutOfMemory("not enough memory");
  } catch (const std::exception& error) {
    return arrow::Status::Invalid(error.what());
  } catch (...) {
    return arrow::Status::UnknownError("an unknown exception");
  }
}

template <class Body>
int32_t Call(maxai_arrow_failure* out, Body&& body) {
  const arrow::Status status = Guarded(body);
  return status.ok() ? 0 : Report(Describe(status), out);
}

}  // namespace maxai
