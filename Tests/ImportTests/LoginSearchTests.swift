import Completion
import Credentials
import HTTP
@testable import Import
import JSON
import Platform
import TestSupport
import Testing

@Suite("Finding other programs' logins")
struct LoginSearchTests {
  private static let piFile = """
    {
      "anthropic": {"type": "api_key", "key": "sk-ant-api-1"},
      "gemini": {"type": "api_key", "key": "!pass show gemini"},
      "groq": {"type": "api_key", "key": "my_groq_key"},
      "amazon-bedrock": {"type": "api_key", "env": {"AWS_PROFILE": "work"}},
      "openai-codex": {
        "type": "oauth", "access": "a.b.c", "refresh": "r1", "expires": 1790000000000, "accountId": "acc-1"
      },
      "github-copilot": {
        "type": "oauth", "access": "tid=1;exp=2", "refresh": "gho_1", "expires": 1790000000000,
        "enterpriseUrl": "corp.ghe.com", "availableModelIds": ["gpt-5.4"]
      },
      "my-own": {"type": "api_key", "key": "k"},
      "odd": {"type": "cookie"}
    }
    """

  @Test("pi: keys, commands, bare names, logins with what stands beside them")
  func pi() throws {
    let user = try User([".pi/agent/auth.json": Self.piFile], environment: ["my_groq_key": "gsk"])
    let found = user.find(.pi)
    #expect(found.problems.isEmpty)
    #expect(found["anthropic"]?.key == "sk-ant-api-1")
    #expect(found["gemini"]?.account == AccountID("google"))
    #expect(found["gemini"]?.key == "!pass show gemini")
    #expect(found["gemini"]?.notes.count == 1)
    #expect(found["groq"]?.key == "$my_groq_key")
    #expect(found["amazon-bedrock"]?.variables == ["AWS_PROFILE": "work"])
    #expect(found["openai-codex"]?.tokens?.refresh.reveal() == "r1")
    #expect(found["openai-codex"]?.expiresAt == 1_790_000_000_000)
    #expect(
      found["github-copilot"]?.tokens?.extra == ["enterpriseUrl": "corp.ghe.com", "availableModelIds": ["gpt-5.4"]])
    #expect(found["my-own"]?.refusal?.contains("my-own") == true)
    #expect(found["odd"]?.refusal?.contains("type") == true)
  }

  @Test("a command is not taken from a file that others may write")
  func foreignCommand() throws {
    let user = try User()
    try user.folder.write(".pi/agent/auth.json", #"{"groq": {"type": "api_key", "key": "!evil"}}"#, mode: 0o622)
    #expect(user.find(.pi)["groq"]?.refusal?.contains("command") == true)
  }

  @Test("pi's auth.json works unchanged when it is copied")
  func copied() async throws {
    let folder = try TemporaryFolder()
    let keep = Self.piFile.replacing(",\n  \"odd\": {\"type\": \"cookie\"}", with: "")
    try folder.write("data/auth.json", keep)
    let environment = Environment(["PATCHBAY_HOME": folder.path, "HOME": folder.path, "my_groq_key": "gsk"])
    let resolver = KeyResolver(
      environment: environment, directories: Directories(environment), now: { 1_780_000_000_000 })
    func key(_ provider: String) async throws -> String? {
      try await resolver.key(for: KeyQuery(provider: provider, configPath: "config.json"))?.secret.reveal()
    }
    #expect(try await key("anthropic") == "sk-ant-api-1")
    #expect(try await key("openai-codex") == "a.b.c")
    #expect(try await key("github-copilot") == "tid=1;exp=2")
    let beside = try await resolver.surroundings(of: KeyQuery(provider: "amazon-bedrock", configPath: "config.json"))
    #expect(beside.environment == ["AWS_PROFILE": "work"])
  }

  @Test("opencode: keys are literal, ChatGPT's login is another provider's, GitHub's token is a key")
  func opencode() throws {
    let file = """
      {
        "openrouter/": {"type": "api", "key": "or$1"},
        "openai": {"type": "oauth", "refresh": "r", "access": "a", "expires": 5, "accountId": "acc"},
        "github-copilot": {"type": "oauth", "refresh": "gho_2", "access": "gho_2", "expires": 0},
        "snowflake-cortex": {"type": "oauth", "refresh": "", "access": "pat", "expires": 9, "accountId": "org-acc"},
        "altimate": {"type": "api", "key": "https://my.host::inst::k"},
        "https://corp.example": {"type": "wellknown", "key": "K", "token": "t"}
      }
      """
    let user = try User([".local/share/opencode/auth.json": file])
    let found = user.find(.opencode)
    #expect(found["openrouter/"]?.key == "or$$1")
    #expect(found["openai"]?.account == AccountID("openai-codex"))
    #expect(found["openai"]?.tokens?.extra["accountId"] == "acc")
    #expect(found["github-copilot"]?.key == "gho_2")
    #expect(found["snowflake-cortex"]?.key == "org-acc::pat")
    #expect(found["altimate"]?.refusal?.contains("address") == true)
    #expect(found["https://corp.example"]?.refusal != nil)
  }

  @Test("an enterprise's Copilot token is not sent to github.com's server")
  func enterprise() throws {
    let file = """
      {"github-copilot": {"type": "oauth", "refresh": "g", "access": "g", "expires": 0, "enterpriseUrl": "c.ghe.com"}}
      """
    let user = try User(["share/altimate-code/auth.json": file], environment: ["XDG_DATA_HOME": "/nowhere"])
    #expect(user.find(.altimate).logins.isEmpty)
    let other = try User(["altimate-code/auth.json": file])
    let moved = LoginSearch(
      environment: Environment(["HOME": "/nowhere", "XDG_DATA_HOME": other.folder.path]), catalog: other.catalog)
    #expect(moved.find([.altimate])["github-copilot"]?.refusal?.contains("enterprise") == true)
  }

  @Test("Codex: the token itself says when it ends and whose it is")
  func codex() throws {
    // {"exp":1790000000,"https://api.openai.com/auth":{"chatgpt_account_id":"acc-9"}}
    let payload =
      "eyJleHAiOjE3OTAwMDAwMDAsImh0dHBzOi8vYXBpLm9wZW5haS5jb20vYXV0aCI6eyJjaGF0Z3B0X2FjY291bnRfaWQiOiJhY2MtOSJ9fQ"
    let file = """
      {"auth_mode": "chatgpt", "OPENAI_API_KEY": "sk-codex", "last_refresh": "2026-08-01T00:00:00Z",
       "tokens": {"id_token": "x", "access_token": "h.\(payload).s", "refresh_token": "rt"}}
      """
    let user = try User(["codex/auth.json": file])
    let environment = Environment(["HOME": user.folder.path, "CODEX_HOME": "~/codex"])
    let found = LoginSearch(environment: environment, catalog: user.catalog).find([.codex])
    #expect(found["openai"]?.key == "sk-codex")
    #expect(found["chatgpt"]?.account == AccountID("openai-codex"))
    #expect(found["chatgpt"]?.expiresAt == 1_790_000_000_000)
    #expect(found["chatgpt"]?.tokens?.extra == ["accountId": "acc-9"])
    #expect(found["chatgpt"]?.notes.isEmpty == false)
  }

  @Test("Claude Code: a login, with the vendor's terms")
  func claude() throws {
    let file = """
      {"claudeAiOauth": {"accessToken": "sk-ant-oat01-x", "refreshToken": "sk-ant-ort01-y",
        "expiresAt": 1785876648522, "scopes": ["user:inference"], "subscriptionType": "max"}}
      """
    let found = try User([".claude/.credentials.json": file]).find(.claude)
    #expect(found["anthropic"]?.tokens?.access.reveal() == "sk-ant-oat01-x")
    #expect(found["anthropic"]?.expiresAt == 1_785_876_648_522)
    #expect(found["anthropic"]?.notes.contains { $0.contains("terms") } == true)
  }

  @Test(
    "gh: the active account's token, in the old form and the new one",
    arguments: [
      "github.com:\n    user: octocat\n    oauth_token: gho_1\n    git_protocol: https\n",
      "github.com:\n    git_protocol: ssh\n    users:\n        octocat:\n            oauth_token: gho_1\n    user: octocat\n",
    ])
  func gh(file: String) throws {
    let found = try User([".config/gh/hosts.yml": file]).find(.gh)
    #expect(found["github.com"]?.account == AccountID("github"))
    #expect(found["github.com"]?.key == "gho_1")
  }

  @Test("gh: a token in the keyring, and an enterprise's host, are not taken")
  func ghWithoutToken() throws {
    let file = "github.com:\n    users:\n        octocat:\n    user: octocat\ngit.corp.example:\n    oauth_token: g\n"
    let found = try User([".config/gh/hosts.yml": file]).find(.gh)
    #expect(found["github.com"]?.refusal?.contains("keyring") == true)
    #expect(found["git.corp.example"]?.refusal != nil)
  }

  @Test("llm: a key for each name, the note aside")
  func llm() throws {
    let file =
      #"{"// Note": "This file stores secret API credentials.", "openai": "sk-1", "claude": "!x", "mine": "k"}"#
    let user = try User(["llm/keys.json": file])
    let environment = Environment(["HOME": user.folder.path, "LLM_USER_PATH": user.folder.file("llm")])
    let found = LoginSearch(environment: environment, catalog: user.catalog).find([.llm])
    #expect(found.logins.count == 3)
    #expect(found["openai"]?.key == "sk-1")
    #expect(found["claude"]?.account == AccountID("anthropic"))
    #expect(found["claude"]?.key == "$!x")
    #expect(found["mine"]?.refusal != nil)
  }

  @Test("aichat: clients by type, by name and by server; never a key for another server")
  func aichat() throws {
    let file = """
      # ---- llm ----
      model: openai:gpt-4o             # Specify the LLM to use
      temperature: null
      wrap: no
      mapping_tools:
        # fs: 'fs_cat'
      rag_template: |
        Use the context: <context>

        Query: __INPUT__
      left_prompt:
        '{color.green}{?session }'
      clients:
        - type: openai
          api_key: sk-1                 # ENV: {client}_API_KEY
          organization_id:
        - type: claude
          api_key: sk-ant-1
        - type: openai-compatible
          name: moonshot
          api_base: https://api.moonshot.cn/v1
          api_key: sk-moon
        - type: openai-compatible
          name: groq
          api_base: https://evil.example/v1
          api_key: gsk
        - type: ollama
          api_base: http://localhost:11434
          models:
            - name: llama3
              max_input_tokens: 8192
        - type: bedrock
          access_key_id: AKIA1
          secret_access_key: s3cr3t
          region: eu-west-1
        - type: gemini
          api_key: g-1
          patches:
            '.*':
              chat_completions_body:
                safetySettings: [{category: A, threshold: NONE}]
        - type: cloudflare
          account_id: acc
          api_key: cf
      """
    let found = try User([".config/aichat/config.yaml": file]).find(.aichat)
    #expect(found.problems.isEmpty)
    #expect(found["openai"]?.key == "sk-1")
    #expect(found["claude"]?.account == AccountID("anthropic"))
    #expect(found["moonshot"]?.account == AccountID("moonshotai-cn"))
    #expect(found["groq"]?.refusal?.contains("another server") == true)
    #expect(
      found["bedrock"]?.variables
        == ["AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "s3cr3t", "AWS_REGION": "eu-west-1"])
    #expect(found["gemini"]?.account == AccountID("google"))
    #expect(found["cloudflare"]?.variables == ["CLOUDFLARE_ACCOUNT_ID": "acc"])
    #expect(found["ollama"] == nil)
  }

  @Test("files that are damaged or cannot be read are named and stop nothing else")
  func damaged() throws {
    let user = try User([
      ".pi/agent/auth.json": "{\n  \"a\": tru\n}", ".config/gh/hosts.yml": "github.com:\n  user: &a x\n",
      ".codex/auth.json": "[]", ".claude/.credentials.json": #"{"claudeAiOauth": {"accessToken": ""}}"#,
    ])
    try FileSystem.makeDirectory(user.folder.file(".local/share/opencode/auth.json"))
    let found = user.find(.pi, .gh, .codex, .opencode, .claude)
    #expect(found.problems.map(\.kind) == [.storage, .storage, .storage, .storage])
    #expect(found.problems[0].message.contains(".pi/agent/auth.json:2:"))
    #expect(found.problems[1].message.contains(".config/gh/hosts.yml:2: anchors"))
    #expect(found["anthropic"]?.refusal?.contains("token") == true)
  }
}

@Suite("Taking logins")
struct LoginImportTests {
  private func logins(_ text: String) throws -> [FoundLogin] {
    try User([".pi/agent/auth.json": text]).find(.pi).logins
  }

  @Test("what is there already is replaced only when that is asked for; a dry run changes nothing")
  func replacing() async throws {
    let store = MemoryStore()
    let old = try logins(#"{"groq": {"type": "api_key", "key": "old"}}"#)
    let new = try logins(#"{"groq": {"type": "api_key", "key": "new"}, "xai": {"type": "api_key", "key": "x"}}"#)
    func take(_ logins: [FoundLogin], replaces: Bool = false, isDry: Bool = false) async throws -> [String] {
      try await LoginImport(into: store, replaces: replaces, isDry: isDry).take(logins).map { "\($0.result)" }
    }
    #expect(try await take(old, isDry: true) == ["taken"])
    #expect(store.accounts().isEmpty)
    #expect(try await take(old) == ["taken"])
    #expect(try await take(old) == [#"left("it is here already")"#])
    let kept = try await take(new)
    #expect(kept[0].contains("--replace") && kept[1] == "taken")
    #expect(store.key("groq") == "old")
    #expect(try await take(new, replaces: true, isDry: true)[0] == "replaced")
    #expect(store.key("groq") == "old")
    #expect(try await take(new, replaces: true)[0] == "replaced")
    #expect(store.key("groq") == "new")
  }

  @Test("of two logins for one provider the first is taken")
  func twice() async throws {
    let store = MemoryStore()
    let both = try logins(#"{"google": {"type": "api_key", "key": "a"}, "gemini": {"type": "api_key", "key": "b"}}"#)
    let outcomes = try await LoginImport(into: store, replaces: true, isDry: false).take(both)
    #expect(outcomes.map(\.result) == [.taken, .left("pi/google was taken for google")])
    #expect(store.key("google") == "a")
  }
}
