import Glibc

/// Standard output and standard error.
enum Terminal {
  static func print(_ text: String) { write(text + "\n", to: 1) }

  static func note(_ text: String) { write(text + "\n", to: 2) }

  /// `error: …` in red on a terminal, on standard error.
  static func error(_ text: String) {
    write((isTerminal(2) ? "\u{1B}[31merror:\u{1B}[0m " : "error: ") + text + "\n", to: 2)
  }

  static func warning(_ text: String) {
    write((isTerminal(2) ? "\u{1B}[33mwarning:\u{1B}[0m " : "warning: ") + text + "\n", to: 2)
  }

  static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

  /// Columns of the terminal on standard error; 80 when it is none.
  static var columns: Int {
    var size = winsize()
    guard ioctl(2, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// Writes everything, or gives up quietly when nobody reads.
  static func write(_ text: String, to descriptor: Int32) {
    var text = text
    text.withUTF8 { bytes in
      var done = 0
      while done < bytes.count {
        let count = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
        if count < 0, errno == EINTR { continue }
        if count <= 0 { return }
        done += count
      }
    }
  }
}
