#include "reader.h"

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

arrow::Result<std::unique_ptr<Reader>> OpenReader(std::unique_ptr<Source> source, const ReadOptions& options) {
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

}  // namespace maxai
