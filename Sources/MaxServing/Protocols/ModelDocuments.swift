import MaxFormats
import MaxIR
import MaxRuntime

/// What clients ask about models: metadata, configuration, statistics and the repository's index.
///
/// Source: kserve/open-inference-protocol; triton-inference-server, extension_{model_configuration,statistics,model_repository}.md.
enum ModelDocuments {
    static func metadata(_ served: ServedModel) -> Answer {
        .json { json in
            json.object { json in
                json.member("name", served.name)
                json.member("versions", array: { $0.value(served.version) })
                json.member("platform", "maxai")
                json.member(
                    "inputs",
                    array: { json in
                        for port in served.schema.inputs { tensor(port.name, port.element, port.tail, &json) }
                    })
                json.member(
                    "outputs",
                    array: { json in
                        for port in served.schema.outputs { tensor(port.name, port.element, port.tail, &json) }
                    })
                json.member("properties", object: { $0.member("digest", served.model.info.digest) })
            }
        }
    }

    private static func tensor(_ name: Text, _ element: ElementType, _ tail: [Int], _ json: inout JSONText) {
        json.object { json in
            json.key("name")
            json.value(name)
            json.member("datatype", element.v2Name)
            json.member(
                "shape",
                array: { json in
                    json.value(-1)
                    for extent in tail { json.value(extent) }
                })
        }
    }

    static func config(_ served: ServedModel, _ limits: ServingLimits) -> Answer {
        func port(_ name: Text, _ element: ElementType, _ tail: [Int], _ json: inout JSONText) {
            json.object { json in
                json.key("name")
                json.value(name)
                json.member("data_type", "TYPE_" + (element == .string ? "STRING" : element.v2Name))
                json.member(
                    "dims",
                    array: { json in
                        json.value(-1)
                        for extent in tail { json.value(extent) }
                    })
            }
        }
        return .json { json in
            json.object { json in
                json.member("name", served.name)
                json.member("platform", "maxai")
                json.member("backend", "maxai")
                json.member("max_batch_size", 0)
                json.member("input", array: { json in for p in served.schema.inputs { port(p.name, p.element, p.tail, &json) } })
                json.member("output", array: { json in for p in served.schema.outputs { port(p.name, p.element, p.tail, &json) } })
                json.member(
                    "parameters",
                    object: { json in
                        json.member("max_rows", object: { $0.member("string_value", "\(limits.rows)") })
                    })
            }
        }
    }

    static func statistics(_ models: [ServedModel]) -> Answer {
        func duration(_ json: inout JSONText, _ name: String, _ count: Int, _ seconds: Double) {
            json.member(
                name,
                object: { json in
                    json.member("count", count)
                    json.member("ns", Int(seconds * 1e9))
                })
        }
        return .json { json in
            json.object { json in
                json.member(
                    "model_stats",
                    array: { json in
                        for served in models {
                            let counts = served.metrics.snapshot
                            json.object { json in
                                json.member("name", served.name)
                                json.member("version", served.version)
                                json.member("last_inference", counts.lastInference)
                                json.member("inference_count", counts.rows)
                                json.member("execution_count", counts.succeeded)
                                json.member(
                                    "inference_stats",
                                    object: { json in
                                        duration(&json, "success", counts.succeeded, counts.seconds)
                                        duration(&json, "fail", counts.failed, 0)
                                        duration(&json, "queue", counts.succeeded, 0)
                                        duration(&json, "compute_input", counts.succeeded, 0)
                                        duration(&json, "compute_infer", counts.succeeded, counts.seconds)
                                        duration(&json, "compute_output", counts.succeeded, 0)
                                    })
                                json.member("batch_stats", array: { _ in })
                            }
                        }
                    })
            }
        }
    }

    static func index(_ service: Service) -> Answer {
        .json { json in
            json.array { json in
                for served in service.models {
                    json.object { json in
                        json.member("name", served.name)
                        json.member("version", served.version)
                        json.member("state", service.isReady ? "READY" : "UNLOADING")
                        json.member("reason", "")
                    }
                }
            }
        }
    }
}
