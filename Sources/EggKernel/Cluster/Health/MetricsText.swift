import Glibc

/// The board as Prometheus text: a line for each worker; sums are the reader's business, except for
/// what processes that have gone had counted, which is shown as the worker "gone".
///
/// - Source: Prometheus, "Exposition formats", text format 0.0.4.
enum MetricsText {
  static func make(_ worker: Worker) -> String {
    worker.row[.active] = UInt64(clamping: worker.counters.active)
    var text = ""
    var rows: [(label: String, row: BoardRow)] = []
    if worker.board.rowCount > 1 {
      rows = worker.board.others.filter { $0[.role] == 1 }
        .map { ("worker=\"\($0[.worker])\",pid=\"\($0[.pid])\"", $0) }
      rows.append(("worker=\"gone\",pid=\"\"", worker.board.row(0)))
    } else {
      rows = [("worker=\"1\",pid=\"\(getpid())\"", worker.row)]
    }
    func family(
      _ name: String, _ type: String, _ help: String, isCounter: Bool,
      _ value: (BoardRow) -> String
    ) {
      text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
      for (label, row) in rows where isCounter || !label.hasPrefix("worker=\"gone\"") {
        text += "\(name){\(label)} \(value(row))\n"
      }
    }
    text += "# HELP egg_requests_total Answered requests by status class.\n"
    text += "# TYPE egg_requests_total counter\n"
    for (label, row) in rows {
      for kind in 1...5 {
        let count = row[number: Board.Word.status1.rawValue + kind - 1]
        text += "egg_requests_total{\(label),status=\"\(kind)xx\"} \(count)\n"
      }
    }
    appendDurations(rows, to: &text)
    family("egg_connections_accepted_total", "counter", "Connections.", isCounter: true) {
      "\($0[.accepted])"
    }
    family("egg_requests_active", "gauge", "Requests that run.", isCounter: false) {
      "\($0[.active])"
    }
    family("egg_connections", "gauge", "Open connections.", isCounter: false) {
      "\($0[.connections])"
    }
    family(
      "egg_loop_lag_seconds", "gauge", "How late the loop was, the worst of the last seconds.",
      isCounter: false
    ) { seconds($0[.lag]) }
    family("egg_resident_memory_bytes", "gauge", "Memory.", isCounter: false) { "\($0[.memory])" }
    if worker.board.rowCount > 1 {
      let master = worker.board.row(0)
      text += "# HELP egg_worker_restarts_total Workers started again after they died.\n"
      text += "# TYPE egg_worker_restarts_total counter\n"
      text += "egg_worker_restarts_total \(master[number: Board.restarts])\n"
      text += "# HELP egg_reloads_total Reloads.\n# TYPE egg_reloads_total counter\n"
      text += "egg_reloads_total \(master[number: Board.reloads])\n"
    }
    return text
  }

  private static func appendDurations(
    _ rows: [(label: String, row: BoardRow)], to text: inout String
  ) {
    let name = "egg_request_duration_seconds"
    text += "# HELP \(name) From the end of the head to the end of the answer's making.\n"
    text += "# TYPE \(name) histogram\n"
    for (label, row) in rows {
      var sum: UInt64 = 0
      for bucket in 0..<Board.bucketCount {
        sum &+= row[number: Board.Word.bucket0.rawValue + bucket]
        let limit =
          bucket < Board.bucketLimits.count ? seconds(Board.bucketLimits[bucket] &* 1000) : "+Inf"
        text += "\(name)_bucket{\(label),le=\"\(limit)\"} \(sum)\n"
      }
      text += "\(name)_sum{\(label)} \(seconds(row[.duration]))\n"
      text += "\(name)_count{\(label)} \(sum)\n"
    }
  }

  private static func seconds(_ nanoseconds: UInt64) -> String {
    "\(Double(nanoseconds) / 1e9)"
  }
}
