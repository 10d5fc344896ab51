// The boundary between MaxTabular and the plug-in that holds Arrow C++ (plugins/arrow): plain C, found by the
// one symbol `maxai_arrow_plugin`. Tables cross it as the structures of the Arrow C data interface and as nothing else.
#pragma once

#include "arrow_abi.h"

#define MAXAI_ARROW_PLUGIN_VERSION 1
#define MAXAI_ARROW_PLUGIN_SYMBOL "maxai_arrow_plugin"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  MAXAI_ARROW_UNKNOWN_FORMAT = 0,
  MAXAI_ARROW_PARQUET = 1,
  MAXAI_ARROW_CSV = 2,
  MAXAI_ARROW_IPC_FILE = 3,
  MAXAI_ARROW_IPC_STREAM = 4,
  MAXAI_ARROW_NDJSON = 5,
};

// Why a call failed. `code` is an exit status of the commands (20 malformed, 40 I/O, ...); the message is one
// line and names neither the file nor a value of a row.
struct maxai_arrow_failure {
  int32_t code;
  char message[2048];
};

// A column as the source has it. Valid until its reader is closed.
struct maxai_arrow_column {
  const char* name;
  int64_t name_bytes;
  const char* format;       // as batches carry it, in C data interface notation; NULL when it is not a plain column
  const char* source_type;  // for people: "dictionary<...>", "list<...>", ...
};

struct maxai_arrow_read_options {
  const char* location;  // path or URI; not looked at when descriptor >= 0
  int32_t descriptor;    // an open file or pipe, which stays the caller's; or -1
  int32_t format;        // what the caller demands; MAXAI_ARROW_UNKNOWN_FORMAT to find out
  int32_t likely_format;  // what the name suggests; first bytes that are unmistakable overrule it
  int32_t threads;        // at least 1
  int32_t read_ahead;     // 1: the next batch is decoded on a thread of its own
  int64_t batch_rows;     // rows of one batch, at most
  char delimiter;         // of CSV; 0 for a comma
  // Texts that mean "missing" in CSV; nulls_count -1 for the default ones.
  const char* const* nulls;
  int64_t nulls_count;
  // Types of columns where the source has none (CSV, NDJSON, columns without any value): names and C data
  // interface formats. Names that the source does not have are ignored.
  const char* const* typed_names;
  const char* const* typed_formats;
  int64_t typed_count;
};

struct maxai_arrow_write_options {
  const char* location;     // path or URI; not looked at when descriptor >= 0
  int32_t descriptor;       // an open file or pipe, which stays the caller's; or -1
  int32_t format;           // not MAXAI_ARROW_UNKNOWN_FORMAT
  int32_t threads;          // at least 1
  int32_t write_behind;     // 1: a batch is encoded on a thread of its own while the caller makes the next one
  char delimiter;           // of CSV; 0 for a comma
  const char* compression;  // Parquet and IPC: "zstd", "snappy" (Parquet only) or "none"
};

struct maxai_arrow_reader;
struct maxai_arrow_writer;

// Every function returns 0, or the code that it also puts into the failure.
struct maxai_arrow_plugin {
  int32_t version;

  int32_t (*open)(
      const struct maxai_arrow_read_options*, struct maxai_arrow_reader** out, struct maxai_arrow_failure*);
  int64_t (*columns)(const struct maxai_arrow_reader*, const struct maxai_arrow_column** out);
  // Starts reading the columns at `indices`, in that order; once per reader. The stream outlives the reader.
  // Its get_next answers with a code as above in place of an errno.
  int32_t (*stream)(
      struct maxai_arrow_reader*, const int32_t* indices, int64_t count, struct ArrowArrayStream* out,
      struct maxai_arrow_failure*);
  void (*close)(struct maxai_arrow_reader*);

  // Takes the schema. A local file appears under its name only when `finish` returns 0.
  int32_t (*create)(
      const struct maxai_arrow_write_options*, struct ArrowSchema*, struct maxai_arrow_writer** out,
      struct maxai_arrow_failure*);
  // Takes the batch, also when it fails. With write_behind a failure may be told by the next call.
  int32_t (*write)(struct maxai_arrow_writer*, struct ArrowArray*, struct maxai_arrow_failure*);
  int32_t (*finish)(struct maxai_arrow_writer*, struct maxai_arrow_failure*);
  // Frees the writer; what was not finished is removed.
  void (*discard)(struct maxai_arrow_writer*);
};

#ifdef __cplusplus
}
#endif
