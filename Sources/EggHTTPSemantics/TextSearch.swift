/// Whether the bytes of `text` stand somewhere in those of `whole`.
///
/// Modules give it the name `contains` for themselves: the one of the standard library lies in the library of
/// regular expressions, which is then mapped by every process, 0.8 MB of it touched.
package func hasText(_ whole: some StringProtocol, _ text: String) -> Bool {
  let wanted = text.utf8
  guard let first = wanted.first else { return true }
  let bytes = whole.utf8
  var start = bytes.startIndex
  while let place = bytes[start...].firstIndex(of: first) {
    if bytes[place...].starts(with: wanted) { return true }
    start = bytes.index(after: place)
  }
  return false
}
