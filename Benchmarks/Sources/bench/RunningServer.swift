import Foundation

/// A server that was started, answers, and whose serving process is known.
final class RunningServer {
  let peer: Peer
  let port: Int
  /// The process that was started.
  let root: pid_t
  /// The process that accepted a connection of ours: `root` itself or a worker below it.
  let serving: pid_t

  /// Starts a server on its core and waits until it answers and its serving process is found.
  /// - Throws: when it ends, or stays silent for 30 seconds; the text has the end of its output.
  init(_ peer: Peer, path: String = "/plaintext", _ options: Options, _ place: Place) throws {
    let start = try Self.spawn(peer, options, place)
    let deadline = Clock.seconds() + 30
    while true {
      if let probe = Probe(port: start.port),
        probe.ask("GET", path, body: nil) != nil,
        let serving = ServingProcess.find(port: start.port, client: probe.localPort)
      {
        self.peer = peer
        self.port = start.port
        self.root = start.child.id
        self.serving = serving
        return
      }
      let ended = ProcessRecord(id: start.child.id).map(\.isZombie) ?? true
      if ended || Clock.seconds() > deadline {
        Descendants.end(start.child.id, patience: 0)
        throw BenchError(
          "\(peer.name) \(ended ? "ended (a server must stay in the foreground)" : "did not answer within 30 s")\n"
            + "  command: \(peer.shown)\n" + Self.tail(start.log))
      }
      usleep(5000)
    }
  }

  deinit { stop() }

  func stop() { Descendants.end(root) }

  struct Start {
    let child: Child
    let port: Int
    let log: String
    /// When the process was about to be made, as `Clock.seconds()`.
    let began: Double
  }

  /// Starts a server on its core on a free port, without waiting for it.
  static func spawn(_ peer: Peer, _ options: Options, _ place: Place) throws -> Start {
    let port = try Probe.freePort()
    let folder = try place.makeWork("\(peer.name)-\(port)")
    let command = try peer.command(port, folder)
    let log = folder + "/output.log"
    let pinned = [try place.tool("pin"), String(options.serverCore)] + command
    let began = Clock.seconds()
    let child = try Child(pinned, log: log)
    return Start(child: child, port: port, log: log, began: began)
  }

  /// CPU time that the serving process used so far, all its threads, in seconds.
  func cpuSeconds() throws -> Double {
    guard let record = ProcessRecord(id: serving), !record.isZombie else {
      throw BenchError("\(peer.name): its serving process \(serving) is gone")
    }
    return record.cpuSeconds
  }

  /// The last lines of a server's output, indented.
  static func tail(_ log: String) -> String {
    let lines = (readSmallFile(log) ?? "").split(separator: "\n").suffix(15)
    return lines.isEmpty ? "  it wrote nothing" : lines.map { "  | \($0)" }.joined(separator: "\n")
  }
}

/// Finds the process that holds the server's end of a connection.
///
/// A master may listen and leave accepting to workers; only the process that has the accepted socket
/// is the one whose CPU time and memory count.
enum ServingProcess {
  /// - Parameters:
  ///   - port: the server's.
  ///   - client: the port of a connection that has been answered.
  static func find(port: Int, client: UInt16) -> pid_t? {
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
      guard let text = readSmallFile(table),
        let inode = inode(in: text, local: UInt16(port), remote: client)
      else { continue }
      let wanted = "socket:[\(inode)]"
      return Descendants.of(getpid()).map(\.id).first { holds(wanted, $0) }
    }
    return nil
  }

  /// The inode of the socket with these two ports in the text of `/proc/net/tcp`.
  /// - Source: proc_pid_net(5): `sl local_address rem_address st … inode`, ports in hexadecimal.
  static func inode(in table: String, local: UInt16, remote: UInt16) -> String? {
    for line in table.split(separator: "\n").dropFirst() {
      let fields = line.split(separator: " ")
      guard fields.count > 9, fields[9] != "0",
        port(of: fields[1]) == local, port(of: fields[2]) == remote
      else { continue }
      return String(fields[9])
    }
    return nil
  }

  private static func port(of address: Substring) -> UInt16? {
    address.split(separator: ":").last.flatMap { UInt16($0, radix: 16) }
  }

  private static func holds(_ socket: String, _ id: pid_t) -> Bool {
    let folder = "/proc/\(id)/fd"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.contains {
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")) == socket
    }
  }
}
