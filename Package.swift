// swift-tools-version: 6.2
import PackageDescription

let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny"), .treatAllWarnings(as: .error),
]
let cSettings: [CSetting] = [.treatAllWarnings(as: .error)]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
]

func library(_ name: String, _ path: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: path, swiftSettings: swiftSettings)
}

func command(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies + ["MaxIR", "MaxCommand", argumentParser], path: "Sources/\(name)",
        swiftSettings: swiftSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: swiftSettings)
}

let package = Package(
    name: "maxai",
    products: [
        .library(name: "MaxIR", targets: ["MaxIR"]),
        .library(name: "MaxRuntime", targets: ["MaxRuntime"]),
        .executable(name: "maxai-train", targets: ["maxai-train"]),
        .executable(name: "maxai-compile", targets: ["maxai-compile"]),
        .executable(name: "maxai-score", targets: ["maxai-score"]),
        .executable(name: "maxai-inspect", targets: ["maxai-inspect"]),
        .executable(name: "maxai-registry", targets: ["maxai-registry"]),
        .executable(name: "maxai-serve", targets: ["maxai-serve"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // C and system libraries
        .target(name: "CMaxKernels", path: "runtime/kernels", cSettings: cSettings),
        .target(name: "CArrowABI", path: "formats/arrow", cSettings: cSettings),
        .systemLibrary(
            name: "COpenSSL", path: "sys/COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        // No library: security modules are loaded while a program runs
        .systemLibrary(name: "CPKCS11", path: "sys/CPKCS11"),
        .target(name: "CMaxLearning", path: "Sources/CMaxLearning", cSettings: cSettings),
        .systemLibrary(
            name: "COpenBLAS", path: "sys/COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        // Opens libcurl.so.4 on first use: only its headers (libcurl4-openssl-dev) are needed to build.
        .target(name: "CMaxHTTP", path: "Sources/CMaxHTTP", cSettings: cSettings),
        .systemLibrary(name: "CZstd", path: "sys/CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),

        // Libraries, in the order in which arrows may point: each only to those above it
        library("MaxIR", "Sources/MaxIR"),
        library("MaxFormats", "formats/codec", ["MaxIR"]),
        library("MaxRuntime", "runtime/engine", ["MaxIR", "MaxFormats", "CMaxKernels", "COpenSSL", "CZstd"]),
        library("MaxImport", "Sources/MaxImport", ["MaxIR", "MaxFormats"]),
        library("MaxTabular", "Sources/MaxTabular", ["MaxIR", "CArrowABI"]),
        library("MaxBinding", "Sources/MaxBinding", ["MaxIR", "MaxTabular", "MaxRuntime"]),
        library("MaxRegistry", "Sources/MaxRegistry", ["MaxIR", "MaxFormats", "MaxRuntime", "COpenSSL", "CPKCS11"]),
        library(
            "MaxTransport", "Sources/MaxTransport",
            ["MaxIR", "MaxFormats", "MaxRuntime", "MaxRegistry", "COpenSSL", "CMaxHTTP"]),
        library("MaxCompiler", "Sources/MaxCompiler", ["MaxIR", "MaxFormats", "MaxRuntime"]),
        library("MaxSettings", "Sources/MaxSettings", ["MaxIR"]),
        library("MaxLearning", "Sources/MaxLearning", ["MaxIR", "MaxSettings", "CMaxLearning", "COpenBLAS"]),
        library(
            "MaxFeatures", "Sources/MaxFeatures",
            ["MaxIR", "MaxSettings", "MaxTabular", "MaxBinding", "MaxRuntime", "MaxLearning", "COpenBLAS"]),
        library("MaxEvaluation", "Sources/MaxEvaluation", ["MaxIR", "MaxFormats"]),
        library("MaxExpectations", "Sources/MaxExpectations", ["MaxIR", "MaxFormats", "MaxRuntime", "MaxSettings"]),
        library(
            "MaxTraining", "Sources/MaxTraining",
            [
                "MaxIR", "MaxSettings", "MaxFormats", "MaxTabular", "MaxRuntime", "MaxFeatures", "MaxLearning", "MaxEvaluation",
                "MaxExpectations", yams,
            ]),
        library(
            "MaxServing", "Sources/MaxServing", ["MaxIR", "MaxFormats", "MaxRuntime", "MaxRegistry", "MaxExpectations", logging] + nio),
        .target(name: "CMaxAI", path: "runtime/capi/abi", cSettings: cSettings),
        // libmaxai.so, as objects: scripts/library links it
        library("MaxLibrary", "runtime/capi/library", ["MaxIR", "MaxRuntime", "CMaxAI"]),
        library("MaxCommand", "Sources/MaxCommand", ["MaxIR", argumentParser]),

        // Commands
        command("maxai-compile", ["MaxImport", "MaxCompiler", "MaxFormats", "MaxRuntime", "MaxTabular", "MaxBinding"]),
        command(
            "maxai-train",
            [
                "MaxSettings", "MaxFeatures", "MaxLearning", "MaxEvaluation", "MaxExpectations", "MaxTraining", "MaxTabular", "MaxFormats",
                "MaxRuntime",
            ]),
        command("maxai-score", ["MaxTabular", "MaxBinding", "MaxRuntime", "MaxRegistry", "MaxFormats", "MaxExpectations"]),
        command("maxai-inspect", ["MaxRuntime", "MaxFormats"]),
        command("maxai-registry", ["MaxRegistry", "MaxTransport", "MaxFormats", "MaxRuntime"]),
        command("maxai-serve", ["MaxServing", "MaxRuntime", "MaxRegistry", "MaxExpectations"]),

        // Tests
        .target(name: "CAllocations", path: "Tests/Allocations", cSettings: cSettings),
        library("MaxCases", "Tests/Cases", ["MaxIR", "MaxFormats", "MaxRuntime", "MaxImport"]),
        library(
            "MaxMutations", "Tests/Mutations",
            [
                "MaxCases", "MaxImport", "MaxCompiler", "MaxTabular", "MaxRegistry", "MaxServing", "MaxTransport", "MaxExpectations",
                "MaxFormats", "MaxRuntime", "MaxIR",
            ]),
        .executableTarget(
            name: "conformance", dependencies: ["MaxCases"], path: "benchmarks/conformance",
            exclude: ["passing.txt"], swiftSettings: swiftSettings),
        .executableTarget(
            name: "exactness", dependencies: ["MaxCases", "MaxIR", "MaxRuntime"], path: "benchmarks/exactness",
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "featurize", dependencies: ["MaxIR", "MaxFormats", "MaxSettings", "MaxLearning", "MaxFeatures"],
            path: "benchmarks/featurize", exclude: ["compare.py"], swiftSettings: swiftSettings),
        .executableTarget(
            name: "mutations", dependencies: ["MaxIR", "MaxRuntime", "MaxMutations", argumentParser], path: "benchmarks/mutations",
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "metrics", dependencies: ["MaxIR", "MaxFormats", "MaxEvaluation"], path: "benchmarks/metrics",
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "fit", dependencies: ["MaxIR", "MaxSettings", "MaxLearning", "MaxRuntime", "MaxCommand", argumentParser],
            path: "benchmarks/fit", swiftSettings: swiftSettings),
        .executableTarget(
            name: "registry-bench", dependencies: ["MaxIR", "MaxRuntime", "MaxRegistry", "MaxCommand", argumentParser],
            path: "benchmarks/registry", exclude: ["run"], swiftSettings: swiftSettings),
        .executableTarget(
            name: "transport",
            dependencies: ["MaxIR", "MaxFormats", "MaxRuntime", "MaxTransport", "MaxCommand", argumentParser],
            path: "benchmarks/transport", swiftSettings: swiftSettings),
        tests("ArchitectureTests", []),
        tests("MutationTests", ["MaxIR", "MaxMutations"]),
        tests("MaxIRTests", ["MaxIR", "MaxCases"]),
        tests("MaxFormatsTests", ["MaxIR", "MaxFormats"]),
        tests("MaxRuntimeTests", ["MaxIR", "MaxFormats", "MaxRuntime", "MaxImport", "MaxCases", "CAllocations"]),
        tests("MaxImportTests", ["MaxIR", "MaxImport", "MaxFormats", "MaxCases"]),
        tests("MaxCompilerTests", ["MaxIR", "MaxCompiler", "MaxImport", "MaxCases"]),
        tests("MaxTabularTests", ["MaxIR", "MaxTabular", "MaxCases"]),
        tests("MaxLearningTests", ["MaxIR", "MaxSettings", "MaxRuntime", "MaxLearning"]),
        tests("MaxFeaturesTests", ["MaxIR", "MaxSettings", "MaxRuntime", "MaxTabular", "MaxLearning", "MaxFeatures", "MaxCases"]),
        tests("MaxEvaluationTests", ["MaxIR", "MaxFormats", "MaxEvaluation"]),
        tests("MaxExpectationsTests", ["MaxIR", "MaxFormats", "MaxRuntime", "MaxSettings", "MaxExpectations", "CAllocations"]),
        tests(
            "MaxTrainingTests",
            [
                "MaxIR", "MaxSettings", "MaxRuntime", "MaxTabular", "MaxFeatures", "MaxLearning", "MaxEvaluation", "MaxTraining",
                "MaxCases",
            ]),
        tests("MaxRegistryTests", ["MaxIR", "MaxRuntime", "MaxRegistry", "COpenSSL"]),
        tests("MaxTransportTests", ["MaxIR", "MaxTransport"]),
        tests("MaxServingTests", ["MaxIR", "MaxRuntime", "MaxExpectations", "MaxServing"]),
        tests(
            "CommandTests",
            ["MaxCases", "MaxIR", "maxai-train", "maxai-compile", "maxai-score", "maxai-inspect", "maxai-registry", "maxai-serve"]),
    ]
)
