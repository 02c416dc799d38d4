import Egg
import EggValidation
import Foundation
import Testing

@Suite("Rules") @MainActor struct RuleTests {
  /// `FIELD: MESSAGE` of each error.
  private func errors(
    _ rules: String, _ data: String, _ set: (Validator) throws -> Void = { _ in }
  ) throws -> [String] {
    let validator = Validator()
    try set(validator)
    var value = try Value(json: data)
    return try validator.validate(try Value(json: rules), &value).map {
      "\($0.field): \($0.message)"
    }
  }

  @Test(
    arguments: [
      (
        #"{"type":"int","min":1,"max":5}"#, ["1", "5", "3.0"],
        [
          "0": "should bigger than 1", "6": "should smaller than 5", "1.5": "should be an integer",
          "\"1\"": "should be an integer", "true": "should be an integer",
        ]
      ),
      (#"{"type":"integer"}"#, ["-9007199254740993"], ["[]": "should be an integer"]),
      (
        #"{"type":"number","max":1.5}"#, ["1.5", "-2"],
        ["1.6": "should smaller than 1.5", "\"1\"": "should be a number"]
      ),
      (
        #"{"type":"string","min":2,"max":3}"#, ["\"ab\"", "\"äöü\""],
        [
          "\"a\"": "length should bigger than 2", "\"abcd\"": "length should smaller than 3",
          "\"\"": "should not be empty", "1": "should be a string",
        ]
      ),
      (#"{"type":"string","allowEmpty":true}"#, ["\"\""], ["null": "required"]),
      (
        #"{"type":"string","format":"^a+$"}"#, ["\"aa\""],
        ["\"ab\"": "should match /^a+$/", "\"aa\\n\"": "should match /^a+$/"]
      ),
      (
        #""/^A\\d$/i""#, ["\"a1\""],
        ["\"b1\"": "should match /^A\\d$/i", "\"a١\"": "should match /^A\\d$/i"]
      ),
      (#""id""#, ["\"123\""], ["\"12a\"": "should match /^\\d+$/", "1": "should be a string"]),
      (
        #""date""#, ["\"2024-02-29\""],
        ["\"2024-2-29\"": "should match /^\\d{4}\\-\\d{2}\\-\\d{2}$/"]
      ),
      (
        #""dateTime""#, ["\"2024-02-29 10:00:00\""],
        [
          "\"2024-02-29T10:00:00\"":
            "should match /^\\d{4}\\-\\d{2}\\-\\d{2} \\d{2}:\\d{2}:\\d{2}$/"
        ]
      ),
      (#""datetime""#, ["\"2024-02-29 10:00:00\""], [:]),
      (
        #""bool""#, ["true", "false"],
        ["1": "should be a boolean", "\"true\"": "should be a boolean"]
      ),
      (#""boolean""#, ["true"], ["0": "should be a boolean"]),
      (#"["a","b",3]"#, ["\"a\"", "3"], ["\"c\"": "should be one of a, b, 3"]),
      (#"{"type":"enum","values":["x"]}"#, ["\"x\""], ["\"y\"": "should be one of x"]),
      (
        #""email""#, ["\"a.b+c@x.example.com\""],
        [
          "\"a@b\"": "should be an email", "\"a..b@x.com\"": "should be an email",
          "\"@x.com\"": "should be an email", "\"a b@x.com\"": "should be an email",
          "\"\"": "should not be empty",
        ]
      ),
      (#"{"type":"email","allowEmpty":true}"#, ["\"\""], [:]),
      (
        #""url""#,
        [
          "\"http://a.test/x?y#z\"", "\"https://user@1.2.3.4:8080\"", "\"http://localhost\"",
          "\"http://[::1]/\"",
        ],
        [
          "\"a.test\"": "should be a url", "\"http:///x\"": "should be a url",
          "\"javascript://x\"": "should be a url", "\"http://a b\"": "should be a url",
          "\"http://a:99999\"": "should be a url",
        ]
      ),
      (
        #"{"type":"password","min":7}"#, ["\"1234567\""],
        ["\"123456\"": "length should bigger than 7"]
      ),
      (#""password""#, ["\"123456\""], ["\"12345\"": "length should bigger than 6"]),
      (#""object""#, ["{}"], ["1": "should be an object", "[]": "should be an object"]),
      (
        #"{"type":"array","min":1,"max":2}"#, ["[1]", "[null,{}]"],
        [
          "[]": "length should bigger than 1", "[1,2,3]": "length should smaller than 2",
          "{}": "should be an array",
        ]
      ),
      (#"{"type":"int","message":"wrong!"}"#, ["1"], ["\"x\"": "wrong!"]),
    ] as [(String, [String], [String: String])])
  func `a value fits its rule or is told why not`(
    rule: String, good: [String], bad: [String: String]
  ) throws {
    for value in good {
      #expect(try errors("{\"k\": \(rule)}", "{\"k\": \(value)}") == [], "\(value)")
    }
    for (value, message) in bad {
      #expect(try errors("{\"k\": \(rule)}", "{\"k\": \(value)}") == ["k: \(message)"], "\(value)")
    }
  }

  @Test func `members are required unless they say otherwise`() throws {
    let rules = #"{"a":"int","b":"int?","c":{"type":"int","required":false},"d":"string?"}"#
    #expect(try errors(rules, #"{"d":""}"#) == ["a: required"])
    #expect(try errors(rules, #"{"a":1,"b":"x","c":null}"#) == ["b: should be an integer"])
    var value: Value = [:]
    #expect(try Validator().validate(["a": "int"], &value)[0].code == .missing)
  }

  @Test func `what is inside is named by its way`() throws {
    let rules = #"""
      {"user": {"type":"object","rule":{"name":"string","pets":{"type":"array","itemType":"object","rule":{"age":"int"}}}},
       "tags": {"type":"array","itemType":"string"},
       "grid": {"type":"array","itemType":"array","rule":{"type":"array","itemType":"int"}},
       "small": {"type":"array","itemType":"int","rule":{"type":"int","max":3}}}
      """#
    let data = #"""
      {"user":{"name":1,"pets":[{"age":1},{"age":"x"},{}]},"tags":["a",2],"grid":[[1],[2,"b"]],"small":[1,4]}
      """#
    #expect(
      try errors(rules, data) == [
        "user.name: should be a string", "user.pets[1].age: should be an integer",
        "user.pets[2].age: required", "tags[1]: should be a string",
        "grid[1][1]: should be an integer",
        "small[1]: should smaller than 3",
      ])
  }

  @Test func `trim, default and convertType change the value`() throws {
    let rules = try Value(
      json: #"""
        {"t":{"type":"string","trim":true},"d":{"type":"int","required":false,"default":7},
         "r":{"type":"int?","default":8},"i":{"type":"int","convertType":"int"},
         "o":{"type":"object","rule":{"n":{"type":"number","convertType":"number"}}}}
        """#)
    var value = try Value(json: #"{"t":"  x ","i":"42px","o":{"n":"1.5"}}"#)
    #expect(try Validator().validate(rules, &value) == [])
    #expect(value == (try Value(json: #"{"t":"x","d":7,"r":8,"i":42,"o":{"n":1.5}}"#)))
  }

  @Test func `convert makes values what their rule says`() throws {
    let validator = Validator()
    validator.converts = true
    var value = try Value(
      json: #"{"a":"12","b":"1e3","c":5,"d":"false","e":"","f":"x","g":{"k":1},"h":"","i":1.9}"#)
    let rules = try Value(
      json: #"""
        {"a":"int","b":"number","c":"string","d":"bool","e":{"type":"number"},"f":"int","g":"string",
         "h":"bool","i":"integer"}
        """#)
    let errors = try validator.validate(rules, &value).map(\.field)
    #expect(errors == ["f", "g"])
    #expect(value.a == 12 && value.b == 1000 && value.c == "5" && value.d == true && value.e == 0)
    #expect(value.h == false && value.i == 1)
  }

  @Test func `widelyUndefined takes nothing for missing, validateRoot refuses what is no object`()
    throws
  {
    #expect(
      try errors(#"{"a":"string"}"#, #"{"a":""}"#) { $0.widelyUndefined = true } == ["a: required"])
    #expect(try errors(#"{"a":"int?"}"#, #"{"a":""}"#) { $0.widelyUndefined = true } == [])
    #expect(try errors(#"{"a":{"type":"int?","widelyUndefined":true}}"#, #"{"a":""}"#) == [])
    #expect(try errors(#"{"a":"int?"}"#, "[1]") == [])
    #expect(
      try errors(#"{"a":"int?"}"#, "[1]") { $0.validatesRoot = true }
        == [": the validated value should be a object"])
  }

  @Test func `rules of yours: a function or an expression`() throws {
    let set: (Validator) throws -> Void = {
      $0.addRule("even") { rule, value, object in
        value.int.map { $0 % 2 == 0 } == true ? nil : rule.hint.string ?? "should be even"
      }
      try $0.addRule("plate", pattern: "/^[a-z]{2}-\\d+$/i")
    }
    #expect(
      try errors(#"{"a":"even","b":{"type":"even","hint":"no"}}"#, #"{"a":2,"b":3}"#, set) == [
        "b: no"
      ])
    #expect(try errors(#"{"a":"plate"}"#, #"{"a":"HH-1"}"#, set) == [])
    #expect(
      try errors(#"{"a":"plate"}"#, #"{"a":"x"}"#, set) == [#"a: should match /^[a-z]{2}-\d+$/i"#])
    #expect(
      try errors(#"{"a":{"type":"array","itemType":"even"}}"#, #"{"a":[2,3]}"#, set)
        == ["a[1]: should be even"])
  }

  @Test(arguments: [
    (#"{"a":"wrong"}"#, "rule type must be one of"), (#"{"a":5}"#, "expected a type"),
    (#"{"a":"/(/"}"#, "is no regular expression"), (#"{"a":"/a/x"}"#, "flags"),
    (#"{"a":{"type":"enum"}}"#, "check enum need array type values"),
    ("[]", "need object type rule"),
    (#"{"a":{"type":"int","convertType":"date"}}"#, "convertType"),
  ])
  func `a rule that makes no sense is a mistake of the program`(rules: String, text: String) {
    let error = #expect(throws: EggError.self) { _ = try errors(rules, #"{"a":"1"}"#) }
    #expect(error?.code == "EGG_VALIDATE" && error?.message.contains(text) == true)
  }

  @Test func `password compares`() throws {
    let rules = #"{"p":{"type":"password","compare":"q"},"q":"string"}"#
    #expect(try errors(rules, #"{"p":"123456","q":"123456"}"#) == [])
    #expect(try errors(rules, #"{"p":"123456","q":"1234567"}"#) == ["p: should equal to q"])
  }
}

@Suite("validate") struct ValidateTests {
  private static let shared = Result { try Server(plugins: ["session", "validate"]) }
  private let json = ["Accept": "application/json"]

  @Test func `the controller of the guide creates a post`() throws {
    let visitor = Visitor(try Self.shared.get())
    try visitor.post("/session/set", #"{"userId": "ada"}"#)
    let created = try visitor.post("/posts", #"{"title":"Egg","content":"…"}"#)
    #expect(created.status == 201)
    #expect(created.body == #"{"title":"Egg","content":"…","author":"ada","id":1}"#)
    let refused = try visitor.server.send("POST", "/posts", headers: json, json: #"{"content":5}"#)
    #expect(refused.status == 422)
    #expect(refused.json["message"] as? String == "Validation Failed")
    #expect(refused.json["code"] as? String == "invalid_param")
    let errors = try #require(refused.json["errors"] as? [[String: String]])
    #expect(
      errors == [
        ["code": "missing_field", "field": "title", "message": "required"],
        ["code": "invalid", "field": "content", "message": "should be a string"],
      ])
  }

  @Test func `a type with rules`() throws {
    let server = try Self.shared.get()
    let made = try server.send("POST", "/typed", json: #"{"title":" Egg ","stars":3}"#)
    #expect(made.body == #"{"title":"Egg","stars":3,"kind":"note"}"#)
    #expect(try server.send("POST", "/typed", json: #"{"title":"too long"}"#).status == 422)
    // The rules allow it, the type does not.
    #expect(try server.send("POST", "/typed", json: #"{"title":"x","stars":300}"#).status == 422)
  }

  @Test func `by name, and with the configuration`() throws {
    let server = try Server(
      #"{ "validate": { "convert": true } }"#, plugins: ["session", "validate"])
    let body = #"{"rules":{"n":"int"},"data":{"n":"12"}}"#
    #expect(try server.send("POST", "/rules", json: body).body == #"{"n":12}"#)
    let wrong = #"{"rules":{"n":"int"},"data":{"n":"x"}}"#
    let refused = try server.send("POST", "/rules", headers: json, json: wrong)
    #expect(refused.status == 422 && refused.json["code"] as? String == "invalid_param")
    #expect((refused.json["errors"] as? [[String: String]])?.first?["field"] == "n")
  }

  @Test func `without the plugin it says what to do`() throws {
    let server = try Server(plugins: ["session"])
    let answer = try server.send("POST", "/posts", json: #"{"title":"x"}"#)
    #expect(answer.status == 500)
    try server.wait(for: "ctx.validate needs the plugin validate")
  }
}
