import Testing

@testable import EggKernel

@Suite("Interpolation") struct InterpolationTests {
  let interpolation = Interpolation(
    appInfo: AppInfo(name: "shop", baseDir: "/srv/shop", env: "prod", scope: "eu", home: "/home/a"),
    variables: EnvironmentVariables([
      "HOST": "db", "EMPTY": "", "PORT": "3306", "LIST": "[1, \"${HOST}\"]", "BAD": "{secret",
      "NESTED": "${HOST}",
    ]))

  @Test(arguments: [
    ("plain", "plain"), ("$5 and $", "$5 and $"), ("${HOST}", "db"),
    ("tcp://${HOST}:${PORT}/x", "tcp://db:3306/x"), ("${NONE:-127.0.0.1}", "127.0.0.1"),
    ("${EMPTY:-x}", "x"), ("[${EMPTY}]", "[]"), ("${HOST:-x}", "db"), ("${NONE:-}", ""),
    ("${NONE:-a:-b}", "a:-b"), ("${NONE:-${NEITHER:-${HOST}}}!", "db!"),
    ("$${HOST}", "${HOST}"), ("${NESTED}", "${HOST}"), ("${PORT}", "3306"),
    ("${appInfo.baseDir}/run", "/srv/shop/run"), ("${appInfo.root}", "/home/a"),
    ("${appInfo.name}-${appInfo.env}-${appInfo.scope}-${appInfo.HOME}", "shop-prod-eu-/home/a"),
    ("é${HOST}é", "édbé"),
  ])
  func `a string becomes`(text: String, result: String) throws {
    #expect(try interpolation.expanded(text) == .string(result))
  }

  @Test(
    arguments: [
      ("${PORT:json}", 3306), ("${NONE:json:-7001}", 7001), ("${EMPTY:json:-false}", false),
      ("${LIST:json}", [1, "${HOST}"]), ("${NONE:json:-[\"${HOST}\"]}", ["db"]),
    ] as [(String, ConfigValue)])
  func `a lone json placeholder becomes a value`(text: String, result: ConfigValue) throws {
    #expect(try interpolation.expanded(text) == result)
  }

  @Test(arguments: [
    ("${NONE}", "\"NONE\" to be set"), ("${NONE:json}", "\"NONE\" to be set"),
    ("a${PORT:json}", "whole string"), ("${HOST", "expected \"}\""), ("${}", "expected ${NAME}"),
    ("${a b}", "expected ${NAME}"), ("${1A}", "expected ${NAME}"),
    ("${HOST:x}", "expected ${NAME}"),
    ("${process.env}", "expected ${NAME}"), ("${appInfo.basedir}", "did you mean \"baseDir\"?"),
    ("${BAD:json}", "column 2"),
  ])
  func `a placeholder without a value says why`(text: String, part: String) throws {
    let failure = try #require(throws: Interpolation.Failure.self) {
      try interpolation.expanded(text)
    }
    #expect(failure.message.contains(part))
    #expect(!failure.message.contains("secret"))
  }

  @Test func `endless nesting is refused`() {
    let text = String(repeating: "${A:-", count: 50) + String(repeating: "}", count: 50)
    #expect(throws: Interpolation.Failure.self) { try interpolation.expanded(text) }
  }

  @Test func `strings in lists and objects are expanded, keys are not`() throws {
    let value: ConfigValue = ["${HOST}": ["${HOST}", ["a": "${PORT}"], 1]]
    #expect(try interpolation.expanded(value) == ["${HOST}": ["db", ["a": "3306"], 1]])
  }
}
