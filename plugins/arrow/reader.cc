#include "reader.h"

#include <arrow/filesystem/localfs.h>
#include <sys/stat.h>

#include <cstdlib>

#include "folder.h"
#include "remote.h"

namespace maxai {
namespace {

// By the first bytes where they cannot mean anything else, then by the name, then by the first character.
int32_t FormatOf(const std::string& head, const ReadOptions& options) {
  if (options.format != MAXAI_ARROW_UNKNOWN_FORMAT) return options.format;
  if (head.starts_with("PAR1") || head.starts_with("PARE")) return MAXAI_ARROW_PARQUET;
  if (head.starts_with("ARROW1")) return MAXAI_ARROW_IPC_FILE;
  if (head.starts_with("\xff\xff\xff\xff")) return MAXAI_ARROW_IPC_STREAM;
  if (options.likely_format != MAXAI_ARROW_UNKNOWN_FORMAT) return options.likely_format;
  const size_t first = head.find_first_not_of(" \t\r\n");
  return first != std::string::npos && head[first] == '{' ? MAXAI_ARROW_NDJSON : MAXAI_ARROW_CSV;
}

}  // namespace

arrow::Result<std::unique_ptr<Reader>> OpenReader(std::unique_ptr<Source> source,
                                                  const ReadOptions& options) {
  ARROW_RETURN_NOT_OK(source->Decompress());
  ARROW_ASSIGN_OR_RAISE(const std::string head, source->Head(4096));
  switch (FormatOf(head, options)) {
    case MAXAI_ARROW_PARQUET:
      return OpenParquet(std::move(source), options);
    case MAXAI_ARROW_CSV:
      return OpenCSV(std::move(source), options);
    case MAXAI_ARROW_IPC_FILE:
      // One name, two forms: what is called an Arrow file may well be a stream.
      if (head.starts_with("\xff\xff\xff\xff")) return OpenIPCStream(std::move(source), options);
      return OpenIPCFile(std::move(source), options);
    case MAXAI_ARROW_IPC_STREAM:
      if (head.starts_with("ARROW1")) return OpenIPCFile(std::move(source), options);
      return OpenIPCStream(std::move(source), options);
    case MAXAI_ARROW_NDJSON:
      return OpenNDJSON(std::move(source), options);
    default:
      return arrow::Status::NotImplemented("unknown table format");
  }
}

arrow::Result<std::unique_ptr<Reader>> OpenLocation(const std::string& location, const ReadOptions& options) {
  if (IsRemote(location)) {
    std::string path;
    ARROW_ASSIGN_OR_RAISE(auto system, RemoteFileSystem(location, &path));
    const auto info = system->GetFileInfo(path);
    if (!info.ok()) return RemoteError(info.status(), *system);
    if (info->IsDirectory()) return OpenFolder(std::move(system), path, options);
    auto file = system->OpenInputFile(*info);
    if (!file.ok()) return RemoteError(file.status(), *system);
    return OpenReader(Source::Of(std::move(*file), system->type_name() != "local"), options);
  }
  struct stat info;
  if (::stat(location.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
    char* real = ::realpath(location.c_str(), nullptr);
    const std::string root = real ? real : location;
    std::free(real);
    return OpenFolder(std::make_shared<arrow::fs::LocalFileSystem>(), root, options);
  }
  ARROW_ASSIGN_OR_RAISE(auto source, Source::At(location));
  return OpenReader(std::move(source), options);
}

}  // namespace maxai
