/// One line on standard error that is written over while something runs; on anything but a terminal
/// only its beginning and its end are written.
struct ProgressLine {
  private let title: String
  private let started = Clock.nanoseconds
  private let isLive = Terminal.isTerminal(2)

  init(_ title: String) {
    self.title = title
    Terminal.write(isLive ? title : title + "\n", to: 2)
  }

  func show(_ text: String) {
    guard isLive else { return }
    let line = "\(title): \(text)"
    Terminal.write("\r\u{1B}[2K" + line.prefix(max(20, Terminal.columns - 1)), to: 2)
  }

  func end(_ outcome: String) {
    Terminal.write(
      "\(isLive ? "\r\u{1B}[2K" : "")\(title): \(outcome) (\(Clock.seconds(since: started)))\n",
      to: 2)
  }
}
