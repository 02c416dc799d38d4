/// How much of a form is taken; see `config.multipart`.
public struct FormLimits: Sendable, Equatable {
  /// Bytes of a field's name.
  public var fieldNameSize = 100
  /// Bytes of a field's value.
  public var fieldSize = 100 << 10
  public var fields = 10
  /// Bytes of a file.
  public var fileSize = 10 << 20
  public var files = 10

  public init() {}
}

/// Counts what comes and refuses what is too much.
public struct FormMeter {
  private let limits: FormLimits
  private var fields = 0
  private var files = 0
  private var isFile = false
  private var size = 0

  public init(_ limits: FormLimits) { self.limits = limits }

  public mutating func begin(_ head: PartHead) throws {
    guard head.name.utf8.count <= limits.fieldNameSize else {
      throw MultipartFailure.limit("Request_fieldNameSize_limit")
    }
    isFile = head.isFile
    size = 0
    if isFile {
      files += 1
      guard files <= limits.files else { throw MultipartFailure.limit("Request_files_limit") }
    } else {
      fields += 1
      guard fields <= limits.fields else { throw MultipartFailure.limit("Request_fields_limit") }
    }
  }

  public mutating func add(_ count: Int) throws {
    size += count
    if isFile {
      guard size <= limits.fileSize else { throw MultipartFailure.limit("Request_fileSize_limit") }
    } else {
      guard size <= limits.fieldSize else {
        throw MultipartFailure.limit("Request_fieldSize_limit")
      }
    }
  }
}
