// swift-tools-version: 6.3
import PackageDescription

// One line a target, lowest first; each imports only what stands above it here. What lives where: Sources/README.md.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"), .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
]

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// A library that only tests use; it lies below `Tests`.
func support(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], data: [String] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, exclude: data, swiftSettings: strict)
}

let package = Package(
  name: "patchbay",
  platforms: [.macOS(.v15)],
  products: [.executable(name: "patchbay", targets: ["patchbay"])],
  targets: [
    .target(name: "CCurl"),
    .target(name: "EmbeddedData"),
    .target(name: "CPlatform"),
    module("Platform", ["CPlatform"]),
    module("JSON"),
    module("SchemaTypes", ["JSON"]),
    module("LineEditing"),
    module("HTTP", ["CCurl", "Platform"]),
    module("Completion", ["JSON"]),
    module("WireProtocol", ["JSON", "Completion"]),
    module("JSONRPC", ["JSON", "Platform"]),
    module("Catalog", ["JSON", "Completion", "EmbeddedData", "Platform"]),
    module("Credentials", ["JSON", "HTTP", "Completion", "Platform"]),
    module("Import", ["Catalog", "Completion", "Credentials", "HTTP", "JSON", "Platform"]),
    module("Dialects", ["JSON", "HTTP", "Completion"]),
    module("CLIProviders", ["Catalog", "Completion", "Dialects", "HTTP", "JSON", "Platform"]),
    module("Engine", ["CLIProviders", "Catalog", "Completion", "Credentials", "Dialects", "HTTP", "JSON", "Platform"]),
    module(
      "Server",
      ["Catalog", "Completion", "Credentials", "Engine", "HTTP", "JSON", "JSONRPC", "Platform", "WireProtocol"]),
    .executableTarget(
      name: "patchbay",
      dependencies: [
        "CLIProviders", "Catalog", "Completion", "Credentials", "EmbeddedData", "Engine", "Import", "JSON", "JSONRPC",
        "LineEditing", "Platform", "SchemaTypes", "Server", "WireProtocol",
      ],
      swiftSettings: strict),

    support("TestSupport", ["JSON", "Platform"]),
    support("Upstream", ["Completion", "HTTP", "JSON", "Platform"]),
    tests("LineEditingTests", ["LineEditing"]),
    tests("JSONTests", ["JSON", "TestSupport"]),
    tests("SchemaTypesTests", ["JSON", "Platform", "SchemaTypes", "TestSupport"]),
    tests("PlatformTests", ["Platform", "TestSupport"]),
    tests("HTTPTests", ["HTTP", "JSON", "Platform", "TestSupport", "Upstream"]),
    tests("CompletionTests", ["Completion", "JSON"]),
    tests("JSONRPCTests", ["JSON", "JSONRPC", "Platform", "TestSupport"]),
    tests("CatalogTests", ["Catalog", "Completion", "JSON", "Platform", "TestSupport"]),
    tests(
      "CredentialsTests",
      ["Catalog", "Completion", "Credentials", "HTTP", "JSON", "Platform", "TestSupport", "Upstream"]),
    tests(
      "ImportTests", ["Catalog", "Completion", "Credentials", "HTTP", "Import", "JSON", "Platform", "TestSupport"]),
    tests("DialectsTests", ["Completion", "Dialects", "HTTP", "JSON", "TestSupport", "Upstream"]),
    tests(
      "CLIProvidersTests", ["CLIProviders", "Catalog", "Completion", "Dialects", "JSON", "Platform", "TestSupport"]),
    tests(
      "EngineTests",
      [
        "Catalog", "Completion", "Credentials", "Dialects", "Engine", "HTTP", "JSON", "Platform", "TestSupport",
        "Upstream",
      ],
      data: ["golden-requests.json"]),
    tests(
      "ServerTests",
      ["Completion", "Engine", "JSON", "JSONRPC", "Platform", "Server", "TestSupport", "Upstream", "WireProtocol"]),
    tests("Conformance", ["JSON", "Platform", "TestSupport", "Upstream"]),
  ],
  swiftLanguageModes: [.v6]
)
