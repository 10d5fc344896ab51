// Where the bytes of a table come from: a file, a pipe, or a remote file system.
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/result.h>

#include <string>

#include "maxai_arrow.h"

namespace maxai {

// Bytes that the types of CSV and NDJSON columns are inferred from.
constexpr int64_t kHeadBytes = 4 << 20;

// Bytes of CSV and NDJSON that are parsed at once. A longer record is an error, unless it happens to end in
// the next block.
constexpr int32_t kBlockBytes = 1 << 20;

class Source {
 public:
  // A descriptor is duplicated; a seekable one is read from its first byte.
  static arrow::Result<std::unique_ptr<Source>> OfDescriptor(int descriptor);
  // A local path of a regular file, a pipe or a device.
  static arrow::Result<std::unique_ptr<Source>> At(const std::string& path);
  static std::unique_ptr<Source> Of(std::shared_ptr<arrow::io::RandomAccessFile> file, bool is_remote);

  // The first `count` bytes, or all where there are fewer. May be called again with another count.
  arrow::Result<std::string> Head(int64_t count);

  // From the first byte on. Of a pipe only once, and then no Head or File any more.
  arrow::Result<std::shared_ptr<arrow::io::InputStream>> Stream();

  // For formats that are read from their end: a pipe is first copied to a temporary file without a name.
  arrow::Result<std::shared_ptr<arrow::io::RandomAccessFile>> File();

  // Whether each read is a request to somewhere else.
  bool is_remote() const { return is_remote_; }

  // From here on, bytes are those of the content compressed with gzip or zstd, if the first ones say so.
  arrow::Status Decompress();

 private:
  std::shared_ptr<arrow::io::RandomAccessFile>
      file_;                                      // where the bytes can be read again; only positioned reads
  std::shared_ptr<arrow::io::InputStream> pipe_;  // where they cannot; behind head_
  std::string head_;                              // what was already taken from the pipe
  int codec_ = -1;                                // arrow::Compression::type
  bool is_remote_ = false;
};

}  // namespace maxai
