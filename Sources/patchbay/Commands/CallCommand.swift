internal import Completion
internal import JSON
internal import Platform
internal import Server
internal import WireProtocol

extension Command {
  static let call = Command(
    name: "call", operands: "METHOD [PARAMS]", summary: "Call one method of the protocol and print its result",
    details: "PARAMS is JSON, or - to read it from standard input. patchbay schema describes every method.",
    options: [.init("--notifications", "-n", "Print what the method sends before its result too, a JSON text a line")],
    examples: [
      ("patchbay call listProviders", "the method without parameters"),
      (#"patchbay call complete '{"provider":"echo","input":"hello"}'"#, "a completion, as a client would ask for it"),
    ],
    run: { arguments in
      guard let name = arguments.operands.first, arguments.operands.count <= 2 else {
        throw UsageError(message: "call needs a METHOD and at most one PARAMS", command: "call")
      }
      guard let method = WireProtocol.Method(rawValue: name), !method.isNotification, method != .initialize else {
        let methods = WireProtocol.Method.allCases.filter { !$0.isNotification && $0 != .initialize }.map(\.rawValue)
        let hint = nearest(to: name, among: methods).map { "did you mean \($0)?" }
        throw UsageError(
          message: "there is no method \(name) to call; \(hint ?? "there are \(methods.joined(separator: ", "))")",
          command: "call")
      }
      let parameters = try callParameters(arguments)
      var listener = LocalListener()
      if arguments.has("--notifications") {
        listener.notification = { method, params in
          Terminal.output.write(foreign: JSONValue.object(["method": .string(method), "params": params]).text + "\n")
        }
      }
      let client = Workbench().client
      let task = Task { [listener] () -> Result<JSONValue, ProviderError> in
        do throws(ProviderError) {
          return .success(try await client.call(method, parameters, listener))
        } catch {
          return .failure(error)
        }
      }
      onTermination { _ in task.cancel() }
      return printJSON(try await task.value.get())
    })

  private static func callParameters(_ arguments: Arguments) throws -> JSONValue {
    guard arguments.operands.count == 2 else { return [:] }
    let text = arguments.operands[1]
    let bytes = text == "-" ? try FileSystem.read(STDIN_FILENO, path: "standard input") : Array(text.utf8)
    do {
      return try JSONValue(parsing: bytes)
    } catch {
      throw UsageError(message: "PARAMS is no JSON: \(error)", command: "call")
    }
  }
}
