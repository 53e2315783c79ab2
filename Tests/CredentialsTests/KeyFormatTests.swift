import Completion
import Credentials
import HTTP
import Platform
import TestSupport
import Testing

@Suite("How keys are written", .timeLimit(.minutes(1)))
struct KeyFormatTests {
  static let environment = ["ACME": "s3cret", "lower": "low", "SPACED": " s ", "BLANK": "  ", "DOLLAR": "$ACME"]

  static let formats: [(text: String, key: String?)] = [
    ("sk-literal", "sk-literal"), ("  sk-literal\n", "sk-literal"), ("", nil), (" \n", nil),
    ("ACME", "s3cret"), ("UNSET_NAME", "UNSET_NAME"), ("BLANK", "BLANK"), ("lower", "lower"), ("SPACED", "s"),
    ("$ACME", "s3cret"), ("${ACME}", "s3cret"), ("{env:ACME}", "s3cret"), ("$lower", "low"),
    ("a-$ACME-b", "a-s3cret-b"), ("${ACME}${lower}", "s3cretlow"), ("Bearer {env:ACME}", "Bearer s3cret"),
    ("$$ACME", "$ACME"), ("a$$", "a$"), ("$!x", "!x"), ("pa$5$", "pa$5$"), ("$DOLLAR", "$ACME"),
    ("a$ACME.b", "as3cret.b"),
    ("{ACME}", "{ACME}"), ("{file:key.txt}", "from file"), ("x{file:sub/../key.txt}y", "xfrom filey"),
    ("{file:~/home.txt}", "$ACME"), ("!printf 'from command\\n'", "from command"), ("!echo $ACME", "s3cret"),
  ]

  @Test("Each format gives its key", arguments: formats)
  func format(text: String, key: String?) async throws {
    let user = try User(environment: Self.environment)
    try user.folder.write("config/key.txt", "\n from file \n")
    try FileSystem.makeDirectory(user.folder.file("config/sub"))
    try user.folder.write("home.txt", "$ACME")
    #expect(try await user.resolve(text) == key)
  }

  @Test("A file may be given by its whole path")
  func absolutePath() async throws {
    let user = try User()
    let path = try user.folder.write("elsewhere", "k")
    #expect(try await user.resolve("{file:\(path)}") == "k")
    #expect(try await user.resolver.resolve("{file:\(path)}", origin: .call)?.reveal() == "k")
  }

  static let mistakes: [(text: String, kind: ErrorKind, message: String)] = [
    ("$NO", .authRequired, "the key at HOME/config/config.json:7 is taken from the variable NO, which is not set"),
    ("{env:NO}", .authRequired, "the key at HOME/config/config.json:7 is taken from the variable NO, which is not set"),
    ("${A", .authRequired, "the key at HOME/config/config.json:7 cannot be read: \"${\" has no closing \"}\""),
    (
      "${a b}", .authRequired,
      """
      the key at HOME/config/config.json:7 cannot be read: "${…}" must hold the name of a variable: letters, digits \
      and '_' only
      """
    ),
    ("{file:}", .authRequired, "the key at HOME/config/config.json:7 cannot be read: \"{file:}\" names no file"),
    (
      "{file:none}", .storage,
      """
      the key file HOME/config/none, named at HOME/config/config.json:7, cannot be read: No such file or directory
      """
    ),
    ("{file:empty}", .storage, "the key file HOME/config/empty, named at HOME/config/config.json:7, is empty"),
    ("{file:.}", .storage, "the key file HOME/config/., named at HOME/config/config.json:7, is no plain file"),
    (
      "{file:/dev/zero}", .storage,
      "the key file /dev/zero, named at HOME/config/config.json:7, is no plain file"
    ),
    (
      "{file:big}", .storage, "the key file HOME/config/big, named at HOME/config/config.json:7, is larger than any key"
    ),
    (
      "{file:~other/x}", .authRequired,
      "the key at HOME/config/config.json:7 names the file ~other/x, which could be anywhere"
    ),
    ("!exit 3", .authRequired, "the command at HOME/config/config.json:7 that gives the key ended with status 3"),
    ("!kill -9 $$", .authRequired, "the command at HOME/config/config.json:7 that gives the key was ended by signal 9"),
    ("!true", .authRequired, "the command at HOME/config/config.json:7 that gives the key printed nothing"),
    (
      "!yes", .authRequired, "the command at HOME/config/config.json:7 that gives the key printed more than any key"
    ),
  ]

  @Test("What gives no key is an error that says where it stands", arguments: mistakes)
  func mistake(text: String, kind: ErrorKind, message: String) async throws {
    let user = try User()
    try user.folder.write("config/empty", " \n")
    try user.folder.write("config/big", String(repeating: "k", count: 1 << 20 | 1))
    let error = await user.error { () throws(ProviderError) in try await user.resolve(text) }
    #expect(error?.kind == kind)
    #expect(error?.message == message)
  }

  @Test("A relative file needs a file to be relative to")
  func relativeToNothing() async throws {
    let user = try User()
    let error = await user.error { () throws(ProviderError) in
      try await user.resolver.resolve("{file:key}", origin: .call)
    }
    #expect(error?.message == "the key at param names the file key, which could be anywhere")
  }
}
