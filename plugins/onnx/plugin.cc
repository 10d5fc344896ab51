// The checker and the shape inference of libonnx behind a C face, so that no C++ type and no exception
// crosses.

#include <onnx/checker.h>
#include <onnx/defs/schema.h>
#include <onnx/onnx_pb.h>
#include <onnx/shape_inference/implementation.h>

#include <climits>
#include <cstdio>
#include <exception>
#include <string>

namespace {

void say(const char* message, char* text, int capacity) {
  if (text != nullptr && capacity > 0) std::snprintf(text, static_cast<size_t>(capacity), "%s", message);
}

}  // namespace

#define MAXAI_EXPORT extern "C" __attribute__((visibility("default")))

// Checks a model against the schemas of its operator sets and, unless an output is a map or a sequence,
// infers every type and shape strictly.
//
// Returns 0 when it passes, 1 when the checker or 2 when the inference refuses it, 3 when it is no model.
// `text` receives what was wrong, cut to `capacity` bytes with the final NUL.
MAXAI_EXPORT int maxai_onnx_check(const void* bytes, size_t count, char* text, int capacity) {
  int stage = 3;
  try {
    onnx::ModelProto model;
    if (count > INT_MAX || !model.ParseFromArray(bytes, static_cast<int>(count))) {
      say("not a protobuf message of this type", text, capacity);
      return 3;
    }
    stage = 1;
    onnx::checker::check_model(model);
    // The inference of maps fails on every model that has one.
    for (const auto& output : model.graph().output()) {
      if (!output.type().has_tensor_type()) return 0;
    }
    stage = 2;
    const onnx::ShapeInferenceOptions strict(true, 1, true);
    onnx::shape_inference::InferShapes(model, onnx::OpSchemaRegistry::Instance(), strict);
    return 0;
  } catch (const std::exception& error) {
    say(error.what(), text, capacity);
  } catch (...) {
    say("unknown failure", text, capacity);
  }
  return stage;
}

// The newest operator sets and file format that this libonnx knows.
MAXAI_EXPORT void maxai_onnx_versions(int* opset, int* ml, int* ir) {
  *opset = *ml = *ir = 0;
  try {
    const auto& map = onnx::OpSchemaRegistry::DomainToVersionRange::Instance().Map();
    const auto core = map.find("");
    const auto extra = map.find("ai.onnx.ml");
    if (core != map.end()) *opset = core->second.second;
    if (extra != map.end()) *ml = extra->second.second;
    *ir = onnx::IR_VERSION;
  } catch (...) {
  }
}
