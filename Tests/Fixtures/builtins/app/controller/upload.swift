import Egg
import EggMultipart
import Glibc

final class UploadController: Controller {
  /// Every part in its order; of files no more than their size is kept.
  func parts() async throws {
    var parts: [Value] = []
    for try await part in try ctx.multipart() {
      switch part {
      case .field(let field): parts.append(["name": field.name, "value": field.value])
      case .file(let file):
        var size = 0
        for try await bytes in file { size += bytes.count }
        parts.append(
          [
            "field": file.field, "filename": file.filename, "mime": file.mime,
            "encoding": file.encoding, "size": size,
          ] as Value)
      }
    }
    ctx.body = ["parts": Value.list(parts), "peak": Self.peak] as Value
  }

  func single() async throws {
    guard let file = try await ctx.getFileStream() else { return }
    var text: [UInt8] = []
    while let bytes = try await file.read() { text += bytes }
    ctx.body =
      [
        "filename": file.filename, "text": String(decoding: text, as: UTF8.self),
        "fields": Value.map(file.fields),
      ] as Value
  }

  func optional() async throws {
    ctx.body = try await ctx.getFileStream(requireFile: false) == nil ? "none" : "one"
  }

  /// Its own look at names, and its own limit.
  func checked() async throws {
    let file = try await ctx.getFileStream(
      defaultFilename: "unnamed.xyz",
      checkFile: { file in
        guard file.filename.isEmpty || file.filename.hasSuffix(".xyz") else {
          throw EggError(status: 400, "only xyz")
        }
      }, limits: { $0.limits.fileSize = 4000 })
    guard let file else { return }
    var size = 0
    while let bytes = try await file.read() { size += bytes.count }
    ctx.body = "\(file.filename) \(size)"
  }

  func files() async throws { ctx.body = report(ctx.request.files) }

  func saved() async throws {
    let files = try await ctx.saveRequestFiles()
    ctx.body = report(files) as Value
    if ctx.query.early != nil {
      try await ctx.cleanupRequestFiles()
      ctx.body = files.map { access($0.filepath, F_OK) == 0 }
    }
  }

  func twice() async throws {
    for try await _ in try ctx.multipart() {}
    for try await _ in try ctx.multipart() {}
  }

  private func report(_ files: [UploadedFile]) -> Value {
    let listed = files.map { file -> Value in
      var facts = stat()
      return [
        "field": file.field, "filename": file.filename, "path": file.filepath,
        "size": stat(file.filepath, &facts) == 0 ? Int(facts.st_size) : -1,
        "mode": Int(facts.st_mode & 0o777),
      ]
    }
    return ["files": Value.list(listed), "fields": ctx.request.body]
  }

  /// The most memory that this process has had, in KiB.
  private static var peak: Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss
  }
}
