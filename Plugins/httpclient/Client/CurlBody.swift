import Egg

/// The body of an answer while it arrives; the server is held back while nobody reads.
///
///     let (result, body) = try await ctx.curlStream(url)
///     for try await bytes in body { … }
public final class CurlBody: @MainActor AsyncSequence {
  public typealias Element = [UInt8]
  private let object: ForeignObject?

  init(_ value: Value) { object = value.foreign }

  public struct Iterator: AsyncIteratorProtocol {
    let body: CurlBody
    public func next() async throws -> [UInt8]? { try await body.read() }
  }

  public func makeAsyncIterator() -> Iterator { Iterator(body: self) }

  /// The next piece, nil at the end.
  ///
  /// - Throws: `CurlError` when the server breaks off or is too slow.
  public func read() async throws -> [UInt8]? {
    do {
      return try await object?.invoke("read").bytes
    } catch {
      throw CurlError.typed(error)
    }
  }

  /// Closes the connection; nothing more is wanted.
  public func abort() async throws { try await object?.invoke("abort") }
}
