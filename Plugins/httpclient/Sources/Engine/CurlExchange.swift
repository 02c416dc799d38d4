import CCurl
import Egg
import Glibc

/// One request on its way, and its answer.
public final class CurlExchange: Hashable {
  /// Bytes of a streamed answer that may wait for their reader.
  static let highWater = 256 << 10

  let handle: UnsafeMutableRawPointer
  private let request: CurlRequest
  private unowned let pool: CurlPool
  private var lists: [UnsafeMutablePointer<curl_slist>] = []
  private var form: OpaquePointer?
  private let errorText: UnsafeMutablePointer<CChar>
  private var response = CurlResponse()
  private var pieces: [[UInt8]] = []
  private var waitingBytes = 0
  private var isPaused = false
  private var size = 0
  private var refusal: CurlFailure?
  private var timer: LoopTimer?
  private var hasConnected = false
  private var headIsOver = false
  /// How it ended; nil while it runs.
  private var outcome: Result<Void, CurlFailure>?
  private var headWaiter: UnsafeContinuation<Void, Never>?
  private var pieceWaiter: UnsafeContinuation<Void, Never>?

  nonisolated public static func == (a: CurlExchange, b: CurlExchange) -> Bool { a === b }
  nonisolated public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }

  init(_ request: CurlRequest, _ pool: CurlPool) throws {
    guard let handle = curl_easy_init() else {
      throw CurlFailure(.argument, "there is no memory for a request")
    }
    self.handle = handle
    self.request = request
    self.pool = pool
    errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
    errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    try setUp()
    // libcurl's own limit begins when it connects; this one also ends waiting for a free connection.
    arm(request.connectTimeout + request.responseTimeout)
  }

  isolated deinit {
    curl_easy_cleanup(handle)
    for list in lists { curl_slist_free_all(list) }
    if let form { curl_mime_free(form) }
    errorText.deallocate()
  }

  // MARK: the request

  private func setUp() throws {
    let state = Unmanaged.passUnretained(self).toOpaque()
    egg_curl_pointer(handle, CURLOPT_PRIVATE, state)
    egg_curl_pointer(handle, CURLOPT_ERRORBUFFER, errorText)
    egg_curl_number(handle, CURLOPT_NOSIGNAL, 1)
    egg_curl_text(handle, CURLOPT_PROTOCOLS_STR, "http,https")
    egg_curl_text(handle, CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
    guard !request.url.utf8.contains(0),
      egg_curl_text(handle, CURLOPT_URL, request.url) == CURLE_OK
    else { throw CurlFailure(.argument, "this is no url") }
    egg_curl_number(handle, CURLOPT_CONNECTTIMEOUT_MS, max(1, request.connectTimeout))
    egg_curl_number(handle, CURLOPT_MAXAGE_CONN, max(1, pool.limits.freeTimeout / 1000))
    egg_curl_number(handle, CURLOPT_FOLLOWLOCATION, request.maxRedirects == nil ? 0 : 1)
    // The second request of a digest counts as one too, so "none" would forbid it.
    egg_curl_number(handle, CURLOPT_MAXREDIRS, request.maxRedirects ?? -1)
    if request.acceptsCompressed { egg_curl_text(handle, CURLOPT_ACCEPT_ENCODING, "") }
    // "" also turns off what the environment says of proxies.
    egg_curl_text(handle, CURLOPT_PROXY, request.proxy ?? "")
    egg_curl_number(handle, CURLOPT_SSL_VERIFYPEER, request.checksCertificate ? 1 : 0)
    egg_curl_number(handle, CURLOPT_SSL_VERIFYHOST, request.checksCertificate ? 2 : 0)
    if let authorities = request.authorities {
      egg_curl_text(handle, CURLOPT_CAINFO, authorities)
    }
    switch request.authentication {
    case .basic(let pair)?: authenticate(pair, egg_curl_basic)
    case .digest(let pair)?: authenticate(pair, egg_curl_digest)
    case nil: break
    }
    try setMethod()
    try setHeaders()
    egg_curl_on_bytes(handle, CURLOPT_HEADERFUNCTION, headerCame)
    egg_curl_pointer(handle, CURLOPT_HEADERDATA, state)
    egg_curl_on_bytes(handle, CURLOPT_WRITEFUNCTION, bytesCame)
    egg_curl_pointer(handle, CURLOPT_WRITEDATA, state)
    egg_curl_on_connected(handle, connected)
    egg_curl_pointer(handle, CURLOPT_PREREQDATA, state)
    if let addresses = request.addresses { try pin(addresses, state) }
  }

  private func authenticate(_ pair: String, _ kind: Int) {
    egg_curl_number(handle, CURLOPT_HTTPAUTH, kind)
    egg_curl_text(handle, CURLOPT_USERPWD, pair)
  }

  private func setMethod() throws {
    let method = request.method
    guard !method.isEmpty, method.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw CurlFailure(.argument, "method \"\(method)\" is none")
    }
    switch request.body {
    case .none:
      if method == "POST" {
        egg_curl_number(handle, CURLOPT_POST, 1)
        egg_curl_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, 0)
      }
    case .bytes(let bytes):
      egg_curl_number(handle, CURLOPT_POST, 1)
      egg_curl_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count))
      // The option after the size copies them.
      bytes.withUnsafeBytes {
        _ = egg_curl_pointer(
          handle, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: $0.baseAddress))
      }
    case .form(let items): try setForm(items)
    }
    if method == "HEAD" {
      egg_curl_number(handle, CURLOPT_NOBODY, 1)
    } else if method != "GET" && method != "POST" || method == "GET" && !request.body.isNone {
      egg_curl_text(handle, CURLOPT_CUSTOMREQUEST, method)
    }
  }

  private func setForm(_ items: [CurlRequest.FormItem]) throws {
    form = curl_mime_init(handle)
    for item in items {
      guard let part = curl_mime_addpart(form) else { continue }
      curl_mime_name(part, item.name)
      switch item.content {
      case .bytes(let bytes):
        bytes.withUnsafeBytes {
          _ = curl_mime_data(part, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
        }
      case .file(let path):
        guard curl_mime_filedata(part, path) == CURLE_OK else {
          throw CurlFailure(.argument, "the file \"\(path)\" cannot be read")
        }
      }
      if let filename = item.filename { curl_mime_filename(part, filename) }
    }
    _ = egg_curl_pointer(handle, CURLOPT_MIMEPOST, UnsafeMutableRawPointer(form))
  }

  private func setHeaders() throws {
    var list: UnsafeMutablePointer<curl_slist>?
    // Nobody waits a second for a server that does not know "100 Continue".
    var lines = ["Expect:"]
    for (name, value) in request.headers {
      let isName = !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x3A }
      guard isName, !value.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) else {
        throw CurlFailure(.argument, "the header field \"\(name)\" has a sign that none may have")
      }
      // A field without a value is written with a semicolon; with a colon it would be taken away.
      lines.append(value.isEmpty ? "\(name);" : "\(name): \(value)")
    }
    for line in lines { list = curl_slist_append(list, line) ?? list }
    if let list { lists.append(list) }
    _ = egg_curl_pointer(handle, CURLOPT_HTTPHEADER, list)
  }

  /// Only to these addresses, and without asking for the host's name again.
  private func pin(_ addresses: [String], _ state: UnsafeMutableRawPointer) throws {
    guard let place = CurlURL(request.url) else {
      throw CurlFailure(.argument, "this is no url of http or https")
    }
    let hosts = addresses.map { $0.contains(":") ? "[\($0)]" : $0 }.joined(separator: ",")
    if let list = curl_slist_append(nil, "\(place.host):\(place.port):\(hosts)") {
      lists.append(list)
      egg_curl_pointer(handle, CURLOPT_RESOLVE, list)
    }
    egg_curl_on_socket(handle, openSocket)
    egg_curl_pointer(handle, CURLOPT_OPENSOCKETDATA, state)
  }

  // MARK: the answer

  /// - Returns: the answer; for a streamed one when its head is there.
  public func answer() async throws -> CurlResponse {
    if outcome == nil, !(request.isStreamed && headIsOver) {
      await withUnsafeContinuation { headWaiter = $0 }
    }
    if case .failure(let failure)? = outcome { throw failure }
    return response
  }

  /// The next piece of a streamed answer, nil at its end.
  public func read() async throws -> [UInt8]? {
    while pieces.isEmpty {
      switch outcome {
      case .success?: return nil
      case .failure(let failure)?: throw failure
      case nil: await withUnsafeContinuation { pieceWaiter = $0 }
      }
    }
    let all = pieces.count == 1 ? pieces[0] : Array(pieces.joined())
    pieces = []
    waitingBytes = 0
    if isPaused {
      isPaused = false
      // Bytes that were held back come from within this call.
      curl_easy_pause(handle, 0)
      pool.act(curl_socket_t(-1), 0)
    }
    return all
  }

  /// Gives the request up.
  public func cancel() { finish(.failure(CurlFailure(.cancelled, "the request was given up"))) }

  /// From here on the answer is waited for; redirects and challenges have no time of their own.
  fileprivate func connectionIsThere() {
    guard !hasConnected else { return }
    hasConnected = true
    arm(request.responseTimeout)
  }

  fileprivate func header(_ line: UnsafeBufferPointer<UInt8>) {
    let text = String(decoding: line, as: UTF8.self)
    if text.hasPrefix("HTTP/") {
      // An answer behind a redirect, a challenge or "100 Continue" begins anew.
      response.headers = []
      return
    }
    guard let colon = text.firstIndex(of: ":") else {
      if line.first == 0x0D || line.first == 0x0A { headEnded() }
      return
    }
    guard response.headers.count < 1000 else { return }
    let value = text[text.index(after: colon)...]
    response.headers.append((text[..<colon].lowercased(), value.trimmed))
  }

  private func headEnded() {
    guard request.isStreamed else { return }
    let status = egg_curl_info_number(handle, CURLINFO_RESPONSE_CODE)
    let isFollowed = request.maxRedirects != nil && (300..<400).contains(status)
    let isChallenge = request.authentication != nil && status == 401
    if status >= 200, !isFollowed, !isChallenge { tellHead() }
  }

  fileprivate func bytes(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    guard request.isStreamed else {
      size += bytes.count
      guard size <= request.maxResponseSize else {
        refusal = CurlFailure(
          .response, "the answer is larger than \(request.maxResponseSize) bytes")
        return -1
      }
      response.body.append(contentsOf: bytes)
      return bytes.count
    }
    guard waitingBytes < Self.highWater else {
      isPaused = true
      timer?.cancel()
      return Int(CURL_WRITEFUNC_PAUSE)
    }
    pieces.append(Array(bytes))
    waitingBytes += bytes.count
    arm(request.responseTimeout)
    tellHead()
    resume(&pieceWaiter)
    return bytes.count
  }

  /// The head of the answer that counts is there.
  private func tellHead() {
    guard !headIsOver else { return }
    headIsOver = true
    complete()
    resume(&headWaiter)
  }

  private func complete() {
    response.status = egg_curl_info_number(handle, CURLINFO_RESPONSE_CODE)
    response.url =
      egg_curl_info_text(handle, CURLINFO_EFFECTIVE_URL).map { String(cString: $0) } ?? request.url
    response.timing.dnslookup = milliseconds(CURLINFO_NAMELOOKUP_TIME_T)
    response.timing.connected = milliseconds(CURLINFO_CONNECT_TIME_T)
    response.timing.waiting = milliseconds(CURLINFO_STARTTRANSFER_TIME_T)
    response.timing.contentDownload = milliseconds(CURLINFO_TOTAL_TIME_T)
    response.timing.isReused = egg_curl_info_number(handle, CURLINFO_NUM_CONNECTS) == 0
  }

  private func milliseconds(_ info: CURLINFO) -> Int {
    Int(egg_curl_info_size(handle, info)) / 1000
  }

  // MARK: the end

  private func arm(_ milliseconds: Int) {
    timer?.cancel()
    timer = try? pool.app.loop.timer(after: .milliseconds(milliseconds)) { [weak self] in
      self?.late()
    }
  }

  private func late() {
    guard hasConnected else {
      let milliseconds = request.connectTimeout + request.responseTimeout
      let text = "\(shown): no connection was free within \(milliseconds) ms"
      return finish(.failure(CurlFailure(.connectTimeout, text)))
    }
    let milliseconds = request.responseTimeout
    finish(
      .failure(CurlFailure(.responseTimeout, "\(shown): no answer within \(milliseconds) ms")))
  }

  /// libcurl has finished with it.
  func ended(_ code: CURLcode) {
    if code == CURLE_OK {
      complete()
      return finish(.success(()))
    }
    finish(.failure(refusal ?? failure(code)))
  }

  private func failure(_ code: CURLcode) -> CurlFailure {
    let said = String(cString: errorText)
    let text = "\(shown): \(said.isEmpty ? String(cString: curl_easy_strerror(code)) : said)"
    switch code {
    case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_FUNCTION_ARGUMENT,
      CURLE_READ_ERROR, CURLE_SSL_CACERT_BADFILE:
      return CurlFailure(.argument, text)
    case CURLE_OPERATION_TIMEDOUT: return CurlFailure(.connectTimeout, text)
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT,
      CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM:
      return CurlFailure(.connect, text)
    default: return CurlFailure(.response, text)
    }
  }

  /// The url without a password and without what may be secret in its query.
  private var shown: String { CurlURL(request.url)?.shown ?? "the url" }

  private func finish(_ result: Result<Void, CurlFailure>) {
    guard outcome == nil else { return }
    outcome = result
    timer?.cancel()
    pool.remove(self)
    resume(&headWaiter)
    resume(&pieceWaiter)
  }

  private func resume(_ waiter: inout UnsafeContinuation<Void, Never>?) {
    let known = waiter
    waiter = nil
    known?.resume()
  }

  fileprivate func open(_ address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
    var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    let status = withUnsafePointer(to: &address.pointee.addr) {
      getnameinfo(
        $0, socklen_t(address.pointee.addrlen), &name, socklen_t(name.count), nil, 0,
        NI_NUMERICHOST)
    }
    let text = String(
      decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard status == 0, request.addresses?.contains(text) == true else {
      refusal = CurlFailure(.address, "\(shown): the address \(text) is not allowed")
      return -1
    }
    return socket(
      address.pointee.family, address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue),
      address.pointee.`protocol`)
  }
}

