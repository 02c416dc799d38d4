internal import CZlib

/// Compression of answers to polling: `httpCompression`.
///
/// - Source: RFC 9110 §8.4.1 and §12.5.3; the reference server, which compresses from 1024 bytes on.
enum AnswerCompression {
  /// - Parameter accepted: the field `Accept-Encoding`.
  static func coding(_ accepted: String) -> String? {
    ["gzip", "deflate"].first { wanted in
      accepted.split(separator: ",").contains { part in
        let words = part.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
        guard words.first?.lowercased() == wanted else { return false }
        // "q=0", "q=0.0" …: not this one.
        return !words.dropFirst().contains { word in
          word.lowercased().hasPrefix("q=0")
            && word.dropFirst(3).allSatisfy { $0 == "." || $0 == "0" }
        }
      }
    }
  }

  /// - Returns: nil when there is no memory.
  static func compress(_ body: [UInt8], _ coding: String) -> [UInt8]? {
    var stream = z_stream()
    // As zlib counts them: 15 bits of window, and 16 for the form of gzip.
    guard egg_deflate_init(&stream, 6, coding == "gzip" ? 31 : 15, 8) == Z_OK else { return nil }
    defer { deflateEnd(&stream) }
    let bound = Int(deflateBound(&stream, UInt(body.count)))
    return body.withUnsafeBufferPointer { input in
      [UInt8](unsafeUninitializedCapacity: bound) { out, count in
        stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        stream.avail_in = UInt32(input.count)
        stream.next_out = out.baseAddress
        stream.avail_out = UInt32(out.count)
        deflate(&stream, Z_FINISH)
        count = out.count - Int(stream.avail_out)
      }
    }
  }
}
