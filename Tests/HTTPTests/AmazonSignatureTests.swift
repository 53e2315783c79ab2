import HTTP
import JSON
import Platform
import TestSupport
import Testing

private let suite = SharedMaterial.folder("aws-sigv4/tests/aws-signing-test-suite/v4")

/// The public suite of AWS. Each of its cases is signed in headers and, once more, in the query: the latter makes a
/// link that anybody may follow, which is nothing this program hands out, so only the headers' half applies.
@Suite("AWS signatures")
struct AmazonSignatureTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var testDescription: String { name }

    func text(_ file: String) throws -> String {
      let path = "\(suite ?? "")/\(name)/\(file)"
      return String(decoding: try #require(try FileSystem.read(path)), as: UTF8.self)
    }
  }

  static var cases: [Case] {
    get throws { try suite.map { try FileSystem.list($0).sorted().map(Case.init) } ?? [] }
  }

  @Test("the suite is all there", .enabled(if: suite != nil, "no aws-sigv4 beside the checkout"))
  func isAllThere() throws { #expect(try Self.cases.count == 38) }

  @Test(
    "are those of the public suite, step by step", .enabled(if: suite != nil, "no aws-sigv4 beside the checkout"),
    arguments: try cases)
  func suiteCase(_ test: Case) throws {
    let context = try JSONValue(parsing: test.text("context.json"))
    var request = try Self.request(test.text("request.txt"))
    let date = "20150830T123600Z"
    request.headers.append(HTTPHeader("X-Amz-Date", date))
    // The case leaves the token out of the signature and adds it afterwards.
    let token = context["omit_session_token"] == true ? nil : context["credentials"]?["token"]?.string
    if let token { request.headers.append(HTTPHeader("X-Amz-Security-Token", token)) }
    if context["sign_body"] == true {
      request.headers.append(HTTPHeader("x-amz-content-sha256", hexadecimal(SHA256.digest(of: request.body ?? []))))
    }
    var signer = AmazonSignature(
      accessKeyId: try #require(context["credentials"]?["access_key_id"]?.string),
      secretAccessKey: Secret(try #require(context["credentials"]?["secret_access_key"]?.string)),
      sessionToken: token.map { Secret($0) }, region: "us-east-1", service: "service")
    signer.normalizesPath = context["normalize"] == true
    let parts = signer.parts(of: request, date: date)
    #expect(parts.canonicalRequest == (try test.text("header-canonical-request.txt")))
    #expect(parts.stringToSign == (try test.text("header-string-to-sign.txt")))
    #expect(parts.signature == (try test.text("header-signature.txt")))
    guard context["sign_body"] != true else { return }
    // 2015-08-30T12:36:00Z
    let signed = signer.sign(request, time: 1_440_938_160)
    let authorization = try #require(signed.headers.last { $0.name == "authorization" })
    let expected = try test.text("header-signed-request.txt").split(separator: "\n")
      .first { $0.hasPrefix("Authorization:") }
    #expect(authorization.value.reveal() == expected.map { String($0.dropFirst("Authorization:".count)) })
  }

  /// Reads an HTTP message whose target need not be encoded and whose header values may go on in further lines.
  private static func request(_ text: String) throws -> HTTPRequest {
    let halves = text.split(separator: "\n\n", maxSplits: 1)
    var lines = halves[0].split(separator: "\n")
    let start = lines.removeFirst()
    let method = start.prefix { $0 != " " }
    let target = start.dropFirst(method.count + 1).dropLast(" HTTP/1.1".count)
    var headers: [(String, String)] = []
    for line in lines {
      if line.first == " " {
        headers[headers.count - 1].1 += "\n" + line
      } else {
        let name = line.prefix { $0 != ":" }
        headers.append((String(name), String(line.dropFirst(name.count + 1))))
      }
    }
    let body = halves.count > 1 ? Array(halves[1].utf8) : nil
    return HTTPRequest(
      method: String(method), url: "https://example.amazonaws.com\(target)",
      headers: headers.map { HTTPHeader($0.0, $0.1) }, body: body)
  }

  // MARK: - What the suite lacks

  private static func bedrock(_ model: String, token: String? = nil) -> (AmazonSignature, HTTPRequest) {
    let signer = AmazonSignature(
      accessKeyId: "AKIDEXAMPLE", secretAccessKey: Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
      sessionToken: token.map { Secret($0) }, region: "us-east-1", service: "bedrock")
    let request = HTTPRequest(
      url: "https://bedrock-runtime.us-east-1.amazonaws.com/model/\(model.percentEncoded())/converse-stream",
      headers: [
        HTTPHeader("Content-Type", "application/json"), HTTPHeader("Accept", "application/vnd.amazon.eventstream"),
        HTTPHeader("User-Agent", "changes on the way"), HTTPHeader("Authorization", "another"),
      ],
      body: Array(#"{"messages":[{"role":"user","content":[{"text":"hi"}]}]}"#.utf8))
    return (signer, request)
  }

  private static let time = 1_767_323_045  // 2026-01-02T03:04:05Z

  private static func authorization(_ request: HTTPRequest) -> [String] {
    request.headers.filter { $0.name.lowercased() == "authorization" }.map { $0.value.reveal() }
  }

  @Test("for a model's id with a colon are those of botocore")
  func modelId() {
    let (signer, request) = Self.bedrock("us.anthropic.claude-sonnet-4-20250514-v1:0")
    let canonical = signer.parts(of: signer.sign(request, time: Self.time), date: "20260102T030405Z").canonicalRequest
    #expect(canonical.contains("\n/model/us.anthropic.claude-sonnet-4-20250514-v1%253A0/converse-stream\n"))
    #expect(
      hexadecimal(SHA256.digest(of: canonical.utf8))
        == "16c8c5e1b453d792bd8c75d291f700df058b0614851a4124fbb90b5963f02d02")
    #expect(
      Self.authorization(signer.sign(request, time: Self.time)) == [
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/bedrock/aws4_request, "
          + "SignedHeaders=accept;content-type;host;x-amz-date, "
          + "Signature=e2213cfd64df02aa61c75aaa3709a7e4b09d26bfb7f141752e2c10dd471b443b"
      ])
  }

  @Test("for an ARN with a slash, with a session token, are those of botocore")
  func arn() {
    let arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123"
    let (signer, request) = Self.bedrock(arn, token: "TOKEN/EXAMPLE==")
    let signed = signer.sign(request, time: Self.time)
    #expect(signed.headers.contains(HTTPHeader("x-amz-security-token", "TOKEN/EXAMPLE==")))
    let parts = signer.parts(of: signed, date: "20260102T030405Z")
    #expect(parts.signedHeaders == "accept;content-type;host;x-amz-date;x-amz-security-token")
    #expect(parts.signature == "6ab596a336b9fada825f566b92abf2d2b73cc11608bc3ac1e98694c0a661fb18")
    #expect(Self.authorization(signed).first?.hasSuffix(parts.signature) == true)
    // Signed again, as for a second attempt, it does not grow.
    #expect(signer.sign(signed, time: Self.time).headers == signed.headers)
  }

  @Test("leave a path as it is for S3")
  func once() {
    var (signer, request) = Self.bedrock("a:b")
    signer.encodesPathTwice = false
    signer.normalizesPath = false
    request.url = "https://bucket.s3.amazonaws.com/a//./%3A"
    #expect(signer.parts(of: request, date: "20260102T030405Z").canonicalRequest.hasPrefix("POST\n/a//./%3A\n"))
  }

  @Test(
    "name the host as it is sent",
    arguments: [
      ("https://Host.test:443/a", "host.test"), ("https://host.test:8443", "host.test:8443"),
      ("http://host.test:80/", "host.test"), ("http://u:p@[::1]:4202/x?y#z", "[::1]:4202"),
      ("http://host.test:443/", "host.test:443"),
    ])
  func host(_ url: String, _ expected: String) {
    var (signer, request) = Self.bedrock("m")
    signer.region = "eu-west-1"
    request.url = url
    #expect(signer.parts(of: request, date: "20260102T030405Z").canonicalRequest.contains("\nhost:\(expected)\n"))
  }

  @Test("name the host that the request itself names")
  func ownHost() {
    var (signer, request) = Self.bedrock("m")
    signer.service = "sts"
    request.headers.append(HTTPHeader("Host", "behind.test"))
    let canonical = signer.parts(of: request, date: "20260102T030405Z").canonicalRequest
    #expect(canonical.contains("\nhost:behind.test\n") && !canonical.contains("amazonaws"))
  }

  @Test(
    "are dated by the calendar",
    arguments: [
      (0, "19700101T000000Z"), (951_782_399, "20000228T235959Z"), (951_782_400, "20000229T000000Z"),
      (1_709_251_199, "20240229T235959Z"), (1_767_225_600, "20260101T000000Z"), (4_107_542_400, "21000301T000000Z"),
    ])
  func dates(_ time: Int, _ expected: String) {
    let (signer, request) = Self.bedrock("m")
    #expect(signer.sign(request, time: time).headers.contains(HTTPHeader("x-amz-date", expected)))
  }
}
