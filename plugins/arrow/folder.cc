// A folder of files with the same columns, as engines write them: read one after the other in the order of
// their paths' bytes. Folders called `key=value` (Hive partitions) give a column each.
#include "folder.h"

#include <arrow/array/util.h>
#include <arrow/filesystem/filesystem.h>
#include <arrow/scalar.h>
#include <arrow/util/uri.h>

#include <algorithm>
#include <charconv>

#include "plain.h"
#include "remote.h"

namespace maxai {
namespace {

using arrow::RecordBatch;
using arrow::Result;
using arrow::Status;

constexpr size_t kMaximumFiles = 1 << 20;
constexpr char kMissing[] = "__HIVE_DEFAULT_PARTITION__";

struct Part {
  std::string path;
  std::vector<std::pair<std::string, std::string>> keys;  // outermost first
};

// The parts between the slashes of `path` behind `root`.
std::vector<std::string> Components(const std::string& root, const std::string& path) {
  std::vector<std::string> components(1);
  for (const char c : path.substr(std::min(path.size(), root.size()))) {
    if (c != '/') {
      components.back() += c;
    } else if (!components.back().empty()) {
      components.emplace_back();
    }
  }
  return components;
}

// Files and folders that engines keep for themselves: `_SUCCESS`, `.part-0.crc`.
bool IsHidden(const std::string& component) {
  return component.starts_with('_') || component.starts_with('.');
}

Result<std::vector<Part>> PartsOf(arrow::fs::FileSystem& system, const std::string& root) {
  arrow::fs::FileSelector selector;
  selector.base_dir = root;
  selector.recursive = true;
  ARROW_ASSIGN_OR_RAISE(const auto infos, system.GetFileInfo(selector));
  std::vector<Part> parts;
  for (const auto& info : infos) {
    if (!info.IsFile()) continue;
    const auto components = Components(root, info.path());
    if (std::any_of(components.begin(), components.end(), IsHidden)) continue;
    Part& part = parts.emplace_back(Part{info.path(), {}});
    for (size_t i = 0; i + 1 < components.size(); ++i) {
      const size_t equals = components[i].find('=');
      if (equals == std::string::npos || equals == 0) continue;
      part.keys.emplace_back(arrow::util::UriUnescape(components[i].substr(0, equals)),
                             arrow::util::UriUnescape(components[i].substr(equals + 1)));
    }
  }
  if (parts.empty()) return Status::Invalid("the folder has no files");
  if (parts.size() > kMaximumFiles) {
    return Status::CapacityError("the folder has ", parts.size(), " files, at most ", kMaximumFiles);
  }
  std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.path < b.path; });
  for (const Part& part : parts) {
    const bool same =
        std::equal(part.keys.begin(), part.keys.end(), parts[0].keys.begin(), parts[0].keys.end(),
                   [](const auto& a, const auto& b) { return a.first == b.first; });
    if (!same) return Status::Invalid("the folder has files below different partition keys: ", part.path);
  }
  return parts;
}

bool IsInteger(const std::string& text) {
  int64_t value;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && std::to_string(value) == text;
}

class FolderReader : public Reader {
 public:
  Status Open(std::shared_ptr<arrow::fs::FileSystem> system, const std::string& root,
              const ReadOptions& options) {
    system_ = std::move(system);
    options_ = options;
    ARROW_ASSIGN_OR_RAISE(parts_, PartsOf(*system_, root));
    ARROW_ASSIGN_OR_RAISE(current_, OpenPart(parts_[0]));
    arrow::FieldVector fields;
    for (const auto& field : current_->schema()->fields()) {
      const auto declared = options_.types.find(field->name());
      const bool untyped = field->type()->id() == arrow::Type::NA && declared != options_.types.end();
      auto plain = untyped ? declared->second : PlainType(*field->type());
      // What one file says about the types of a text format holds for all.
      if (plain) options_.types.emplace(field->name(), plain);
      fields.push_back(field->WithType(plain ? std::move(plain) : field->type()));
    }
    file_columns_ = static_cast<int>(fields.size());
    for (size_t key = 0; key < parts_[0].keys.size(); ++key) {
      const std::string& name = parts_[0].keys[key].first;
      const auto declared = options.types.find(name);
      const bool integers = std::all_of(parts_.begin(), parts_.end(), [&](const Part& part) {
        return IsInteger(part.keys[key].second) || part.keys[key].second == kMissing;
      });
      const auto type = declared != options.types.end() ? declared->second
                        : integers                      ? arrow::int64()
                                                        : arrow::utf8();
      fields.push_back(arrow::field(name, type));
    }
    schema_ = arrow::schema(std::move(fields));
    return Status::OK();
  }

  Status Start(const std::vector<int>& columns) override {
    columns_ = columns;
    return StartPart();
  }

