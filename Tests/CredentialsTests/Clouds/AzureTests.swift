import Completion
import Credentials
import HTTP
import JSON
import Platform
import TestSupport
import Testing
import Upstream

@Suite("Tokens of Microsoft Entra", .timeLimit(.minutes(1)))
struct AzureTests {
  private func entra(_ customer: Customer, _ more: [String: String]) -> Environment {
    let usual = [
      "AZURE_AUTHORITY_HOST": customer.server.url + "/", "AZURE_TENANT_ID": "tenant-1", "AZURE_CLIENT_ID": "client-1",
    ]
    return customer.environment(usual.merging(more) { $1 })
  }

  @Test("A program's secret buys a token for Azure's AI services, once in a while")
  func secret() async throws {
    let customer = try Customer()
    let environment = entra(customer, ["AZURE_CLIENT_SECRET": "the-S3CRET"])
    #expect(try await customer.clouds.place(.azure, environment)?.detail == "AZURE_CLIENT_SECRET")
    #expect(customer.server.requests.isEmpty)
    #expect(try await customer.token(.azure, environment) == "token-1")
    let request = try #require(customer.server.requests.first)
    #expect((request.method, request.target) == ("POST", "/tenant-1/oauth2/v2.0/token"))
    #expect(
      request.form == [
        "grant_type": "client_credentials", "client_id": "client-1", "client_secret": "the-S3CRET",
        "scope": "https://cognitiveservices.azure.com/.default",
      ])
    customer.pass(seconds: 3299)
    #expect(try await customer.token(.azure, environment) == "token-1")
    customer.pass(seconds: 1)
    #expect(try await customer.token(.azure, environment) == "token-2")
  }

  @Test("A cluster's token stands in for the secret, and its file is read anew each time")
  func workload() async throws {
    let customer = try Customer()
    let path = try customer.folder.write("federated", "first\n")
    let environment = entra(customer, ["AZURE_FEDERATED_TOKEN_FILE": path])
    #expect(try await customer.clouds.place(.azure, environment) == KeyPlace(source: .ambient, detail: path))
    _ = try await customer.token(.azure, environment)
    try customer.folder.write("federated", "second")
    customer.pass(seconds: 3600)
    _ = try await customer.token(.azure, environment)
    #expect(customer.server.requests.map { $0.form["client_assertion"] } == ["first", "second"])
    let form = try #require(customer.server.requests.first?.form)
    #expect(form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
    #expect((form["grant_type"], form["client_id"], form["client_secret"]) == ("client_credentials", "client-1", nil))
  }

  @Test("The identity of an app and of a machine")
  func managed() async throws {
    // As the services write it: the end as a text, here in ten minutes.
    let customer = try Customer { _ in (200, ["access_token": "mine", "expires_on": "1800000600"]) }
    let app = customer.environment([
      "IDENTITY_ENDPOINT": "\(customer.server.url)/msi", "IDENTITY_HEADER": "proof", "AZURE_CLIENT_ID": "who",
    ])
    #expect(try await customer.token(.azure, app) == "mine")
    let machine = customer.environment(["AZURE_POD_IDENTITY_AUTHORITY_HOST": customer.server.url])
    #expect(try await customer.token(.azure, machine) == "mine")
    let requests = customer.server.requests
    let resource = "resource=https%3A%2F%2Fcognitiveservices.azure.com"
    #expect(
      requests.map(\.target) == [
        "/msi?api-version=2019-08-01&\(resource)&client_id=who",
        "/metadata/identity/oauth2/token?api-version=2018-02-01&\(resource)",
      ])
    #expect((requests[0].header("x-identity-header"), requests[1].header("metadata")) == ("proof", "true"))
    #expect(try await customer.requests(.azure, machine, after: 299) == 2)
    #expect(try await customer.requests(.azure, machine, after: 1) == 3)
  }

  @Test("A machine at Azure is known by its tag, and az by its program and its login")
  func signs() async throws {
    let customer = try Customer()
    let bin = customer.folder.file("bin")
    let environment = customer.environment(["PATH": "\(bin):/usr/bin:/bin"])
    #expect(try await customer.clouds.place(.azure, environment) == nil)
    try customer.folder.write("bin/az", "#!/bin/sh\nexit 1\n", mode: 0o700)
    #expect(try await customer.clouds.place(.azure, environment) == nil)
    try customer.folder.write(".azure/azureProfile.json", "{}")
    let folder = customer.folder.file(".azure")
    #expect(try await customer.clouds.place(.azure, environment)?.detail == "az (\(folder))")
    try customer.folder.write("chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77\n")
    #expect(try await customer.clouds.place(.azure, environment)?.detail == "managed identity")
  }

  @Test("The program az gives tokens; when it does not, the remedy is a login")
  func program() async throws {
    let customer = try Customer()
    try customer.folder.write(".azure/azureProfile.json", "{}")
    let script = """
      #!/bin/sh
      [ "$*" = "account get-access-token --output json --resource https://cognitiveservices.azure.com" ] || exit 2
      [ -e "$HOME/in" ] || exit 1
      echo '{"accessToken": "from-az", "expiresOn": "2027-01-15 09:00:00.000000", "expires_on": 1800003600}'
      """
    try customer.folder.write("bin/az", script, mode: 0o700)
    let environment = customer.environment(["PATH": "\(customer.folder.file("bin")):/usr/bin:/bin"])
    let error = try #require(await customer.failure(.azure, environment))
    #expect(error.kind == .authRequired && error.hint?.contains("az login") == true)
    try customer.folder.write("in", "")
    #expect(try await customer.token(.azure, environment) == "from-az")
  }

  @Test("A refusal says Entra's number, what to do, and no secret; half of what is needed is named")
  func errors() async throws {
    let customer = try Customer { request in
      let text = String(decoding: request.body, as: UTF8.self)
      return (401, ["error": "invalid_client", "error_codes": [7_000_215], "error_description": .string(text)])
    }
    let error = try #require(
      await customer.failure(.azure, entra(customer, ["AZURE_CLIENT_SECRET": "the-S3CRET"])))
    #expect(error.kind == .authRejected && error.message.contains("AADSTS7000215"))
    #expect(error.hint?.contains("AZURE_CLIENT_SECRET") == true && !"\(error)".contains("the-S3CRET"))
    let half = await customer.failure(.azure, customer.environment(["AZURE_CLIENT_SECRET": "the-S3CRET"]))
    #expect(half?.kind == .authRequired && half?.message.contains("AZURE_TENANT_ID") == true)
    let strange = entra(customer, ["AZURE_CLIENT_SECRET": "s", "AZURE_TENANT_ID": "../evil"])
    #expect(await customer.failure(.azure, strange)?.message.contains("AZURE_TENANT_ID") == true)
    #expect(customer.server.requests.count == 1)
  }
}
