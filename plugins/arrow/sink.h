// Where a written table goes.
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/result.h>

#include <string>

namespace maxai {

// A local file is written under another name in the same folder and takes its own name in `Commit`, on disk
// and whole; pipes, devices and remote objects are written as they are. Without Commit, a local file never
// appears.
class Sink {
 public:
  // The descriptor stays the caller's.
  static arrow::Result<std::unique_ptr<Sink>> ToDescriptor(int descriptor);
  static arrow::Result<std::unique_ptr<Sink>> At(const std::string& location);

  ~Sink();
  const std::shared_ptr<arrow::io::OutputStream>& stream() const { return stream_; }
  arrow::Status Commit();

 private:
  std::shared_ptr<arrow::io::OutputStream> stream_;
  int descriptor_ = -1;     // of a local file, besides the stream's own
  std::string path_;        // of a local file; else empty
  std::string unfinished_;  // what the local file is called until Commit
};

}  // namespace maxai
