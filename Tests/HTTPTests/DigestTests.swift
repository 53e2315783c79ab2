import HTTP
import Testing

@Suite("Digests and checksums")
struct DigestTests {
  /// The standard's examples, and the lengths around the padding's border, from another implementation.
  @Test(
    "SHA-1 gives what the standard's examples give",
    arguments: [
      ("", 1, "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
      ("abc", 1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
      ("a", 55, "c1c8bbdc22796e28c0e15163d20899b65621d65a"),
      ("a", 56, "c2db330f6083854c99d4b5bfb6e8f29f201be699"),
      ("a", 63, "03f09f5b158a7a8cdad920bddc29b81c18a551f5"),
      ("a", 64, "0098ba824b5c16427bd7a1122a5a442a25ec644d"),
      ("a", 1_000_000, "34aa973cd4c4daa4f61eeb2bdbad27316534016f"),
    ])
  func sha1(_ text: String, _ count: Int, _ expected: String) {
    #expect(SHA1.hexadecimalDigest(of: Array(String(repeating: text, count: count).utf8)) == expected)
  }

  /// FIPS 180-4's own examples, and the lengths around the padding's border, from another implementation.
  @Test(
    "SHA-256 gives what the standard's examples give",
    arguments: [
      ("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
      (
        "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
        1, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
      ),
      ("a", 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"),
      ("a", 56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"),
      ("a", 63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"),
      ("a", 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
      ("a", 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ])
  func sha256(_ text: String, _ count: Int, _ expected: String) {
    let message = Array(String(repeating: text, count: count).utf8)
    #expect(hexadecimal(SHA256.digest(of: message)) == expected)
  }

  /// RFC 4231, cases 1, 2, 3, 6 and 7.
  @Test("HMAC-SHA-256 gives what RFC 4231 lists")
  func hmac() {
    let longKey = [UInt8](repeating: 0xAA, count: 131)
    let cases: [(key: [UInt8], message: [UInt8], expected: String)] = [
      (
        [UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8),
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
      ),
      (
        Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
      ),
      (
        [UInt8](repeating: 0xAA, count: 20), [UInt8](repeating: 0xDD, count: 50),
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
      ),
      (
        longKey, Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
      ),
      (
        longKey,
        Array(
          """
          This is a test using a larger than block-size key and a larger than block-size data. \
          The key needs to be hashed before being used by the HMAC algorithm.
          """.utf8),
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
      ),
    ]
    for test in cases { #expect(hexadecimal(SHA256.hmac(test.message, key: test.key)) == test.expected) }
  }

  @Test("CRC-32 gives the check value of its catalogue, in one piece or several")
  func crc32() {
    let digits = Array("123456789".utf8)
    #expect(CRC32.checksum(of: digits[...]) == 0xCBF4_3926)
    #expect(CRC32.checksum(of: []) == 0)
    var crc = CRC32()
    crc.take(digits[..<4])
    crc.take(digits[4...])
    #expect(crc.value == 0xCBF4_3926)
  }
}
