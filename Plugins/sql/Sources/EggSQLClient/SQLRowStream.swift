import Egg
import EggSQL

/// The rows of one statement, one by one. Asks for the next batch when the last one is used up, so a
/// slow reader slows the server down instead of filling memory.
public struct SQLRowStream: AsyncSequence {
  public typealias Element = SQLRow
  private let object: ForeignObject?
  private let statement: SQLStatement

  init(_ object: ForeignObject?, _ statement: SQLStatement) {
    self.object = object
    self.statement = statement
  }

  public func makeAsyncIterator() -> Iterator { Iterator(object, statement) }

  /// Ends the statement when it goes away.
  public final class Iterator: AsyncIteratorProtocol {
    private let client: ForeignObject?
    private let statement: SQLStatement
    private var cursor: ForeignObject?
    private var batch = SQLResult()
    private var place = 0
    private var isAtEnd = false

    init(_ client: ForeignObject?, _ statement: SQLStatement) {
      self.client = client
      self.statement = statement
    }

    nonisolated deinit {}

    public func next() async throws -> SQLRow? {
      while place >= batch.count {
        if isAtEnd { return nil }
        try Task.checkCancellation()
        if cursor == nil {
          guard let client else {
            throw EggError(
              code: "EGG_SQL_NOT_READY", "stream: the database's plugin is not enabled")
          }
          cursor = try await client.askingUnderTicket(
            "stream", [SQLWire.value(of: statement)]
          ).foreign
        }
        let value = try await cursor?.askingUnderTicket("next") ?? .undefined
        guard value.exists else {
          isAtEnd = true
          cursor = nil
          return nil
        }
        batch = try SQLWire.result(value)
        place = 0
      }
      defer { place += 1 }
      return batch[place]
    }
  }
}
