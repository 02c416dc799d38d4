/// The lines of `budget.md` that `bench http` can find out, as ratios within one run.
enum Budget {
  /// Which way a figure should go.
  enum Limit {
    case atMost(Double)
    case atLeast(Double)
    case about(Double)
    case below(Double)

    var text: String {
      switch self {
      case .atMost(let limit): "≤ \(limit.text())"
      case .atLeast(let limit): "≥ \(limit.text())"
      case .about(let value): "≈ \(value.text())"
      case .below(let limit): "< \(limit.text(limit.rounded() == limit ? 0 : 1))"
      }
    }

    /// Within or beyond. A gap below 30 % between two servers is noise, so "level" allows for it.
    func allows(_ value: Double) -> Bool {
      switch self {
      case .atMost(let limit): value <= limit
      case .atLeast(let limit): value >= limit
      case .about(let wanted): value <= wanted * 1.3
      case .below(let limit): value < limit
      }
    }
  }

  private struct Line {
    let route: String
    let server: String?  // nil: the subject's own /plaintext
    let limit: Limit
    /// Compares the requests that one second of CPU answers: the rate of a core that does nothing else,
    /// which neither the load generator's own limit nor a neighbour on the machine can lower.
    var byRate = false
    /// Another server than the subject, compared with `server`.
    var other: String?
  }

  private static let lines = [
    Line(route: "plaintext", server: "c-loop", limit: .atMost(1.3)),
    Line(route: "plaintext", server: "hummingbird", limit: .atMost(1.0 / 3)),
    Line(route: "mw", server: "hummingbird", limit: .atMost(1.0 / 3)),
    Line(route: "echo", server: "hummingbird", limit: .atMost(1.0 / 3)),
    Line(route: "mw", server: nil, limit: .atMost(1.5)),
    Line(route: "echo", server: nil, limit: .atMost(1.8)),
    Line(route: "json", server: nil, limit: .atMost(1.2)),
    Line(route: "user", server: nil, limit: .atMost(1.2)),
    Line(route: "plaintext", server: "egg", limit: .atMost(1.3), other: "egg-access"),
    Line(route: "pipelined", server: "c-loop", limit: .atLeast(0.25), byRate: true),
    Line(route: "1k", server: "nginx", limit: .about(1)),
  ]

  /// How many layers `egg-pass` and `egg-work` have more than `egg`.
  static let layers = 100

  /// What one middleware of a plugin in C adds to a request: the difference of a hundred.
  static func layerCosts(in cells: [HTTPCommand.Cell]) -> [HTTPCommand.Ratio] {
    func microseconds(_ server: String) -> [Double] {
      let cell = cells.first { $0.server == server && $0.route == "plaintext" }
      return cell?.samples.map(\.cpuMicroseconds) ?? []
    }
    let without = microseconds("egg")
    let lines: [(server: String, name: String, limit: Limit)] = [
      ("egg-pass", "a C plugin's middleware that passes, ns", .below(10)),
      ("egg-work", "a C plugin's middleware, before and after, ns", .below(100)),
    ]
    return lines.compactMap { line in
      let costs = zip(microseconds(line.server), without).map { with, without in
        (with - without) * 1000 / Double(layers)
      }
      return Spread(costs).map { Budget.line(line.name, $0, line.limit) }
    }
  }

  static func line(_ name: String, _ found: Spread, _ limit: Limit) -> HTTPCommand.Ratio {
    HTTPCommand.Ratio(
      name: name, budget: limit.text, found: found,
      verdict: limit.allows(found.median) ? "within" : "beyond")
  }

  /// The lines for which this run has both sides.
  /// - Parameter subject: the server that the budget is for.
  static func ratios(of subject: String, in cells: [HTTPCommand.Cell]) -> [HTTPCommand.Ratio] {
    func samples(_ server: String, _ route: String) -> [Sample] {
      cells.first { $0.server == server && $0.route == route }?.samples ?? []
    }
    return lines.compactMap { line in
      let above = samples(line.other ?? subject, line.route)
      let below =
        line.server.map { samples($0, line.route) } ?? samples(subject, "plaintext")
      let value = { (sample: Sample) -> Double? in
        line.byRate ? 1e6 / sample.cpuMicroseconds : sample.cpuMicroseconds
      }
      guard let found = Spread.ratio(above.map(value), below.map(value)) else { return nil }
      let name =
        line.server.map {
          "\(line.route), \(line.other ?? subject) ÷ \($0)\(line.byRate ? ", rate of a whole core" : "")"
        }
        ?? "/\(line.route) ÷ /plaintext, \(subject)"
      return Budget.line(name, found, line.limit)
    }
  }
}
