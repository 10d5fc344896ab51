// File systems behind a URI, also those that Arrow keeps in libraries of their own (S3).
#pragma once

#include <arrow/filesystem/filesystem.h>
#include <arrow/result.h>

#include <memory>
#include <string>

namespace maxai {

// Whether `location` names a file system by URI (`s3://bucket/key`) and not a path.
bool IsRemote(const std::string& location);

// The file system of a URI, and the path in it. S3 is shut down when the process ends.
arrow::Result<std::shared_ptr<arrow::fs::FileSystem>> RemoteFileSystem(const std::string& location,
                                                                       std::string* path);

// What a file system said when a file was opened: an error of the network, unless the system gave an errno.
arrow::Status RemoteError(const arrow::Status& status, const arrow::fs::FileSystem& system);

}  // namespace maxai
