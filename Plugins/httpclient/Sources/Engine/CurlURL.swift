import CCurl

/// The parts of a url, read as libcurl reads it when it sends.
public struct CurlURL {
  public let scheme: String
  /// Of an IPv6 address without brackets.
  public let host: String
  public let port: Int
  let path: String

  /// - Returns: nil for anything but http and https with a host.
  public init?(_ text: String) {
    guard let url = curl_url() else { return nil }
    defer { curl_url_cleanup(url) }
    guard !text.utf8.contains(0), curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK,
      let scheme = Self.part(url, CURLUPART_SCHEME)?.lowercased(),
      let host = Self.part(url, CURLUPART_HOST),
      scheme == "http" || scheme == "https",
      let port = Self.part(url, CURLUPART_PORT, UInt32(CURLU_DEFAULT_PORT)).flatMap({ Int($0) })
    else { return nil }
    self.scheme = scheme
    self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
    self.port = port
    path = Self.part(url, CURLUPART_PATH) ?? "/"
  }

  /// For messages: without a password and without a query, which may be secret.
  var shown: String { "\(scheme)://\(host):\(port)\(path)" }

  /// - Returns: where `location` of an answer to `base` leads; nil when it is no url.
  public static func resolve(_ location: String, against base: String) -> String? {
    guard let url = curl_url() else { return nil }
    defer { curl_url_cleanup(url) }
    guard !location.utf8.contains(0), curl_url_set(url, CURLUPART_URL, base, 0) == CURLUE_OK,
      curl_url_set(url, CURLUPART_URL, location, 0) == CURLUE_OK
    else { return nil }
    return part(url, CURLUPART_URL)
  }

  private static func part(_ url: OpaquePointer, _ what: CURLUPart, _ flags: UInt32 = 0) -> String?
  {
    var text: UnsafeMutablePointer<CChar>?
    guard curl_url_get(url, what, &text, flags) == CURLUE_OK, let text else { return nil }
    defer { curl_free(text) }
    return String(cString: text)
  }
}
