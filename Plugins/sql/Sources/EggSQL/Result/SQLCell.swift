/// A cell as it lies in somebody's memory: valid as long as the rows are, not to be kept.
public enum SQLCell {
  case null
  case boolean(Bool)
  case integer(Int64)
  case number(Double)
  /// UTF-8; also the digits of integers that `integer` does not hold.
  case text(UnsafeRawBufferPointer)
  case bytes(UnsafeRawBufferPointer)
  case moment(Int64)
}

extension SQLValue {
  /// A copy.
  public init(_ cell: SQLCell) {
    switch cell {
    case .null: self = .null
    case .boolean(let flag): self = .boolean(flag)
    case .integer(let number): self = .integer(number)
    case .number(let number): self = .number(number)
    case .text(let view): self = .text(String(decoding: view, as: UTF8.self))
    case .bytes(let view): self = .bytes(Array(view))
    case .moment(let time): self = .moment(time)
    }
  }
}
