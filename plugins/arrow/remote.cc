#include "remote.h"

#include <arrow/filesystem/filesystem.h>
#include <arrow/util/io_util.h>
#include <dlfcn.h>
#include <glob.h>

#include <cctype>
#include <cstdlib>
#include <mutex>

#include "failure.h"

namespace maxai {
namespace {

using arrow::Result;
using arrow::Status;

// The path of libarrow_s3 beside libarrow, or nothing where libarrow holds S3 itself.
std::string S3Library() {
  Dl_info info;
  if (!dladdr(reinterpret_cast<const void*>(&arrow::fs::LoadFileSystemFactories), &info) || !info.dli_fname)
    return "";
  const std::string library = info.dli_fname;
  const std::string pattern = library.substr(0, library.rfind('/') + 1) + "libarrow_s3.so*";
  glob_t found;
  std::string path;
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0 && found.gl_pathc > 0) path = found.gl_pathv[0];
  ::globfree(&found);
  return path;
}

// Without this call the S3 library's threads outlive what they use, and the process ends with a fault.
void ShutDownS3() {
  using Finalize = Status (*)();
  void* symbol = dlsym(RTLD_DEFAULT, "_ZN5arrow2fs10FinalizeS3Ev");
  if (!symbol) {
    const std::string path = S3Library();
    if (void* library = path.empty() ? nullptr : dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD)) {
      symbol = dlsym(library, "_ZN5arrow2fs10FinalizeS3Ev");
    }
  }
  if (symbol) (void)reinterpret_cast<Finalize>(symbol)();
}

}  // namespace

bool IsRemote(const std::string& location) {
  const size_t colon = location.find("://");
  if (colon == std::string::npos || colon == 0) return false;
  for (size_t i = 0; i < colon; ++i) {
    if (!std::isalnum(static_cast<unsigned char>(location[i]))) return false;
  }
  return true;
}

Result<std::shared_ptr<arrow::fs::FileSystem>> RemoteFileSystem(const std::string& location,
                                                                std::string* path) {
  if (!location.starts_with("s3://")) return arrow::fs::FileSystemFromUri(location, path);
  static std::once_flag loaded;
  static Status status;
  std::call_once(loaded, [] {
    const std::string library = S3Library();
    if (!library.empty()) status = arrow::fs::LoadFileSystemFactories(library.c_str());
  });
  ARROW_RETURN_NOT_OK(status);
  auto system = arrow::fs::FileSystemFromUri(location, path);
  // Only now: what is registered last runs first, and the library has statics of its own that it makes on
  // first use.
  static std::once_flag registered;
  std::call_once(registered, [] { std::atexit(ShutDownS3); });
  return system;
}

Status RemoteError(const Status& status, const arrow::fs::FileSystem& system) {
  const bool is_network = system.type_name() != "local" && arrow::internal::ErrnoFromStatus(status) == 0;
  return is_network ? NetworkError(status) : status;
}

}  // namespace maxai
