// MaxAI from C: loads a bundle (.maxb) and scores rows with it. docs/c-api.md explains, examples/c shows.
//
// Functions that can fail return MAXAI_OK or a code; maxai_last_error() then says what was wrong, for this
// thread. Every argument is checked, NULL included; what cannot be checked is that pointers point where they
// say, for as many bytes as they say.
//
// Threads: a model is immutable and may be used by any number of threads. A context belongs to one call at a
// time. A model may be freed while its contexts live: they keep what they need.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Codes: the exit statuses of the commands.
enum {
  MAXAI_OK = 0,
  MAXAI_USAGE = 2,              // an argument that cannot be: NULL, an index beyond the end, an unknown type
  MAXAI_NOT_FOUND = 10,         // no such file
  MAXAI_CONTENT_MISMATCH = 14,  // a digest or a golden row does not come out
  MAXAI_MALFORMED = 20,         // a damaged bundle, or a value that the model does not take
  MAXAI_LIMIT_EXCEEDED = 21,    // more rows than the context has room for
  MAXAI_UNSUPPORTED = 22,       // well formed, and more than this version can do
  MAXAI_IO = 40,                // the file cannot be read
  MAXAI_INTERNAL = 70,
};

// Types of columns and outputs.
enum {
  MAXAI_F64 = 1,
  MAXAI_F32 = 2,
  MAXAI_F16 = 3,
  MAXAI_BF16 = 4,
  MAXAI_I64 = 5,
  MAXAI_I32 = 6,
  MAXAI_I16 = 7,
  MAXAI_I8 = 8,
  MAXAI_U64 = 9,
  MAXAI_U32 = 10,
  MAXAI_U16 = 11,
  MAXAI_U8 = 12,
  MAXAI_BOOL = 13,
  MAXAI_STRING = 14,
  MAXAI_TIMESTAMP = 15,  // microseconds since 1970-01-01T00:00:00Z, as int64
};

// What a column does with a missing value.
enum {
  MAXAI_MISSING_REFUSED = 0,  // the call fails with MAXAI_MALFORMED
  MAXAI_MISSING_NAN = 1,      // it is NaN
  MAXAI_MISSING_VALUE = 2,    // a value that the model has
};

// Flags of a maxai_column.
enum {
  MAXAI_WIDE_OFFSETS = 1,  // strings: offsets are int64, not int32
  MAXAI_BITMAP = 2,        // booleans: one bit a row, lowest first, not one byte
};

typedef struct maxai_model maxai_model;
typedef struct maxai_context maxai_context;

// Bytes that live elsewhere: UTF-8, followed by a NUL where a model owns them, without one in outputs.
typedef struct maxai_string {
  const char* data;
  size_t size;
} maxai_string;

// A column as its owner has it in memory; read during the call only, and never copied whole. Zero what is not
// used.
typedef struct maxai_column {
  int32_t type;  // what the values are; need not be what the model declares: numbers convert
  int32_t flags;
  const void* values;  // first value; booleans with MAXAI_BITMAP: the bitmap; strings: the bytes of the texts
  ptrdiff_t stride;    // bytes from one value to the next, 0 for packed; not used for strings and bitmaps
  const void* offsets;      // strings: rows + 1 offsets into values, that of row 0 first
  const uint8_t* validity;  // bit validity_offset + i is 1 if row i has a value; NULL if all have
  int64_t validity_offset;
  int64_t bit_offset;  // with MAXAI_BITMAP: the bit of row 0
} maxai_column;

// What a model says of itself. Texts live as long as the model.
typedef struct maxai_model_info {
  maxai_string name;
  maxai_string version;
  maxai_string digest;   // SHA-256 of the content, hexadecimal
  maxai_string source;   // what it was made from
  maxai_string kernels;  // which kernel runs each operator on this processor, one a line
  size_t columns;
  size_t outputs;
} maxai_model_info;

typedef struct maxai_column_info {
  maxai_string name;
  int32_t type;
  int32_t missing;            // MAXAI_MISSING_*
  double missing_number;      // with MAXAI_MISSING_VALUE, unless the column is of texts
  maxai_string missing_text;  // with MAXAI_MISSING_VALUE, if the column is of texts
} maxai_column_info;

typedef struct maxai_output_info {
  maxai_string name;
  int32_t type;
  size_t width;   // elements of one row
  size_t labels;  // names of these elements: width or 0
} maxai_output_info;

// "0.1.0"; never NULL.
const char* maxai_version(void);
// Why the last call of this thread that failed did so: one line; valid until the next failure of the thread.
const char* maxai_last_error(void);

// Loads a bundle and checks it: structure, digests, graph, golden rows. Signatures are the registry's matter:
// verify the file there (maxai-registry verify), and compare the digest.
int32_t maxai_load_file(const char* path, maxai_model** model);
int32_t maxai_load_memory(const void* bytes, size_t size, maxai_model** model);
void maxai_model_free(maxai_model* model);
int32_t maxai_model_describe(const maxai_model* model, maxai_model_info* info);
int32_t maxai_model_column(const maxai_model* model, size_t column, maxai_column_info* info);
int32_t maxai_model_output(const maxai_model* model, size_t output, maxai_output_info* info);
int32_t maxai_model_output_label(const maxai_model* model, size_t output, size_t element,
                                 maxai_string* label);

// Memory to score up to maximum_rows rows a call, allocated now. With more than one thread (at most 1024),
// calls of many rows are shared among that many, one of them the caller; results do not depend on it. Models
// with outputs of texts use one.
int32_t maxai_context_new(const maxai_model* model, size_t maximum_rows, size_t threads,
                          maxai_context** context);
void maxai_context_free(maxai_context* context);

// Scores rows. Columns are in the order of maxai_model_column. Allocates nothing if every operator has a
// kernel.
int32_t maxai_predict(maxai_context* context, const maxai_column* columns, size_t count, size_t rows);
// The same for a matrix of rows whose elements are packed; row_stride is bytes from one row to the next, 0
// for packed.
int32_t maxai_predict_f32(maxai_context* context, const float* values, size_t columns, size_t rows,
                          ptrdiff_t row_stride);
int32_t maxai_predict_f64(maxai_context* context, const double* values, size_t columns, size_t rows,
                          ptrdiff_t row_stride);

// Results of the last call, which must not have failed, where they are: count = rows × width elements of the
// output's type, row by row; valid until the context's next call. An output of texts has maxai_string
// elements.
int32_t maxai_output(maxai_context* context, size_t output, const void** values, size_t* count);

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

// https://arrow.apache.org/docs/format/CDataInterface.html
struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};

#endif  // ARROW_C_DATA_INTERFACE

// Scores a struct array (format "+s"): its columns are found by name, others are ignored. Both stay the
// caller's.
int32_t maxai_predict_arrow(maxai_context* context, const struct ArrowArray* array,
                            const struct ArrowSchema* schema);
// The results of the last call, copied into a struct array that the caller releases: one child an output, a
// fixed size list where its width is not 1. Needs outputs whose type Arrow has (all but MAXAI_BF16).
int32_t maxai_output_arrow(maxai_context* context, struct ArrowArray* array, struct ArrowSchema* schema);

#ifdef __cplusplus
}
#endif
