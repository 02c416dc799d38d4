/// Why a request head is not accepted: the status to answer with and a sentence for the log.
///
/// After a refusal the connection cannot be used again: where the next request starts is unknown.
package enum RequestRefusal: UInt8, Error, Sendable, CaseIterable {
  // The request line.
  case tooManyEmptyLines, tlsOnPlainPort, invalidMethod, methodTooLong, invalidTargetByte
  case missingVersion, invalidVersion, unsupportedVersion, http2Preface, requestLineTooLong
  case invalidTarget, asteriskWithoutOptions, connectWithoutAuthority, userInfoInTarget
  // Any line.
  case bareLineFeed, bareCarriageReturn
  // Header fields.
  case spaceBeforeFirstField, foldedField, emptyFieldName, spaceBeforeColon, invalidFieldName
  case invalidFieldValue, headersTooLarge, tooManyHeaders
  // What particular fields say.
  case missingHost, repeatedHost, invalidHost
  case invalidContentLength, repeatedContentLength, contentTooLarge
  case contentLengthWithTransferEncoding, transferEncodingInHTTP10, repeatedTransferEncoding
  case invalidTransferEncoding, chunkedNotLast, unknownTransferCoding, unknownExpectation

  /// The status code of the answer.
  package var status: Int {
    switch self {
    case .requestLineTooLong: 414
    case .headersTooLarge, .tooManyHeaders: 431
    case .contentTooLarge: 413
    case .unknownExpectation: 417
    case .methodTooLong, .unknownTransferCoding: 501
    case .unsupportedVersion, .http2Preface: 505
    default: 400
    }
  }

  /// What was expected and what was found; lower case, without a full stop.
  package var reason: StaticString {
    switch self {
    case .tooManyEmptyLines: "more empty lines before the request line than tolerated"
    case .tlsOnPlainPort: "a TLS handshake on a port that speaks plain HTTP"
    case .invalidMethod: "a request starts with a method of token characters and one space"
    case .methodTooLong: "the method is longer than 32 bytes"
    case .invalidTargetByte: "the request target has a byte outside visible ASCII, or a \"#\""
    case .missingVersion: "the request line has no \"HTTP/1.1\" after the target"
    case .invalidVersion: "the request line does not end in \"HTTP/\", digit, dot, digit"
    case .unsupportedVersion: "only HTTP/1.0 and HTTP/1.1 are spoken here"
    case .http2Preface: "an HTTP/2 connection preface on a port that speaks HTTP/1.1"
    case .requestLineTooLong: "the request line is longer than the limit"
    case .invalidTarget: "the target is neither a path from \"/\" nor an http or https address"
    case .asteriskWithoutOptions: "the target \"*\" goes with the method OPTIONS only"
    case .connectWithoutAuthority: "CONNECT wants a target of the form \"host:port\""
    case .userInfoInTarget: "the target has a user name before the host"
    case .bareLineFeed: "a line ends in LF without CR"
    case .bareCarriageReturn: "a CR is not followed by LF"
    case .spaceBeforeFirstField: "white space between the request line and the first header"
    case .foldedField: "a header line starts with white space (obsolete line folding)"
    case .emptyFieldName: "a header line starts with a colon"
    case .spaceBeforeColon: "white space between a header name and its colon"
    case .invalidFieldName: "a header name has a byte that is not a token character"
    case .invalidFieldValue: "a header value has a control character"
    case .headersTooLarge: "the header lines are longer than the limit"
    case .tooManyHeaders: "there are more header fields than the limit"
    case .missingHost: "an HTTP/1.1 request has no Host header"
    case .repeatedHost: "the Host header is there more than once"
    case .invalidHost: "the Host is not a host name or address with an optional port"
    case .invalidContentLength: "Content-Length is not one decimal number"
    case .repeatedContentLength: "the Content-Length header is there more than once"
    case .contentTooLarge: "Content-Length is over the limit"
    case .contentLengthWithTransferEncoding: "both Content-Length and Transfer-Encoding are there"
    case .transferEncodingInHTTP10: "Transfer-Encoding in an HTTP/1.0 request"
    case .repeatedTransferEncoding: "the Transfer-Encoding header is there more than once"
    case .invalidTransferEncoding: "Transfer-Encoding is not a list of codings"
    case .chunkedNotLast: "Transfer-Encoding does not end in \"chunked\" applied once"
    case .unknownTransferCoding: "the only transfer coding known here is \"chunked\""
    case .unknownExpectation: "the only expectation known here is \"100-continue\""
    }
  }
}
