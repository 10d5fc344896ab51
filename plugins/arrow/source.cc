#include "source.h"

#include <arrow/buffer.h>
#include <arrow/io/compressed.h>
#include <arrow/io/concurrency.h>
#include <arrow/io/file.h>
#include <arrow/io/memory.h>
#include <arrow/util/compression.h>
#include <arrow/util/io_util.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace maxai {
namespace {

using arrow::Result;
using arrow::Status;

Status SystemError(const char* what) { return arrow::internal::IOErrorFromErrno(errno, what); }

// Closes a descriptor, unless it was taken.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }
  int Take() { return std::exchange(number_, -1); }

 private:
  int number_;
};

// A descriptor that only goes forward. Owns it.
class PipeStream : public arrow::io::InputStream {
 public:
  explicit PipeStream(int descriptor) : descriptor_(descriptor) {}
  ~PipeStream() override { (void)Close(); }

  Status Close() override {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
    return Status::OK();
  }
  bool closed() const override { return descriptor_ < 0; }
  Result<int64_t> Tell() const override { return position_; }

  Result<int64_t> Read(int64_t count, void* out) override {
    int64_t got = 0;
    while (got < count) {
      const ssize_t n = ::read(descriptor_, static_cast<char*>(out) + got, static_cast<size_t>(count - got));
      if (n == 0) break;
      if (n < 0) {
        if (errno == EINTR) continue;
        return SystemError("cannot read");
      }
      got += n;
    }
    position_ += got;
    return got;
  }

  Result<std::shared_ptr<arrow::Buffer>> Read(int64_t count) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(count));
    ARROW_ASSIGN_OR_RAISE(const int64_t got, Read(count, buffer->mutable_data()));
    ARROW_RETURN_NOT_OK(buffer->Resize(got, false));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }

 private:
  int descriptor_;
  int64_t position_ = 0;
};

// Bytes in memory, then a stream.
class PrefixedStream : public arrow::io::InputStream {
 public:
  PrefixedStream(std::string prefix, std::shared_ptr<arrow::io::InputStream> rest)
      : prefix_(std::move(prefix)), rest_(std::move(rest)) {}

  Status Close() override { return rest_->Close(); }
  bool closed() const override { return rest_->closed(); }
  Result<int64_t> Tell() const override { return position_; }

  Result<int64_t> Read(int64_t count, void* out) override {
    const int64_t size = static_cast<int64_t>(prefix_.size());
    int64_t got = 0;
    if (position_ < size) {
      got = std::min(count, size - position_);
      std::memcpy(out, prefix_.data() + position_, static_cast<size_t>(got));
      if (position_ + got == size) prefix_.clear(), prefix_.shrink_to_fit(), prefix_end_ = true;
    }
    if (got < count && (prefix_end_ || size == 0)) {
      ARROW_ASSIGN_OR_RAISE(const int64_t more, rest_->Read(count - got, static_cast<char*>(out) + got));
      got += more;
    }
    position_ += got;
    return got;
  }

  Result<std::shared_ptr<arrow::Buffer>> Read(int64_t count) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(count));
    ARROW_ASSIGN_OR_RAISE(const int64_t got, Read(count, buffer->mutable_data()));
    ARROW_RETURN_NOT_OK(buffer->Resize(got, false));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }

 private:
  std::string prefix_;
  bool prefix_end_ = false;
  std::shared_ptr<arrow::io::InputStream> rest_;
  int64_t position_ = 0;
};

Result<std::string> ReadUpTo(arrow::io::InputStream& stream, int64_t count) {
  std::string bytes(static_cast<size_t>(count), '\0');
  int64_t got = 0;
  while (got < count) {
    ARROW_ASSIGN_OR_RAISE(const int64_t n, stream.Read(count - got, bytes.data() + got));
    if (n == 0) break;
    got += n;
  }
  bytes.resize(static_cast<size_t>(got));
  return bytes;
}

Result<std::shared_ptr<arrow::io::InputStream>> Decompressed(
    const std::shared_ptr<arrow::io::InputStream>& stream, int compression) {
  ARROW_ASSIGN_OR_RAISE(auto codec,
                        arrow::util::Codec::Create(static_cast<arrow::Compression::type>(compression)));
  return arrow::io::CompressedInputStream::Make(codec.get(), stream);
}