extension CurlRequest.Body {
  var isNone: Bool { if case .none = self { true } else { false } }
}

extension Substring {
  /// Without spaces and line ends around it.
  fileprivate var trimmed: String {
    var bytes = utf8[...]
    while let first = bytes.first, first == 0x20 || first == 0x09 { bytes.removeFirst() }
    while let last = bytes.last, [0x20, 0x09, 0x0D, 0x0A].contains(last) { bytes.removeLast() }
    return String(Substring(bytes))
  }
}

// libcurl calls these on the loop's thread, which is the main actor.

private let headerCame = unsafeBitCast(
  { bytes, size, count, state in
    guard let bytes, let state else { return 0 }
    let line = UnsafeRawPointer(bytes).assumingMemoryBound(to: UInt8.self)
    Unmanaged<CurlExchange>.fromOpaque(state).takeUnretainedValue()
      .header(UnsafeBufferPointer(start: line, count: size * count))
    return size * count
  }
    as @MainActor @convention(c) (
      UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?
    ) -> Int,
  to: curl_write_callback.self)

private let connected = unsafeBitCast(
  { state, _, _, _, _ in
    guard let state else { return CURL_PREREQFUNC_OK }
    Unmanaged<CurlExchange>.fromOpaque(state).takeUnretainedValue().connectionIsThere()
    return CURL_PREREQFUNC_OK
  }
    as @MainActor @convention(c) (
      UnsafeMutableRawPointer?, UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<CChar>?, Int32,
      Int32
    ) -> Int32,
  to: curl_prereq_callback.self)

private let bytesCame = unsafeBitCast(
  { bytes, size, count, state in
    guard let bytes, let state else { return 0 }
    let piece = UnsafeRawPointer(bytes).assumingMemoryBound(to: UInt8.self)
    return Unmanaged<CurlExchange>.fromOpaque(state).takeUnretainedValue()
      .bytes(UnsafeBufferPointer(start: piece, count: size * count))
  }
    as @MainActor @convention(c) (
      UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?
    ) -> Int,
  to: curl_write_callback.self)

private let openSocket = unsafeBitCast(
  { state, _, address in
    guard let state, let address else { return -1 }
    return Unmanaged<CurlExchange>.fromOpaque(state).takeUnretainedValue().open(address)
  }
    as @MainActor @convention(c) (
      UnsafeMutableRawPointer?, curlsocktype, UnsafeMutablePointer<curl_sockaddr>?
    ) -> curl_socket_t,
  to: curl_opensocket_callback.self)
