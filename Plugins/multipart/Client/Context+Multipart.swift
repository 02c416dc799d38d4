import Egg

/// A file of a form that has been saved.
public struct UploadedFile: Codable, Sendable {
  public let field: String
  public let filename: String
  public let encoding: String
  public let mime: String
  /// Where it is until the request ends.
  public let filepath: String

  public init(field: String, filename: String, encoding: String, mime: String, filepath: String) {
    self.field = field
    self.filename = filename
    self.encoding = encoding
    self.mime = mime
    self.filepath = filepath
  }
}

extension Context {
  /// The parts of the request's form. See `MultipartReader`.
  ///
  /// - Parameters:
  ///   - autoFields: only files are given and the fields collected; nil is the configuration's.
  ///   - checkFile: looks at each file in place of the list of extensions; what it throws refuses the
  ///     form.
  ///   - limits: changes the configured ones for this request.
  public func multipart(
    autoFields: Bool? = nil, checkFile: (@MainActor (FileStream) throws -> Void)? = nil,
    limits: @MainActor (inout MultipartOptions) -> Void = { _ in }
  ) throws -> MultipartReader {
    var options = try MultipartOptions(app.config.multipart)
    if let autoFields { options.autoFields = autoFields }
    limits(&options)
    return try MultipartReader(self, options, checkFile)
  }

  /// The form's file, when it has one; fields must stand in front of it.
  ///
  ///     let file = try await ctx.getFileStream()
  ///
  /// - Parameters:
  ///   - requireFile: false: a form without a file gives nil instead of 400.
  ///   - defaultFilename: of a file that was sent without a name; without it such a file is none.
  ///   - checkFile, limits: as of `multipart`.
  public func getFileStream(
    requireFile: Bool = true, defaultFilename: String? = nil,
    checkFile: (@MainActor (FileStream) throws -> Void)? = nil,
    limits: @MainActor (inout MultipartOptions) -> Void = { _ in }
  ) async throws -> FileStream? {
    let reader = try multipart(autoFields: true, checkFile: checkFile, limits: limits)
    while let part = try await reader.part() {
      guard case .file(let file) = part else { continue }
      if file.filename.isEmpty, let defaultFilename { file.filename = defaultFilename }
      guard !file.filename.isEmpty else { continue }
      file.fields = reader.fields
      return file
    }
    guard requireFile else { return nil }
    throw EggError(status: 400, "Can't found upload file")
  }

  /// Saves the form's files and makes its fields the request's body, as mode `file` does beforehand.
  /// They are removed when the request ends.
  @discardableResult
  public func saveRequestFiles() async throws -> [UploadedFile] {
    try await call("saveRequestFiles").decode([UploadedFile].self)
  }

  /// Removes saved files before the request ends.
  public func cleanupRequestFiles() async throws { try await call("cleanupRequestFiles") }
}

extension Request {
  /// The files that were saved; empty before.
  public var files: [UploadedFile] {
    (try? self.extension("files").decode([UploadedFile].self)) ?? []
  }
}
