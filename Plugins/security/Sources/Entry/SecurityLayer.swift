import Egg
import EggSecurityRules
import Glibc
import PluginABI

/// The middleware `securities` as a plain function. Kept for ever.
///
/// The C interface and not a `Middleware` closure, because every request passes it and most need no
/// more than a few constant fields: a task for each would cost more than its work. What is rarer is
/// done by the members of `app/extend`, called by name.
nonisolated final class SecurityLayer {
  private let host: UnsafePointer<egg_host>
  private let http: UnsafePointer<egg_http>
  private let crypto: UnsafePointer<egg_crypto>

  /// Ids for `egg_http.admits`; nil where the part is off.
  private var methodnoallow: UInt64?
  private var dta: UInt64?
  private var csrfPlace: UInt64?
  /// Whether a request gets a secret, and whether this layer can make it without help.
  private var needsSecret = false
  private var makesCookie = false
  private var cookieName: [UInt8] = []
  /// Behind the secret: "; path=/".
  private var cookieEnd: [UInt8] = []
  private var checkedMethods: [[UInt8]] = []
  /// Fields that are the same for every answer.
  private var fields: [(name: egg_str, value: egg_str, place: UInt64, isSniff: Bool)] = []
  /// Something has to be computed for each answer.
  private var hasVariable = false

  private var ensureSecret = egg_member()
  private var checkCsrf = egg_member()
  private var headers = egg_member()
  private let optionsName = egg_str(permanent: "securityOptions")

  /// - Returns: nil when the kernel lacks an interface.
  init?(_ hostTable: UnsafeRawPointer) {
    host = hostTable.assumingMemoryBound(to: egg_host.self)
    guard let http = host.pointee.query(host, EGG_HTTP_ID),
      let crypto = host.pointee.query(host, EGG_CRYPTO_ID)
    else { return nil }
    self.http = http.assumingMemoryBound(to: egg_http.self)
    self.crypto = crypto.assumingMemoryBound(to: egg_crypto.self)
  }

  // MARK: start

  /// - Throws: when the kernel refuses it.
  func register() throws {
    var item = egg_middleware()
    item.size = UInt32(MemoryLayout<egg_middleware>.size)
    item.name = egg_str(permanent: "securities").ptr
    item.`self` = Unmanaged.passRetained(self).toOpaque()
    item.handle = handleSecurities
    let status = host.pointee.add_middleware(host, &item)
    guard status == egg_status(EGG_OK) else {
      throw EggError(
        code: "EGG_SECURITY", "middleware \"securities\": refused with status \(status)")
    }
  }

  /// - Parameter cookiesVary: `secure` of the cookie depends on the request's headers.
  @MainActor func start(_ settings: SecuritySettings, cookiesVary: Bool) throws {
    methodnoallow = settings.methodnoallow?.id
    dta = settings.dta?.id
    if let csrf = settings.csrf {
      csrfPlace = csrf.place.id
      needsSecret = csrf.needsSecret
      checkedMethods = csrf.methods.map { Array($0.utf8) }
      cookieName = Array((csrf.cookieNames.first ?? "").utf8)
      makesCookie =
        !csrf.usesSession && csrf.cookieNames.count == 1 && !cookiesVary && csrf.cookie.isSimple
      cookieEnd = Array("; path=\(csrf.cookie.path ?? "/")".utf8)
    }
    for rule in settings.headers where rule.isOn {
      guard let constant = rule.constant else {
        hasVariable = true
        continue
      }
      fields.append(
        (
          egg_str(permanent: constant.field), egg_str(permanent: constant.value),
          rule.place.id, rule.name == "nosniff"
        ))
    }
    ensureSecret = try resolve("ensureCsrfSecret")
    checkCsrf = try resolve("checkCsrf")
    headers = try resolve("securityHeaders")
    if let name = settings.checkAddress, find(name, on: EGG_ON_APPLICATION) == nil {
      throw EggError(
        code: "EGG_CONFIG",
        "config.security.ssrf.checkAddress: no unit adds \"\(name)\" to the application; write it in"
          + " app/extend/application.swift")
    }
  }

  private func resolve(_ name: String) throws -> egg_member {
    guard let member = find(name, on: EGG_ON_CONTEXT) else {
      throw EggError(code: "EGG_SECURITY", "ctx.\(name) cannot be found")
    }
    return member
  }

  private func find(_ name: String, on target: Int) -> egg_member? {
    var member = egg_member()
    let status = name.withCString {
      host.pointee.resolve(host, UInt32(target), egg_str(ptr: $0, len: name.utf8.count), &member)
    }
    return status == egg_status(EGG_OK) ? member : nil
  }

  // MARK: a request

  fileprivate func handle(_ call: egg_call) -> egg_step {
    var request = egg_request()
    request.size = UInt32(MemoryLayout<egg_request>.size)
    guard http.pointee.request(host, call, &request) == egg_status(EGG_OK) else {
      return egg_step(EGG_STEP_PASS)
    }
    let (method, path) = (request.method.bytes, request.path.bytes)
    if let methodnoallow, method.first == UInt8(ascii: "T"),
      method.elementsEqual("TRACE".utf8) || method.elementsEqual("TRACK".utf8),
      applies(methodnoallow, call)
    {
      return fail(call, 405, "Method Not Allowed")
    }
    if let dta, !staysBelowRoot(path), applies(dta, call) { return fail(call, 400, "Bad Request") }
    if let csrfPlace, applies(csrfPlace, call) {
      let isSecure = Int(request.flags) & EGG_REQUEST_SECURE != 0
      if needsSecret, let failed = ensure(call, isSecure) {
        return host.pointee.fail(host, call, failed)
      }
      if checkedMethods.contains(where: { method.elementsEqual($0) }),
        let failed = run(checkCsrf, call)
      {
        return host.pointee.fail(host, call, failed)
      }
    }
    return host.pointee.next(
      host, call, resumeSecurities, Unmanaged.passUnretained(self).toOpaque())
  }

  fileprivate func resume(_ call: egg_call, _ outcome: egg_outcome) -> egg_step {
    if Int(outcome.kind) == EGG_OUTCOME_FAILED, let error = outcome.error {
      return host.pointee.fail(host, call, error)
    }
    var options = egg_value()
    let hasOptions =
      host.pointee.state(host, call, optionsName, &options) == egg_status(EGG_OK)
      && Int(options.kind) == EGG_MAP
    if hasVariable || hasOptions {
      if let failed = run(headers, call) { return host.pointee.fail(host, call, failed) }
      return egg_step(EGG_STEP_DONE)
    }
    var status: Int32 = 0
    _ = http.pointee.status(host, call, &status)
    for field in fields {
      if field.isSniff, HeaderRule.redirects(Int(status)) { continue }
      if !applies(field.place, call) { continue }
      _ = http.pointee.set_header(host, call, field.name, field.value)
    }
    return egg_step(EGG_STEP_DONE)
  }

  private func applies(_ place: UInt64, _ call: egg_call) -> Bool {
    place == 0 || http.pointee.admits(host, call, place)
  }

  /// - Returns: what the member failed with.
  private func run(_ member: egg_member, _ call: egg_call) -> UnsafePointer<egg_error>? {
    var result = egg_value()
    var failed: UnsafePointer<egg_error>?
    let status = host.pointee.invoke_now(host, call, member, nil, 0, &result, &failed)
    return status == egg_status(EGG_E_FAILED) ? failed : nil
  }

  private func fail(_ call: egg_call, _ status: Int32, _ message: StaticString) -> egg_step {
    var error = egg_error()
    error.size = UInt32(MemoryLayout<egg_error>.size)
    error.http_status = status
    error.message = egg_str(
      ptr: UnsafeRawPointer(message.utf8Start).assumingMemoryBound(to: CChar.self),
      len: message.utf8CodeUnitCount)
    return host.pointee.fail(host, call, &error)
  }

  // MARK: the secret in a cookie

  private func ensure(_ call: egg_call, _ isSecure: Bool) -> UnsafePointer<egg_error>? {
    guard makesCookie, !isSecure else { return run(ensureSecret, call) }
    var cookie = egg_str()
    let name = egg_str(ptr: cookieField.ptr, len: cookieField.len)
    if http.pointee.header(host, call, name, 0, &cookie) == egg_status(EGG_OK), isSent(cookie.bytes)
    {
      return nil
    }
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: cookieName.count + 25 + cookieEnd.count)
    { text in
      var at = 0
      func put(_ bytes: some Sequence<UInt8>) {
        for byte in bytes {
          text.initializeElement(at: at, to: byte)
          at += 1
        }
      }
      put(cookieName)
      put([UInt8(ascii: "=")])
      putSecret(text, &at)
      put(cookieEnd)
      let value = egg_str(
        ptr: UnsafeRawPointer(text.baseAddress!).assumingMemoryBound(to: CChar.self), len: at)
      _ = http.pointee.add_header(host, call, setCookieField, value)
    }
    return nil
  }

  private let cookieField = egg_str(permanent: "Cookie")
  private let setCookieField = egg_str(permanent: "Set-Cookie")

  /// 18 random bytes as base64 for urls.
  private func putSecret(_ text: UnsafeMutableBufferPointer<UInt8>, _ at: inout Int) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 18) { random in
      random.initialize(repeating: 0)
      let status = crypto.pointee.random(host, random.baseAddress!, 18)
      precondition(status == egg_status(EGG_OK), "the system gives no random bytes")
      for place in stride(from: 0, to: 18, by: 3) {
        let bits =
          UInt32(random[place]) << 16 | UInt32(random[place + 1]) << 8 | UInt32(random[place + 2])
        for shift in stride(from: UInt32(18), through: 0, by: -6) {
          text.initializeElement(at: at, to: Self.digit(UInt8(bits >> shift & 63)))
          at += 1
        }
      }
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    switch value {
    case 0..<26: value + UInt8(ascii: "A")
    case 26..<52: value - 26 + UInt8(ascii: "a")
    case 52..<62: value - 52 + UInt8(ascii: "0")
    case 62: UInt8(ascii: "-")
    default: UInt8(ascii: "_")
    }
  }

  /// Whether the cookie is among those of a `Cookie` field, with a value.
  private func isSent(_ field: UnsafeBufferPointer<UInt8>) -> Bool {
    var at = 0
    while at < field.count {
      while at < field.count, field[at] == 0x20 || field[at] == UInt8(ascii: ";") { at += 1 }
      let end = at + cookieName.count
      if end + 1 < field.count, field[end] == UInt8(ascii: "="),
        field[end + 1] != UInt8(ascii: ";"),
        field[at..<end].elementsEqual(cookieName)
      {
        return true
      }
      while at < field.count, field[at] != UInt8(ascii: ";") { at += 1 }
    }
    return false
  }
}