// A file in the folder for temporary files that has no name, so that nothing of it stays behind.
Result<int> UnnamedFile() {
  const char* folder = std::getenv("TMPDIR");
  std::string path = std::string(folder && *folder ? folder : "/tmp") + "/maxai-table-XXXXXX";
  const int descriptor = ::mkostemp(path.data(), O_CLOEXEC);
  if (descriptor < 0) return SystemError("cannot make a temporary file");
  ::unlink(path.c_str());
  return descriptor;
}

Result<std::shared_ptr<arrow::io::RandomAccessFile>> Spool(arrow::io::InputStream& stream) {
  ARROW_ASSIGN_OR_RAISE(const int descriptor, UnnamedFile());
  Descriptor owned(descriptor);
  std::string block(1 << 20, '\0');
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const int64_t count, stream.Read(static_cast<int64_t>(block.size()), block.data()));
    if (count == 0) break;
    for (int64_t written = 0; written < count;) {
      const ssize_t n = ::write(descriptor, block.data() + written, static_cast<size_t>(count - written));
      if (n < 0 && errno != EINTR) return SystemError("cannot write a temporary file");
      if (n > 0) written += n;
    }
  }
  ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(owned.Take()));
  return std::shared_ptr<arrow::io::RandomAccessFile>(std::move(file));
}

}  // namespace

Result<std::unique_ptr<Source>> Source::OfDescriptor(int descriptor) {
  struct stat info;
  if (::fstat(descriptor, &info) != 0) return SystemError("cannot open");
  if (S_ISDIR(info.st_mode)) {
    errno = EISDIR;
    return SystemError("cannot read");
  }
  Descriptor own(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
  if (own.number() < 0) return SystemError("cannot open");
  auto source = std::make_unique<Source>();
  if (S_ISREG(info.st_mode) && ::lseek(own.number(), 0, SEEK_CUR) == 0) {
    ARROW_ASSIGN_OR_RAISE(source->file_, arrow::io::ReadableFile::Open(own.Take()));
  } else {
    source->pipe_ = std::make_shared<PipeStream>(own.Take());
  }
  return source;
}

Result<std::unique_ptr<Source>> Source::At(const std::string& path) {
  Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (descriptor.number() < 0) return SystemError("cannot open");
  return OfDescriptor(descriptor.number());
}

std::unique_ptr<Source> Source::Of(std::shared_ptr<arrow::io::RandomAccessFile> file, bool is_remote) {
  auto source = std::make_unique<Source>();
  source->file_ = std::move(file);
  source->is_remote_ = is_remote;
  return source;
}

Result<std::string> Source::Head(int64_t count) {
  if (!pipe_) {
    ARROW_ASSIGN_OR_RAISE(auto stream, Stream());
    return ReadUpTo(*stream, count);
  }
  if (static_cast<int64_t>(head_.size()) < count) {
    ARROW_ASSIGN_OR_RAISE(auto more, ReadUpTo(*pipe_, count - static_cast<int64_t>(head_.size())));
    head_ += more;
  }
  return head_.substr(0, static_cast<size_t>(count));
}

Result<std::shared_ptr<arrow::io::InputStream>> Source::Stream() {
  std::shared_ptr<arrow::io::InputStream> stream;
  if (pipe_) {
    stream = std::make_shared<PrefixedStream>(std::move(head_), std::move(pipe_));
    pipe_ = nullptr;
    return stream;
  }
  if (!file_) return Status::Invalid("a pipe can be read only once");
  ARROW_ASSIGN_OR_RAISE(const int64_t size, file_->GetSize());
  ARROW_ASSIGN_OR_RAISE(stream, arrow::io::RandomAccessFile::GetStream(file_, 0, size));
  if (codec_ < 0) return stream;
  return Decompressed(stream, codec_);
}

Result<std::shared_ptr<arrow::io::RandomAccessFile>> Source::File() {
  if (file_ && codec_ < 0) return file_;
  ARROW_ASSIGN_OR_RAISE(auto stream, Stream());
  return Spool(*stream);
}

Status Source::Decompress() {
  ARROW_ASSIGN_OR_RAISE(const std::string magic, Head(4));
  if (magic.starts_with("\x1f\x8b")) {
    codec_ = arrow::Compression::GZIP;
  } else if (magic == "\x28\xb5\x2f\xfd") {
    codec_ = arrow::Compression::ZSTD;
  } else {
    return Status::OK();
  }
  if (!pipe_) return Status::OK();
  auto compressed = std::make_shared<PrefixedStream>(std::move(head_), std::move(pipe_));
  head_.clear();
  ARROW_ASSIGN_OR_RAISE(pipe_, Decompressed(compressed, std::exchange(codec_, -1)));
  return Status::OK();
}

}  // namespace maxai
