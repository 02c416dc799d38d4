import Foundation
import Testing

/// - Source: Egg, "multipart": modes, limits and texts; RFC 7578 for what is sent.
@Suite("Uploads") struct MultipartTests {
  private static let stream = Result { try Server(plugins: ["multipart"]) }
  private static let field = Part(name: "title", content: "a note")
  private static let file = Part(name: "up", filename: "a.txt.json", content: "{}")

  private struct Part {
    var name: String
    var filename: String?
    var content: String
  }

  private func form(_ parts: [Part]) -> String {
    parts.map { part in
      let name = part.filename.map { "; filename=\"\($0)\"\r\nContent-Type: application/json" }
      return "--edge\r\nContent-Disposition: form-data; name=\"\(part.name)\"\(name ?? "")\r\n\r\n"
        + part.content + "\r\n"
    }.joined() + "--edge--\r\n"
  }

  private func send(_ server: Server, _ target: String, _ parts: [Part]) throws -> Answer {
    let connection = try Connection(server)
    let body = form(parts)
    try connection.send(
      Self.head(target, length: body.utf8.count) + body)
    return try connection.answer()
  }

  private static func head(_ target: String, length: Int) -> String {
    "POST \(target) HTTP/1.1\r\nHost: probe.test\r\nConnection: close\r\nAccept: application/json\r\n"
      + "Content-Type: multipart/form-data; boundary=edge\r\nContent-Length: \(length)\r\n\r\n"
  }

  // MARK: mode stream

  @Test func `parts come in the order in which they are sent`() throws {
    let answer = try send(
      Self.stream.get(), "/upload/parts", [Self.field, Self.file, Part(name: "b", content: "2")])
    let parts = try #require(answer.json["parts"] as? [[String: Any]], "\(answer.body)")
    #expect(parts.map { ($0["name"] ?? $0["field"]) as? String } == ["title", "up", "b"])
    #expect(parts[0]["value"] as? String == "a note")
    #expect(parts[1]["filename"] as? String == "a.txt.json")
    #expect(parts[1]["mime"] as? String == "application/json")
    #expect(parts[1]["size"] as? Int == 2)
  }

  @Test func `getFileStream gives the file with the fields in front of it`() throws {
    let answer = try send(Self.stream.get(), "/upload/single", [Self.field, Self.file])
    #expect(answer.body == #"{"filename":"a.txt.json","text":"{}","fields":{"title":"a note"}}"#)
  }

  @Test func `a form without a file is refused unless none is required`() throws {
    let answer = try send(Self.stream.get(), "/upload/single", [Self.field])
    #expect(answer.status == 400)
    #expect(answer.body.contains("Can't found upload file"))
    let empty = Part(name: "up", filename: "", content: "")
    #expect(try send(Self.stream.get(), "/upload/optional", [empty]).body == "none")
    #expect(try send(Self.stream.get(), "/upload/optional", [Self.file]).body == "one")
  }

  @Test func `a function looks at files, a name is given to one that has none`() throws {
    let server = try Self.strict.get()
    let odd = Part(name: "up", filename: "a.xyz", content: "0123456789")
    #expect(try send(server, "/upload/checked", [odd]).body == "a.xyz 10")
    let refused = try send(server, "/upload/checked", [Self.file])
    #expect(refused.status == 400 && refused.body.contains("only xyz"))
    let nameless = Part(name: "up", filename: "", content: "1")
    #expect(try send(server, "/upload/checked", [nameless]).body == "unnamed.xyz 1")
    let large = Part(name: "up", filename: "a.xyz", content: String(repeating: "x", count: 2000))
    #expect(try send(server, "/upload/checked", [large]).body == "a.xyz 2000")
  }

  @Test func `only forms with parts are read`() throws {
    let answer = try Self.stream.get().send("POST", "/upload/parts", json: "{}")
    #expect(answer.status == 400)
    #expect(answer.body.contains("Content-Type must be multipart/*"))
  }

  @Test func `a form is read once`() throws {
    let answer = try send(Self.stream.get(), "/upload/twice", [Self.field])
    #expect(answer.status == 400)
    #expect(answer.body.contains("the multipart request can't be consumed twice"))
  }

