import EggHTTPSemantics
import PluginABI

/// The core middleware `bodyParser`: reads JSON, form and text bodies into `request.body`.
///
/// A request without a body, or of another type, passes without cost.
///
/// - Source: Egg, `config.bodyParser`; 400 for what is malformed, 413 over the limit, 415 for an
///   unknown content coding.
enum BodyParser {
  struct Settings {
    var isEnabled = true
    var isStrict = true
    var jsonLimit = 1 << 20
    var formLimit = 1 << 20
    var textLimit = 1 << 20
    var parsesJSON = true
    var parsesForms = true
    var parsesText = true
    var form = FormLimits()
    var extraJSON: [String] = []
    var extraForm: [String] = []
    var extraText: [String] = []

    /// The types that nearly all bodies have, found by their bytes alone; nil says nothing.
    fileprivate func usualFormat(of type: UnsafeBufferPointer<UInt8>) -> (Format, Int)? {
      if parsesJSON, names(type, "application/json") { return (.json, jsonLimit) }
      if parsesForms, extraJSON.isEmpty, names(type, "application/x-www-form-urlencoded") {
        return (.form, formLimit)
      }
      return nil
    }

    /// Whether the header is this type, alone or with parameters.
    private func names(_ type: UnsafeBufferPointer<UInt8>, _ word: StaticString) -> Bool {
      let count = word.utf8CodeUnitCount
      guard type.count >= count, let start = type.baseAddress,
        equalIgnoringCase(start, word.utf8Start, count: count)
      else { return false }
      return type.count == count || type[count] == UInt8(ascii: ";")
    }
  }

  fileprivate enum Format {
    case json, form, text
  }

  /// - Source: co-body and koa-bodyparser, the default types.
  private static let jsonTypes = [
    "application/json", "application/json-patch+json", "application/vnd.api+json",
    "application/csp-report", "application/scim+json",
  ]

  static let handle: @convention(c) (UnsafeMutableRawPointer?, egg_call) -> egg_step = { _, token in
    guard CallSlots.withContext(token, { $0.head.framing != .none }) == true,
      let context = KernelMiddleware.context(token)
    else { return Step.pass }
    guard context.worker.bodySettings.isEnabled, context.parsedBody.kind == Kind.undefined,
      let range = context.fields.value(of: .contentType)
    else { return Step.pass }
    let type = range.bytes(in: context.base)
    guard
      let (format, limit) = context.worker.bodySettings.usualFormat(of: type)
        ?? format(of: type, context.worker.bodySettings)
    else { return Step.pass }
    guard let coding = coding(of: context) else {
      return fail(
        context, 415, "EGG_UNSUPPORTED_ENCODING",
        "the body's Content-Encoding is not one of identity, gzip, deflate")
    }
    let errand = Errand(context, format, limit: limit, coding: coding)
    context.bodyErrand = errand
    // A call of a layer that reads first and passes later: `next` without a resume.
    let status = context.readAll(
      limit: limit,
      { state, outcome in
        Unmanaged<Errand>.fromOpaque(state!).takeUnretainedValue().received(outcome)
      }, Unmanaged.passUnretained(errand).toOpaque())
    return status == Status.ok ? Step.later : Step.pass
  }

  private static func format(of bytes: UnsafeBufferPointer<UInt8>, _ settings: Settings)
    -> (Format, Int)?
  {
    let type = String(decoding: bytes, as: UTF8.self)
    if settings.parsesJSON, typeIs(type, jsonTypes + settings.extraJSON) != nil {
      return (.json, settings.jsonLimit)
    }
    if settings.parsesForms,
      typeIs(type, ["application/x-www-form-urlencoded"] + settings.extraForm) != nil
    {
      return (.form, settings.formLimit)
    }
    if settings.parsesText, typeIs(type, ["text/plain"] + settings.extraText) != nil {
      return (.text, settings.textLimit)
    }
    return nil
  }

  private static func coding(of context: Context) -> Inflater.Coding? {
    guard let range = context.fields.value(of: .contentEncoding) else { return .identity }
    return Inflater.Coding(name: range.string(in: context.base).lowercased())
  }

  /// The layer's call fails, from inside the layer or after it waited.
  @discardableResult
  static func fail(_ context: Context, _ status: Int32, _ code: String, _ message: String)
    -> egg_step
  {
    context.chainCall.failure = context.makeError(
      status: status, code: code, message: message, expose: true)
    context.chainCall.spend()
    context.pending = .fail
    context.wake()
    return Step.later
  }

  /// One body on its way.
  final class Errand {
    private unowned(unsafe) let context: Context
    private let format: Format
    private let limit: Int
    private let coding: Inflater.Coding
    /// The inflated bytes, which the tree points into.
    private var inflated: ByteBuffer?

    fileprivate init(_ context: Context, _ format: Format, limit: Int, coding: Inflater.Coding) {
      self.context = context
      self.format = format
      self.limit = limit
      self.coding = coding
    }

    fileprivate func received(_ outcome: UnsafePointer<egg_outcome>) {
      if let error = outcome.pointee.error {
        var message = error.pointee.message.string
        if error.pointee.http_status == 413 { message += ", check bodyParser config" }
        BodyParser.fail(
          context, error.pointee.http_status, error.pointee.code.string, message)
        return
      }
      let value = outcome.pointee.value
      var bytes = UnsafeBufferPointer(start: value.as.bytes, count: Int(value.count))
      if coding != .identity {
        let buffer = ByteBuffer()
        switch Inflater.inflate(bytes, coding, limit: limit, into: buffer) {
        case .done: break
        case .tooLarge:
          BodyParser.fail(
            context, 413, "EGG_BODY_TOO_LARGE",
            "the inflated body is larger than the limit of \(limit) bytes, check bodyParser config")
          return
        case .malformed:
          BodyParser.fail(
            context, 400, "EGG_BODY_MALFORMED", "the body is not what its Content-Encoding says")
          return
        }
        inflated = buffer
        bytes = buffer.bytes
      }
      context.rawBody = egg_str(bytes)
      context.hasRawBody = true
      do throws(ParseFailure) {
        context.parsedBody = try parse(bytes)
      } catch {
        BodyParser.fail(context, error.status, error.code, error.message)
        return
      }
      context.chainCall.spend()
      context.pendingResume = nil
      context.pending = .goOn
      context.wake()
    }

    private struct ParseFailure: Error {
      var status: Int32 = 400
      let code: String
      let message: String
    }

    private func parse(_ bytes: UnsafeBufferPointer<UInt8>) throws(ParseFailure) -> egg_value {
      switch format {
      case .text:
        return egg_value(egg_str(bytes))
      case .form:
        do throws(FormFailure) {
          return try ArenaForm.parse(
            bytes, limits: context.worker.bodySettings.form, into: &context.arena)
        } catch {
          throw ParseFailure(
            status: error.status, code: "EGG_BODY_MALFORMED", message: error.message)
        }
      case .json:
        let isStrict = context.worker.bodySettings.isStrict
        if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }) {
          return egg_value(pairs: nil, count: 0)
        }
        let value: egg_value
        do throws(ArenaJSON.Failure) {
          value = try ArenaJSON.parse(bytes, into: &context.arena)
        } catch {
          throw ParseFailure(
            code: "EGG_BODY_MALFORMED", message: "Problems parsing JSON: \(error.message)")
        }
        if isStrict, value.kind != Kind.map, value.kind != Kind.list {
          throw ParseFailure(
            code: "EGG_BODY_MALFORMED", message: "invalid JSON, only supports object and array")
        }
        return value
      }
    }
  }
}
