import Testing

@testable import EggHTTPSemantics

@Suite("Syntax tables") struct SyntaxTableTests {
  private func members(of set: ByteClass) -> String {
    String(decoding: (UInt8.min...UInt8.max).filter(set.contains), as: UTF8.self)
  }

  private let digits = "0123456789"
  private let upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
  private let lower = "abcdefghijklmnopqrstuvwxyz"

  @Test func `token bytes are those of RFC 9110 §5.6.2`() {
    #expect(members(of: .token) == "!#$%&'*+-.\(digits)\(upper)^_`\(lower)|~")
  }

  @Test func `host bytes are unreserved and sub-delims of RFC 3986`() {
    #expect(members(of: .host) == "!$&'()*+,-.\(digits);=\(upper)_\(lower)~")
  }

  @Test func `hexadecimal bytes are the digits and six letters in both cases`() {
    #expect(members(of: .hexadecimal) == "\(digits)ABCDEFabcdef")
  }

  @Test func `cookie bytes are those of RFC 6265 §4.1.1`() {
    #expect(members(of: .cookie) == "!#$%&'()*+-./\(digits):<=>?@\(upper)[]^_`\(lower){|}~")
  }

  @Test func `target bytes are visible ASCII except the hash`() {
    let visible = String(decoding: (UInt8(0x21)...0x7E).filter { $0 != 0x23 }, as: UTF8.self)
    #expect(members(of: .target) == visible)
  }

  @Test func `a token has at least one byte`() {
    #expect(isToken("X-A"))
    #expect(!isToken(""))
    #expect(!isToken("a b"))
  }

  @Test func `codes of the registry have their words, others none`() {
    #expect(reasonPhrase(200).description == "OK")
    #expect(reasonPhrase(422).description == "Unprocessable Entity")
    #expect(reasonPhrase(306).description == "")
    #expect(reasonPhrase(-1).description == "")
    #expect((100...599).filter { reasonPhrase($0).utf8CodeUnitCount > 0 }.count == 63)
  }

  @Test func `1xx, 204 and 304 have no body`() {
    #expect([100, 199, 204, 304].allSatisfy(statusForbidsBody))
    #expect([200, 205, 206, 404].allSatisfy { !statusForbidsBody($0) })
  }
}
