import MultipartForm
import Testing

/// - Source: RFC 2046 §5.1.1, RFC 7578.
@Suite("Multipart forms") struct ParserTests {
  private static let form = [
    "--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nHello\r\n",
    "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a b.txt\"\r\n",
    "Content-Type: text/x\r\n\r\nline\r\n--bx\r\n--\r\n--b--\r\nepilogue",
  ].joined()

  struct Part: Equatable {
    var head: PartHead
    var content = ""
  }

  /// - Parameter size: bytes fed at a time.
  private static func parts(_ form: String, size: Int) throws -> [Part] {
    var parser = MultipartParser(boundary: "b")
    var parts: [Part] = []
    var rest = Array(form.utf8)[...]
    while !rest.isEmpty {
      try parser.feed(rest.prefix(size)) { event in
        switch event {
        case .part(let head): parts.append(Part(head: head))
        case .content(let bytes):
          parts[parts.count - 1].content += String(decoding: bytes, as: UTF8.self)
        case .partEnd: break
        }
      }
      rest = rest.dropFirst(size)
    }
    try parser.finish()
    return parts
  }

  @Test func `parts are found wherever the bytes are cut`() throws {
    var file = PartHead(name: "file", filename: "a b.txt")
    file.contentType = "text/x"
    for size in 1...Self.form.utf8.count {
      // What only begins like a delimiter would be content; "--bx" is a delimiter with garbage.
      let form = Self.form.replacing("--bx", with: "--ax")
      #expect(
        try Self.parts(form, size: size) == [
          Part(head: PartHead(name: "title"), content: "Hello"),
          Part(head: file, content: "line\r\n--ax\r\n--"),
        ])
    }
  }

  @Test func `an empty part has no content`() throws {
    let form = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n--b--"
    #expect(try Self.parts(form, size: 7) == [Part(head: PartHead(name: "a"))])
  }

  @Test func `what stands before the first boundary is passed over`() throws {
    let form = "ignored\r\n--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b--"
    #expect(try Self.parts(form, size: 3).count == 1)
  }

  @Test(arguments: [
    "", "no boundary at all", "--b", "--b\r\n",
    "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx",
    "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b",
  ])
  func `a body that ends too early is refused`(form: String) {
    #expect(throws: MultipartFailure.self) { try Self.parts(form, size: 5) }
  }

  @Test(arguments: [
    form, "--bgarbage\r\n\r\n\r\n--b--", "--b\r\n\r\nno head\r\n--b--",
    "--b\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n\r\n--b--",
    "--b\r\nContent-Disposition: form-data\r\n\r\n\r\n--b--", "--b\r\nno colon\r\n\r\n\r\n--b--",
    "--b" + String(repeating: " ", count: 100) + "\r\n\r\n\r\n--b--",
  ])
  func `what is not the form of a form is refused`(form: String) {
    #expect(throws: MultipartFailure.self) { try Self.parts(form, size: 1024) }
  }

  @Test(arguments: [1, 1000, 100_000])
  func `a head that does not end is refused before it fills the memory`(size: Int) {
    let form = "--b\r\nX: " + String(repeating: "y", count: 40_000)
    #expect(throws: MultipartFailure.malformed("the head of a part is larger than 16 KiB")) {
      try Self.parts(form, size: size)
    }
  }

  @Test func `random bytes are content or a refusal, never a trap`() {
    var random = SystemRandomNumberGenerator()
    let alphabet = Array("\r\n--b:; \"=\\aContent-Disposition: form-data; name=\"x\"".utf8)
    for _ in 0..<2_000 {
      let bytes = (0..<Int.random(in: 0...300, using: &random)).map { _ in
        alphabet.randomElement(using: &random)!
      }
      let text = "--b\r\n" + String(decoding: bytes, as: UTF8.self)
      _ = try? Self.parts(text, size: Int.random(in: 1...50, using: &random))
    }
  }

  @Test(arguments: [
    (#"form-data; name="a"; filename="C:\dir\file.txt""#, "file.txt"),
    (#"form-data; name="a"; filename="../../etc/passwd""#, "passwd"),
    (#"form-data; name="a"; filename="say \"hi\".txt""#, #"say "hi".txt"#),
    (#"form-data; name="a"; filename=plain.txt"#, "plain.txt"),
    (#"form-data; name="a"; filename="x.txt"; filename*=UTF-8''na%C3%AFve.txt"#, "naïve.txt"),
  ])
  func `file names lose their folders and keep their letters`(field: String, name: String) throws {
    let form = "--b\r\nContent-Disposition: \(field)\r\n\r\n\r\n--b--"
    #expect(try Self.parts(form, size: 64).first?.head.filename == name)
  }

  @Test func `the boundary is taken from the content type`() {
    #expect(MultipartParser.boundary(of: "multipart/form-data; boundary=abc") == "abc")
    #expect(MultipartParser.boundary(of: #"Multipart/Form-Data; boundary="a b=c""#) == "a b=c")
    #expect(MultipartParser.boundary(of: "multipart/form-data") == nil)
    #expect(MultipartParser.boundary(of: "application/json; boundary=abc") == nil)
    let long = String(repeating: "a", count: 71)
    #expect(MultipartParser.boundary(of: "multipart/form-data; boundary=\(long)") == nil)
  }

  @Test func `limits are counted by kind`() throws {
    var limits = FormLimits()
    (limits.files, limits.fields, limits.fileSize, limits.fieldSize) = (1, 1, 10, 5)
    var meter = FormMeter(limits)
    try meter.begin(PartHead(name: "a"))
    try meter.add(5)
    #expect(throws: MultipartFailure.limit("Request_fieldSize_limit")) { try meter.add(1) }
    #expect(throws: MultipartFailure.limit("Request_fields_limit")) {
      try meter.begin(PartHead(name: "b"))
    }
    try meter.begin(PartHead(name: "f", filename: "x"))
    try meter.add(10)
    #expect(throws: MultipartFailure.limit("Request_fileSize_limit")) { try meter.add(1) }
    #expect(throws: MultipartFailure.limit("Request_files_limit")) {
      try meter.begin(PartHead(name: "g", filename: "y"))
    }
    #expect(throws: MultipartFailure.limit("Request_fieldNameSize_limit")) {
      try meter.begin(PartHead(name: String(repeating: "n", count: 101)))
    }
  }
}
