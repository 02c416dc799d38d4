import Egg
import MultipartForm

/// One part of a form.
public enum FormPart {
  case field(FormField)
  case file(FileStream)
}

public struct FormField: Sendable {
  public let name: String
  public let value: String
}

/// The parts of the request's form, in the order in which the client sends them.
///
///     for try await part in try ctx.multipart() {
///       switch part {
///       case .field(let field): …
///       case .file(let file): for try await bytes in file { … }
///       }
///     }
///
/// The client is held back while nobody reads. A file that is not read is passed over when the next
/// part is asked for.
///
/// - Source: Egg, `ctx.multipart()`.
public final class MultipartReader: @MainActor AsyncSequence {
  public typealias Element = FormPart

  private enum Piece {
    case part(PartHead)
    case content([UInt8])
    case end
  }

  let options: MultipartOptions
  private let request: Request
  private let checkFile: (@MainActor (FileStream) throws -> Void)?
  private var parser: MultipartParser
  private var meter: FormMeter
  private var pieces: [Piece] = []
  private var next = 0
  private var hasEnded = false
  private var current: FileStream?
  /// What was refused; asking again gives it again.
  private var failure: (any Error)?
  /// Fields that `autoFields` has collected so far.
  public private(set) var fields = ValueMap()

  /// - Throws: 400 when the request has no form, or somebody has read it already.
  init(
    _ ctx: Context, _ options: MultipartOptions,
    _ checkFile: (@MainActor (FileStream) throws -> Void)?
  ) throws {
    guard let boundary = MultipartParser.boundary(of: ctx.get("content-type")) else {
      throw EggError(status: 400, "Content-Type must be multipart/*")
    }
    guard ctx[ConsumedKey.self] == nil, ctx.request.extension("files").array == nil else {
      throw EggError(status: 400, "the multipart request can't be consumed twice")
    }
    ctx[ConsumedKey.self] = true
    self.options = options
    self.checkFile = checkFile
    request = ctx.request
    parser = MultipartParser(boundary: boundary)
    meter = FormMeter(options.limits)
  }

  private enum ConsumedKey: StorageKey { typealias Value = Bool }

  public struct Iterator: AsyncIteratorProtocol {
    let reader: MultipartReader
    public func next() async throws -> FormPart? { try await reader.part() }
  }

  public func makeAsyncIterator() -> Iterator { Iterator(reader: self) }

  /// The next part, nil at the end of the form.
  ///
  /// - Throws: `EggError` with 400 for a malformed form or a name that is not allowed, 413 for more
  ///   than is allowed.
  public func part() async throws -> FormPart? {
    if let current {
      self.current = nil
      while try await current.read() != nil {}
    }
    while let piece = try await pull() {
      guard case .part(let head) = piece else { continue }
      guard head.isFile else {
        let field = FormField(name: head.name, value: try await text())
        guard options.autoFields else { return .field(field) }
        fields.add(field, isList: options.allowArrayField)
        continue
      }
      let filename = head.filename ?? ""
      let stream = FileStream(head, self)
      if let checkFile {
        do { try checkFile(stream) } catch { throw fail(error) }
      } else if !filename.isEmpty, !options.allows(filename) {
        throw fail(EggError(status: 400, "Invalid filename: \(filename)"))
      }
      current = stream
      return .file(stream)
    }
    return nil
  }

  /// A piece of the file that is read at the moment; nil at its end.
  func content() async throws -> [UInt8]? {
    guard let piece = try await pull(), case .content(let bytes) = piece else { return nil }
    return bytes
  }

  private func text() async throws -> String {
    var bytes: [UInt8] = []
    while let more = try await content() { bytes += more }
    return String(decoding: bytes, as: UTF8.self)
  }

  private func pull() async throws -> Piece? {
    if let failure { throw failure }
    while next == pieces.count {
      guard !hasEnded else { return nil }
      pieces.removeAll(keepingCapacity: true)
      next = 0
      do {
        if let bytes = try await request.readSome() {
          try feed(bytes)
        } else {
          hasEnded = true
          try parser.finish()
        }
      } catch {
        throw fail(error)
      }
    }
    defer { next += 1 }
    return pieces[next]
  }

  private func feed(_ bytes: [UInt8]) throws {
    try parser.feed(bytes) { event in
      switch event {
      case .part(let head):
        try meter.begin(head)
        pieces.append(.part(head))
      case .content(let bytes):
        try meter.add(bytes.count)
        pieces.append(.content(Array(bytes)))
      case .partEnd: pieces.append(.end)
      }
    }
  }

  private func fail(_ error: any Error) -> any Error {
    let refusal: any Error =
      switch error as? MultipartFailure {
      case .malformed(let text)?: EggError(status: 400, code: "EGG_MULTIPART", text)
      case .limit(let code)?: EggError(status: 413, code: code, code)
      case nil: error
      }
    failure = refusal
    return refusal
  }
}

/// A file while it arrives.
///
///     for try await bytes in file { … }
public final class FileStream: @MainActor AsyncSequence {
  public typealias Element = [UInt8]

  /// Of the form's field.
  public let field: String
  /// As the client sent it, without folders. Not to be trusted as a path.
  public internal(set) var filename: String
  /// The media type that the client said.
  public let mime: String
  public let encoding: String
  /// The form's fields in front of the file.
  public internal(set) var fields = ValueMap()
  private let reader: MultipartReader
  private var hasEnded = false

  init(_ head: PartHead, _ reader: MultipartReader) {
    field = head.name
    filename = head.filename ?? ""
    mime = head.contentType
    encoding = head.encoding
    self.reader = reader
  }

  public struct Iterator: AsyncIteratorProtocol {
    let stream: FileStream
    public func next() async throws -> [UInt8]? { try await stream.read() }
  }

  public func makeAsyncIterator() -> Iterator { Iterator(stream: self) }

  /// The next piece, nil at the end of the file.
  public func read() async throws -> [UInt8]? {
    guard !hasEnded else { return nil }
    let bytes = try await reader.content()
    hasEnded = bytes == nil
    return bytes
  }
}

extension ValueMap {
  /// Adds a field of the form; the second of a name replaces the first, or makes a list of both.
  mutating func add(_ field: FormField, isList: Bool) {
    guard isList, let earlier = self[field.name] else {
      self[field.name] = .text(field.value)
      return
    }
    self[field.name] = .list((earlier.array ?? [earlier]) + [.text(field.value)])
  }
}
