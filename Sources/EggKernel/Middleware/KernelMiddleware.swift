import EggHTTPSemantics
import Glibc
import PluginABI

/// The layers that the kernel itself brings, written as a unit would write them.
enum KernelMiddleware {
  /// Names of the default list whose work is done at the end of the chain instead of in a layer.
  static let builtIn: Set<String> = ["meta", "notfound"]

  static func register(on worker: Worker) {
    add("siteFile", siteFile, to: worker)
    add("bodyParser", BodyParser.handle, to: worker)
    add("overrideMethod", overrideMethod, to: worker)
  }

  private static func add(
    _ name: String,
    _ handle: @escaping @convention(c) (UnsafeMutableRawPointer?, egg_call) -> egg_step,
    to worker: Worker
  ) {
    let text = StaticText(name)
    var table = egg_middleware()
    table.size = UInt32(MemoryLayout<egg_middleware>.size)
    table.name = text.cString
    table.handle = handle
    worker.middlewares[name] = RegisteredMiddleware(
      table: table, unit: worker.kernelUnit, name: text)
  }

  static func context(_ token: egg_call) -> Context? {
    CallSlots.withContext(token) { $0 }
  }

  /// `/favicon.ico` and what `config.siteFile` names.
  ///
  /// - Source: Egg, `site_file`: GET and HEAD of the exact path; text from `/` or `http` on is a
  ///   redirect, a path of a file is its contents.
  private static let siteFile: @convention(c) (UnsafeMutableRawPointer?, egg_call) -> egg_step = {
    _, token in
    guard let context = context(token),
      context.head.method == .get || context.head.method == .head,
      let files = context.worker.siteFiles
    else { return Step.pass }
    let path = context.head.path.bytes(in: context.base)
    guard let file = files.find(path) else { return Step.pass }
    file.answer(context)
    return Step.done
  }

  /// A form may say the method it means: `_method` in the body, or `x-http-method-override`.
  ///
  /// - Source: Egg, `override_method`; only for POST, the body first, an unknown method is 400.
  private static let overrideMethod:
    @convention(c) (UnsafeMutableRawPointer?, egg_call) -> egg_step = { _, token in
      guard CallSlots.withContext(token, { $0.head.method == .post }) == true,
        let context = context(token)
      else { return Step.pass }
      var name = context.parsedBody.member("_method")?.text.string ?? ""
      if name.isEmpty,
        let header = context.fields.value(of: .xHTTPMethodOverride)
      {
        name = header.string(in: context.base)
      }
      guard !name.isEmpty else { return Step.pass }
      let upper = name.uppercased()
      guard RouteMethod(name: upper) != nil else {
        context.chainCall.failure = context.makeError(
          status: 400, code: "EGG_METHOD_OVERRIDE",
          message: "invalid overriden method: \"\(upper.prefix(32))\"", expose: true)
        context.chainCall.spend()
        context.pending = .fail
        return Step.later
      }
      context.overrideMethod(upper)
      return Step.pass
    }
}

extension Context {
  /// From here on the request has another method.
  func overrideMethod(_ name: String) {
    var upper = name
    upper.withUTF8 { head.method = RequestMethod($0.baseAddress!, count: $0.count) }
    overriddenMethod = text(name)
  }

  /// The method's name as every layer sees it.
  var methodText: egg_str {
    overriddenMethod.len > 0 ? overriddenMethod : egg_str(head.methodName.bytes(in: base))
  }
}

/// Single files at fixed paths, read when the configuration is final.
final class SiteFiles {
  final class File {
    let path: [UInt8]
    private let bytes: [UInt8]
    private let redirect: String?
    private let type: String
    private let cacheControl: String

    init(path: String, bytes: [UInt8], redirect: String?, type: String, cacheControl: String) {
      self.path = Array(path.utf8)
      self.bytes = bytes
      self.redirect = redirect
      self.type = type
      self.cacheControl = cacheControl
    }

    func answer(_ context: Context) {
      func set(_ name: StaticString, _ value: String) {
        var value = value
        _ = value.withUTF8 { context.responseHead.set(name, $0) }
      }
      if let redirect {
        context.status = 302
        context.isStatusSet = true
        set("Location", redirect)
        return
      }
      set("Content-Type", type)
      set("Cache-Control", cacheControl)
      context.body.release()
      context.body.kind = egg_body_kind(EGG_BODY_BYTES)
      bytes.withUnsafeBufferPointer { bytes in
        context.body.bytes = context.arena.copy(bytes) ?? UnsafeBufferPointer(start: nil, count: 0)
      }
    }
  }

  private let files: [File]

  /// Nil when there are none, so that a request costs nothing.
  init?(_ config: ConfigValue?, baseDir: String, log: Log) {
    guard let object = config?.object, config?["enable"]?.bool != false else { return nil }
    let cacheControl = config?["cacheControl"]?.string ?? "public, max-age=2592000"
    var files: [File] = []
    for (path, value) in object where path.hasPrefix("/") {
      guard let text = value.string else { continue }
      if text.hasPrefix("http://") || text.hasPrefix("https://") {
        files.append(
          File(path: path, bytes: [], redirect: text, type: "", cacheControl: cacheControl))
        continue
      }
      let name = Path.join(baseDir, text)
      guard let bytes = (try? FileReader.contents(of: name, limit: 1 << 20, unit: "app")) ?? nil
      else {
        log.warning("config.siteFile: \"\(path)\" names \"\(name)\", which can't be read")
        continue
      }
      let type = contentType(for: name) ?? "application/octet-stream"
      files.append(
        File(path: path, bytes: bytes, redirect: nil, type: type, cacheControl: cacheControl))
    }
    guard !files.isEmpty else { return nil }
    self.files = files
  }

  func find(_ path: UnsafeBufferPointer<UInt8>) -> File? {
    files.first { file in
      file.path.count == path.count && memcmp(path.baseAddress!, file.path, path.count) == 0
    }
  }
}
