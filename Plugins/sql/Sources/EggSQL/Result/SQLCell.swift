/// A cell as it lies in somebody's memory: valid as long as the rows are, not to be kept.
public enum SQLCell {
  case null
  case integer(Int64)
  case number(Double)
  /// UTF-8; also the digits of integers that `integer` does not hold.
  case text(UnsafeRawBufferPointer)
  case bytes(UnsafeRawBufferPointer)
  case moment(Int64)
}