  Result<std::shared_ptr<RecordBatch>> Next() override {
    while (true) {
      ARROW_ASSIGN_OR_RAISE(auto batch, InPart(current_->Next()));
      if (batch) return Complete(*batch);
      if (++part_ >= parts_.size()) {
        part_ = parts_.size() - 1;
        return nullptr;
      }
      current_ = nullptr;
      ARROW_ASSIGN_OR_RAISE(current_, OpenPart(parts_[part_]));
      ARROW_RETURN_NOT_OK(StartPart());
    }
  }

 private:
  Result<std::unique_ptr<Reader>> OpenPart(const Part& part) {
    auto file = system_->OpenInputFile(part.path);
    if (!file.ok()) return RemoteError(file.status(), *system_);
    auto source = Source::Of(std::move(*file), system_->type_name() != "local");
    return InPart(OpenReader(std::move(source), options_));
  }

  Status InPart(const Status& status) const {
    if (status.ok()) return status;
    return Status(status.code(), "in '" + parts_[part_].path + "': " + status.message(), status.detail());
  }

  template <class Value>
  Result<Value> InPart(Result<Value> result) const {
    if (result.ok()) return result;
    return InPart(result.status());
  }

  // Finds the columns of the first file in the current one.
  Status StartPart() {
    std::vector<int> indices;
    for (const int column : columns_) {
      if (column >= file_columns_) continue;
      const auto& wanted = schema_->field(column);
      int index = column;
      if (part_ > 0) {
        const auto found = current_->schema()->GetAllFieldIndices(wanted->name());
        if (found.size() != 1) {
          return InPart(Status::Invalid(found.size(), " columns are called \"", wanted->name(),
                                        "\", expected one as in the first file"));
        }
        index = found[0];
      }
      const auto plain = PlainType(*current_->schema()->field(index)->type());
      const bool untyped = current_->schema()->field(index)->type()->id() == arrow::Type::NA;
      if (!untyped && (!plain || !plain->Equals(wanted->type()))) {
        return InPart(Status::Invalid("column \"", wanted->name(), "\" holds ",
                                      current_->schema()->field(index)->type()->ToString(), ", expected ",
                                      wanted->type()->ToString(), " as in the first file"));
      }
      indices.push_back(index);
    }
    std::vector<int> ascending = indices;
    std::sort(ascending.begin(), ascending.end());
    order_.clear();
    for (const int index : indices) {
      order_.push_back(
          static_cast<int>(std::lower_bound(ascending.begin(), ascending.end(), index) - ascending.begin()));
    }
    return InPart(current_->Start(ascending));
  }

  // The file's columns in the folder's order and types, and the partition's keys.
  Result<std::shared_ptr<RecordBatch>> Complete(const RecordBatch& batch) {
    arrow::ArrayVector arrays;
    arrow::FieldVector fields;
    size_t next = 0;
    for (const int column : columns_) {
      const auto& field = schema_->field(column);
      if (column < file_columns_) {
        ARROW_ASSIGN_OR_RAISE(auto array, ToPlain(batch.column(order_[next++]), field->type()));
        arrays.push_back(std::move(array));
      } else {
        const std::string& text = parts_[part_].keys[static_cast<size_t>(column - file_columns_)].second;
        if (text == kMissing) {
          ARROW_ASSIGN_OR_RAISE(auto array, arrow::MakeArrayOfNull(field->type(), batch.num_rows()));
          arrays.push_back(std::move(array));
        } else {
          auto scalar = arrow::Scalar::Parse(field->type(), text);
          if (!scalar.ok()) {
            return Status::Invalid("partition \"", field->name(), "\" of '", parts_[part_].path, "' is no ",
                                   field->type()->ToString());
          }
          ARROW_ASSIGN_OR_RAISE(auto array, arrow::MakeArrayFromScalar(**scalar, batch.num_rows()));
          arrays.push_back(std::move(array));
        }
      }
      fields.push_back(field);
    }
    return RecordBatch::Make(arrow::schema(std::move(fields)), batch.num_rows(), std::move(arrays));
  }

  std::shared_ptr<arrow::fs::FileSystem> system_;
  ReadOptions options_;
  std::vector<Part> parts_;
  size_t part_ = 0;
  std::unique_ptr<Reader> current_;
  int file_columns_ = 0;  // those of the schema that files have; partition keys follow
  std::vector<int> columns_;
  std::vector<int> order_;  // per file column of columns_, where the current reader's batches have it
};

}  // namespace

Result<std::unique_ptr<Reader>> OpenFolder(std::shared_ptr<arrow::fs::FileSystem> system,
                                           const std::string& root, const ReadOptions& options) {
  auto reader = std::make_unique<FolderReader>();
  ARROW_RETURN_NOT_OK(reader->Open(std::move(system), root, options));
  return reader;
}

}  // namespace maxai
