/// A small number for each header name the kernel looks up often; any other name is `.other`.
///
/// Recognised by length and a case-insensitive word compare while the head is parsed, so that looking
/// a header up later compares one byte a field.
package enum HeaderName: UInt8, Sendable, CaseIterable {
  case other, host, contentLength, transferEncoding, connection, expect, upgrade, contentType
  case cookie, accept, acceptEncoding, acceptLanguage, acceptCharset, ifNoneMatch
  case ifModifiedSince, ifMatch, ifUnmodifiedSince, ifRange, range, authorization
  case proxyAuthorization, userAgent, referer, origin, cacheControl, pragma, contentEncoding
  case contentDisposition, te, trailer, via, date, forwarded, keepAlive, proxyConnection
  case xForwardedFor, xForwardedProto, xForwardedHost, xForwardedPort, xRealIP, xRequestID
  case xRequestedWith, xCSRFToken, xHTTPMethodOverride, traceparent, tracestate, dnt
  case upgradeInsecureRequests, secFetchSite, secFetchMode, secFetchDest, secFetchUser
  case secWebSocketKey, secWebSocketVersion, secWebSocketProtocol, secWebSocketExtensions
  case accessControlRequestMethod, accessControlRequestHeaders, lastEventID

  /// Which name the `count` token bytes at `bytes` spell, in any case.
  package init(_ bytes: UnsafePointer<UInt8>, count: Int) {
    self = .other
    switch count {
    case 2:
      if spellsFolded(bytes, "te", 2) {
        self = .te
      }
    case 3:
      if spellsFolded(bytes, "via", 3) {
        self = .via
      } else if spellsFolded(bytes, "dnt", 3) {
        self = .dnt
      }
    case 4:
      if spellsFolded(bytes, "host", 4) {
        self = .host
      } else if spellsFolded(bytes, "date", 4) {
        self = .date
      }
    case 5:
      if spellsFolded(bytes, "range", 5) {
        self = .range
      }
    case 6:
      if spellsFolded(bytes, "expect", 6) {
        self = .expect
      } else if spellsFolded(bytes, "cookie", 6) {
        self = .cookie
      } else if spellsFolded(bytes, "accept", 6) {
        self = .accept
      } else if spellsFolded(bytes, "origin", 6) {
        self = .origin
      } else if spellsFolded(bytes, "pragma", 6) {
        self = .pragma
      }
    case 7:
      if spellsFolded(bytes, "upgrade", 7) {
        self = .upgrade
      } else if spellsFolded(bytes, "referer", 7) {
        self = .referer
      } else if spellsFolded(bytes, "trailer", 7) {
        self = .trailer
      }
    case 8:
      if spellsFolded(bytes, "if-match", 8) {
        self = .ifMatch
      } else if spellsFolded(bytes, "if-range", 8) {
        self = .ifRange
      }
    case 9:
      if spellsFolded(bytes, "forwarded", 9) {
        self = .forwarded
      } else if spellsFolded(bytes, "x-real-ip", 9) {
        self = .xRealIP
      }
    case 10:
      if spellsFolded(bytes, "connection", 10) {
        self = .connection
      } else if spellsFolded(bytes, "user-agent", 10) {
        self = .userAgent
      } else if spellsFolded(bytes, "keep-alive", 10) {
        self = .keepAlive
      } else if spellsFolded(bytes, "tracestate", 10) {
        self = .tracestate
      }
    case 11:
      if spellsFolded(bytes, "traceparent", 11) {
        self = .traceparent
      }
    case 12:
      if spellsFolded(bytes, "content-type", 12) {
        self = .contentType
      } else if spellsFolded(bytes, "x-request-id", 12) {
        self = .xRequestID
      } else if spellsFolded(bytes, "x-csrf-token", 12) {
        self = .xCSRFToken
      }
    case 13:
      if spellsFolded(bytes, "if-none-match", 13) {
        self = .ifNoneMatch
      } else if spellsFolded(bytes, "authorization", 13) {
        self = .authorization
      } else if spellsFolded(bytes, "cache-control", 13) {
        self = .cacheControl
      } else if spellsFolded(bytes, "last-event-id", 13) {
        self = .lastEventID
      }
    case 14:
      if spellsFolded(bytes, "content-length", 14) {
        self = .contentLength
      } else if spellsFolded(bytes, "accept-charset", 14) {
        self = .acceptCharset
      } else if spellsFolded(bytes, "sec-fetch-site", 14) {
        self = .secFetchSite
      } else if spellsFolded(bytes, "sec-fetch-mode", 14) {
        self = .secFetchMode
      } else if spellsFolded(bytes, "sec-fetch-dest", 14) {
        self = .secFetchDest
      } else if spellsFolded(bytes, "sec-fetch-user", 14) {
        self = .secFetchUser
      }
    case 15:
      if spellsFolded(bytes, "accept-encoding", 15) {
        self = .acceptEncoding
      } else if spellsFolded(bytes, "accept-language", 15) {
        self = .acceptLanguage
      } else if spellsFolded(bytes, "x-forwarded-for", 15) {
        self = .xForwardedFor
      }
    case 16:
      if spellsFolded(bytes, "content-encoding", 16) {
        self = .contentEncoding
      } else if spellsFolded(bytes, "proxy-connection", 16) {
        self = .proxyConnection
      } else if spellsFolded(bytes, "x-forwarded-host", 16) {
        self = .xForwardedHost
      } else if spellsFolded(bytes, "x-forwarded-port", 16) {
        self = .xForwardedPort
      } else if spellsFolded(bytes, "x-requested-with", 16) {
        self = .xRequestedWith
      }
    case 17:
      if spellsFolded(bytes, "transfer-encoding", 17) {
        self = .transferEncoding
      } else if spellsFolded(bytes, "if-modified-since", 17) {
        self = .ifModifiedSince
      } else if spellsFolded(bytes, "x-forwarded-proto", 17) {
        self = .xForwardedProto
      } else if spellsFolded(bytes, "sec-websocket-key", 17) {
        self = .secWebSocketKey
      }
    case 19:
      if spellsFolded(bytes, "if-unmodified-since", 19) {
        self = .ifUnmodifiedSince
      } else if spellsFolded(bytes, "proxy-authorization", 19) {
        self = .proxyAuthorization
      } else if spellsFolded(bytes, "content-disposition", 19) {
        self = .contentDisposition
      }
    case 21:
      if spellsFolded(bytes, "sec-websocket-version", 21) {
        self = .secWebSocketVersion
      }
    case 22:
      if spellsFolded(bytes, "x-http-method-override", 22) {
        self = .xHTTPMethodOverride
      } else if spellsFolded(bytes, "sec-websocket-protocol", 22) {
        self = .secWebSocketProtocol
      }
    case 24:
      if spellsFolded(bytes, "sec-websocket-extensions", 24) {
        self = .secWebSocketExtensions
      }
    case 25:
      if spellsFolded(bytes, "upgrade-insecure-requests", 25) {
        self = .upgradeInsecureRequests
      }
    case 29:
      if spellsFolded(bytes, "access-control-request-method", 29) {
        self = .accessControlRequestMethod
      }
    case 30:
      if spellsFolded(bytes, "access-control-request-headers", 30) {
        self = .accessControlRequestHeaders
      }
    default: break
    }
  }

  /// The name in lower case, as it would be written; empty for `.other`.
  package var text: StaticString {
    switch self {
    case .other: ""
    case .host: "host"
    case .contentLength: "content-length"
    case .transferEncoding: "transfer-encoding"
    case .connection: "connection"
    case .expect: "expect"
    case .upgrade: "upgrade"
    case .contentType: "content-type"
    case .cookie: "cookie"
    case .accept: "accept"
    case .acceptEncoding: "accept-encoding"
    case .acceptLanguage: "accept-language"
    case .acceptCharset: "accept-charset"
    case .ifNoneMatch: "if-none-match"
    case .ifModifiedSince: "if-modified-since"
    case .ifMatch: "if-match"
    case .ifUnmodifiedSince: "if-unmodified-since"
    case .ifRange: "if-range"
    case .range: "range"
    case .authorization: "authorization"
    case .proxyAuthorization: "proxy-authorization"
    case .userAgent: "user-agent"
    case .referer: "referer"
    case .origin: "origin"
    case .cacheControl: "cache-control"
    case .pragma: "pragma"
    case .contentEncoding: "content-encoding"
    case .contentDisposition: "content-disposition"
    case .te: "te"
    case .trailer: "trailer"
    case .via: "via"
    case .date: "date"
    case .forwarded: "forwarded"
    case .keepAlive: "keep-alive"
    case .proxyConnection: "proxy-connection"
    case .xForwardedFor: "x-forwarded-for"
    case .xForwardedProto: "x-forwarded-proto"
    case .xForwardedHost: "x-forwarded-host"
    case .xForwardedPort: "x-forwarded-port"
    case .xRealIP: "x-real-ip"
    case .xRequestID: "x-request-id"
    case .xRequestedWith: "x-requested-with"
    case .xCSRFToken: "x-csrf-token"
    case .xHTTPMethodOverride: "x-http-method-override"
    case .traceparent: "traceparent"
    case .tracestate: "tracestate"
    case .dnt: "dnt"
    case .upgradeInsecureRequests: "upgrade-insecure-requests"
    case .secFetchSite: "sec-fetch-site"
    case .secFetchMode: "sec-fetch-mode"
    case .secFetchDest: "sec-fetch-dest"
    case .secFetchUser: "sec-fetch-user"
    case .secWebSocketKey: "sec-websocket-key"
    case .secWebSocketVersion: "sec-websocket-version"
    case .secWebSocketProtocol: "sec-websocket-protocol"
    case .secWebSocketExtensions: "sec-websocket-extensions"
    case .accessControlRequestMethod: "access-control-request-method"
    case .accessControlRequestHeaders: "access-control-request-headers"
    case .lastEventID: "last-event-id"
    }
  }
}