  @Test(arguments: ["a.sh", "a", "a.json.", "../a.php", "a.JSON\\a.exe"])
  func `names without a known extension are refused`(name: String) throws {
    let answer = try send(
      Self.stream.get(), "/upload/parts", [Part(name: "up", filename: name, content: "x")])
    #expect(answer.status == 400)
    #expect(answer.body.contains("Invalid filename: "))
  }

  @Test func `a form that ends too early is malformed`() throws {
    let connection = try Connection(Self.stream.get())
    let body = "--edge\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nhalf"
    try connection.send(Self.head("/upload/parts", length: body.utf8.count) + body)
    #expect(try connection.answer().status == 400)
  }

  // MARK: limits

  private static let strict = Result {
    try Server(
      #"""
      { "multipart": { "fileSize": "1kb", "fieldSize": 10, "fields": 2, "files": 1,
        "fieldNameSize": 5 } }
      """#, plugins: ["multipart", "onerror"])
  }

  @Test(arguments: [
    (
      "Request_fileSize_limit",
      [Part(name: "up", filename: "a.js", content: String(repeating: "x", count: 1025))]
    ),
    ("Request_fieldSize_limit", [Part(name: "a", content: "12345678901")]),
    ("Request_fields_limit", ["a", "b", "c"].map { Part(name: $0, content: "1") }),
    ("Request_files_limit", ["a", "b"].map { Part(name: $0, filename: "a.js", content: "1") }),
    ("Request_fieldNameSize_limit", [Part(name: "abcdef", content: "1")]),
  ])
  private func `more than is allowed is 413 with Egg's code`(code: String, parts: [Part]) throws {
    for target in ["/upload/parts", "/upload/saved"] {
      let answer = try send(Self.strict.get(), target, parts)
      #expect(answer.status == 413)
      #expect(answer.json["code"] as? String == code)
    }
  }

  @Test func `what just fits is taken`() throws {
    let answer = try send(
      Self.strict.get(), "/upload/parts",
      [
        Part(name: "up", filename: "a.js", content: String(repeating: "x", count: 1024)),
        Part(name: "abcde", content: "1234567890"), Part(name: "b", content: ""),
      ])
    #expect(answer.status == 200, "\(answer.body)")
  }

  // MARK: mode file

  @Test func `mode file saves files before the controller runs and removes them after it`() throws {
    let server = try Server(
      #"{ "multipart": { "mode": "file", "tmpdir": "TMP" } }"#, plugins: ["multipart"],
      prepare: Self.setFolder)
    let answer = try send(server, "/upload/files", [Self.field, Self.file])
    let files = try #require(answer.json["files"] as? [[String: Any]], "\(answer.body)")
    #expect(files.map { $0["size"] as? Int } == [2])
    #expect(files[0]["mode"] as? Int == 0o600)
    let path = try #require(files[0]["path"] as? String)
    #expect(path.hasPrefix(server.folder.path + "/tmp/") && path.hasSuffix(".json"))
    #expect((answer.json["fields"] as? [String: String]) == ["title": "a note"])
    #expect(try Self.eventually { Self.files(server).isEmpty })
    #expect(try send(server, "/upload/twice", [Self.field]).status == 400)
  }

  @Test func `fileModeMatch makes mode file of some paths`() throws {
    let server = try Server(
      #"{ "multipart": { "fileModeMatch": [{ "regexp": "/files$" }], "tmpdir": "TMP" } }"#,
      plugins: ["multipart"], prepare: Self.setFolder)
    #expect((try send(server, "/upload/files", [Self.file]).json["files"] as? [Any])?.count == 1)
    #expect((try send(server, "/upload/parts", [Self.file]).json["parts"] as? [Any])?.count == 1)
  }

  @Test func `files are saved when the controller asks for it`() throws {
    let server = try Server(
      #"{ "multipart": { "tmpdir": "TMP" } }"#, plugins: ["multipart"], prepare: Self.setFolder)
    let answer = try send(server, "/upload/saved", [Self.file, Self.field])
    #expect((answer.json["files"] as? [[String: Any]])?.first?["size"] as? Int == 2)
    #expect((answer.json["fields"] as? [String: String]) == ["title": "a note"])
    #expect(try send(server, "/upload/saved?early=1", [Self.file]).body == "[false]")
    #expect(try Self.eventually { Self.files(server).isEmpty })
  }

  @Test func `a client that leaves in the middle leaves no file behind`() throws {
    let server = try Server(
      #"{ "multipart": { "mode": "file", "tmpdir": "TMP" } }"#, plugins: ["multipart"],
      prepare: Self.setFolder)
    do {
      let connection = try Connection(server)
      let begin = form([Self.file]).replacingOccurrences(of: "\r\n--edge--\r\n", with: "")
      try connection.send(Self.head("/upload/files", length: 1 << 20) + begin)
      try connection.send(String(repeating: "x", count: 100_000))
      #expect(try Self.eventually { !Self.files(server).isEmpty })
    }
    #expect(try Self.eventually { Self.files(server).isEmpty })
  }

  /// `EGG_UPLOAD_MIB=1024` makes it a gigabyte.
  @Test func `256 MiB pass in little memory`() throws {
    let server = try Server(#"{ "multipart": { "fileSize": "9gb" } }"#, plugins: ["multipart"])
    let small = try send(server, "/upload/parts", [Self.file])
    let before = try #require(small.json["peak"] as? Int)
    let connection = try Connection(server)
    let stated = ProcessInfo.processInfo.environment["EGG_UPLOAD_MIB"].flatMap { Int($0) }
    let size = (stated ?? 256) << 20
    let text = form([Part(name: "up", filename: "a.zip", content: "|")])
    let (begin, end) = (text.prefix { $0 != "|" }, text.drop { $0 != "|" }.dropFirst())
    try connection.send(
      Self.head("/upload/parts", length: size + text.utf8.count - 1) + begin)
    let piece = [UInt8](repeating: 0x78, count: 1 << 20)
    for _ in 0..<(size / piece.count) { try connection.send(piece) }
    try connection.send(String(end))
    let answer = try connection.answer()
    let parts = try #require(answer.json["parts"] as? [[String: Any]], "\(answer.body)")
    #expect(parts.first?["size"] as? Int == size)
    #expect(try #require(answer.json["peak"] as? Int) - before < 16 << 10)
  }

  // MARK: start

  @Test func `a wrong size refuses the start and names the key`() throws {
    let failure = #expect(throws: Failure.self) {
      _ = try Server(#"{ "multipart": { "fileSize": "10 lots" } }"#, plugins: ["multipart"])
    }
    let text = failure?.description ?? ""
    #expect(text.contains("config.multipart.fileSize") && text.contains("10 lots"))
  }

  @Test func `what a crash left behind goes at the configured time`() throws {
    let server = try Server(
      #"{ "multipart": { "tmpdir": "TMP", "cleanSchedule": { "cron": "* * * * * *" } } }"#,
      plugins: ["schedule", "multipart"],
      prepare: { folder in
        try Self.setFolder(folder)
        for (name, age) in [("old.json", 90_000.0), ("new.json", 0)] {
          let file = folder.appendingPathComponent("tmp/2026/01/01/01/\(name)")
          try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
          try Data().write(to: file)
          try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: file.path)
        }
      })
    #expect(try Self.eventually { Self.files(server) == ["new.json"] })
  }

  // MARK: support

  /// Puts the copy's own folder in place of TMP.
  private static func setFolder(_ folder: URL) throws {
    let file = folder.appendingPathComponent("config/config.unittest.json")
    let text = try String(contentsOf: file, encoding: .utf8)
    try Data(text.replacingOccurrences(of: "TMP", with: folder.path + "/tmp").utf8).write(to: file)
  }

  private static func files(_ server: Server) -> [String] {
    let all = FileManager.default.enumerator(atPath: server.folder.path + "/tmp")
    return (all?.compactMap { $0 as? String } ?? []).filter { $0.contains(".json") }
      .map { String($0.split(separator: "/").last!) }
  }

  private static func eventually(_ condition: () -> Bool) throws -> Bool {
    let deadline = Date(timeIntervalSinceNow: 10)
    while !condition() {
      guard Date() < deadline else { return false }
      usleep(5000)
    }
    return true
  }
}
