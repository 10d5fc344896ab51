#include "sink.h"

#include <arrow/io/buffered.h>
#include <arrow/io/file.h>
#include <arrow/memory_pool.h>
#include <arrow/util/io_util.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "remote.h"

namespace maxai {
namespace {

using arrow::Result;
using arrow::Status;

constexpr int64_t kWriteBufferBytes = 1 << 20;

Status SystemError(const char* what) { return arrow::internal::IOErrorFromErrno(errno, what); }

// Takes the descriptor.
Result<std::shared_ptr<arrow::io::OutputStream>> Buffered(int descriptor) {
  auto file = arrow::io::FileOutputStream::Open(descriptor);
  if (!file.ok()) {
    ::close(descriptor);
    return file.status();
  }
  return arrow::io::BufferedOutputStream::Create(kWriteBufferBytes, arrow::default_memory_pool(), *file);
}

// The file itself where the path is a symbolic link to one.
std::string Resolved(const std::string& path) {
  char* real = ::realpath(path.c_str(), nullptr);
  std::string resolved = real ? real : path;
  std::free(real);
  return resolved;
}

Result<std::string> UnfinishedName(const std::string& path) {
  uint64_t random;
  if (::getrandom(&random, sizeof random, 0) != static_cast<ssize_t>(sizeof random))
    return SystemError("no randomness");
  const size_t name = path.rfind('/') + 1;
  // The file's own name is left out where that could make the new one too long.
  const std::string own = path.size() - name <= 200 ? path.substr(name) : "table";
  return path.substr(0, name) + "." + own + "." + std::to_string(random) + ".unfinished";
}

Status SyncFolder(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return Status::OK();  // a folder that may be written and not read
  ::fsync(descriptor);
  ::close(descriptor);
  return Status::OK();
}

}  // namespace

Result<std::unique_ptr<Sink>> Sink::ToDescriptor(int descriptor) {
  const int own = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (own < 0) return SystemError("cannot write");
  auto sink = std::make_unique<Sink>();
  ARROW_ASSIGN_OR_RAISE(sink->stream_, Buffered(own));
  return sink;
}

Result<std::unique_ptr<Sink>> Sink::At(const std::string& location) {
  auto sink = std::make_unique<Sink>();
  if (IsRemote(location)) {
    std::string path;
    ARROW_ASSIGN_OR_RAISE(auto system, RemoteFileSystem(location, &path));
    auto stream = system->OpenOutputStream(path);
    if (!stream.ok()) return RemoteError(stream.status(), *system);
    sink->stream_ = std::move(*stream);
    return sink;
  }
  const std::string path = Resolved(location);
  struct stat info;
  const bool exists = ::stat(path.c_str(), &info) == 0;
  if (exists && !S_ISREG(info.st_mode)) {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0) return SystemError("cannot write");
    ARROW_ASSIGN_OR_RAISE(sink->stream_, Buffered(descriptor));
    return sink;
  }
  ARROW_ASSIGN_OR_RAISE(const std::string unfinished, UnfinishedName(path));
  const int descriptor = ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor < 0) return SystemError("cannot write");
  sink->unfinished_ = unfinished;
  sink->path_ = path;
  if (exists) (void)::fchmod(descriptor, info.st_mode & 07777);
  sink->descriptor_ = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  ARROW_ASSIGN_OR_RAISE(sink->stream_, Buffered(descriptor));
  return sink;
}

Status Sink::Commit() {
  ARROW_RETURN_NOT_OK(stream_->Close());
  if (unfinished_.empty()) return Status::OK();
  if (descriptor_ < 0 || ::fsync(descriptor_) != 0) return SystemError("cannot write to the end");
  if (::rename(unfinished_.c_str(), path_.c_str()) != 0) return SystemError("cannot rename");
  unfinished_.clear();
  return SyncFolder(path_);
}

Sink::~Sink() {
  if (stream_ && !stream_->closed()) (void)stream_->Abort();
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!unfinished_.empty()) ::unlink(unfinished_.c_str());
}

}  // namespace maxai
