/// Why a body is refused.
public enum MultipartFailure: Error, Equatable {
  /// Not what RFC 2046 and RFC 7578 say; 400.
  case malformed(String)
  /// More than the configuration allows; 413. The text is Egg's: `Request_fileSize_limit`.
  case limit(String)
}