private nonisolated let handleSecurities:
  @convention(c) (UnsafeMutableRawPointer?, egg_call) -> egg_step = { instance, call in
    guard let instance else { return egg_step(EGG_STEP_PASS) }
    return Unmanaged<SecurityLayer>.fromOpaque(instance)._withUnsafeGuaranteedRef {
      $0.handle(call)
    }
  }

private nonisolated let resumeSecurities: egg_resume = { call, state, outcome in
  guard let state else { return egg_step(EGG_STEP_DONE) }
  return Unmanaged<SecurityLayer>.fromOpaque(state)._withUnsafeGuaranteedRef {
    $0.resume(call, outcome.pointee)
  }
}

nonisolated extension egg_str {
  /// A copy for the life of the process, with a zero behind it.
  fileprivate init(permanent text: String) {
    self.init(ptr: UnsafePointer(strdup(text)), len: text.utf8.count)
  }

  fileprivate var bytes: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(
      start: UnsafeRawPointer(ptr)?.assumingMemoryBound(to: UInt8.self),
      count: ptr == nil ? 0 : len)
  }
}

extension CookieOptions {
  /// Nothing but a path is said.
  fileprivate var isSimple: Bool {
    domain == nil && maxAge == nil && secure == nil && httpOnly == false && signed == false
      && sameSite == nil
  }
}
