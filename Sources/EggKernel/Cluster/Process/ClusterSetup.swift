import Glibc
import LinuxHeaders

/// The part that a process of a cluster plays.
package enum ProcessRole: String, Sendable {
  case agent, worker
}

/// What the master tells a process it starts, over the descriptor that both know the number of.
package struct ClusterSetup {
  /// Descriptors of a started process. Listening sockets follow the last one.
  package static let channel: Int32 = 3
  static let board: Int32 = 4
  static let passed: Int32 = 5
  static let firstListener: Int32 = 6

  package var role = ProcessRole.worker
  /// 1, 2, … for workers; 0 for the agent.
  package var worker = 0
  package var baseDir = ""
  package var env = ""
  package var framework: String?
  package var builds: [String] = []
  var row = 0
  var listeners: [(description: String, port: Int)] = []
  /// Worker and agent in one process.
  var isSingle = false
  /// The master accepts and passes connections.
  var isSticky = false
  var masterPid: pid_t = 0
  /// `cluster.https` of the command line; nil when the configuration counts.
  package var https: ConfigValue?
  /// What session tickets are sealed with, the same in all workers.
  var ticketSecret: TicketSecret?

  var json: ConfigValue {
    var object = ConfigObject()
    object["role"] = .string(role.rawValue)
    object["worker"] = .int(Int64(worker))
    object["baseDir"] = .string(baseDir)
    object["env"] = .string(env)
    object["framework"] = framework.map { .string($0) } ?? .null
    object["builds"] = .array(builds.map { .string($0) })
    object["row"] = .int(Int64(row))
    object["single"] = .bool(isSingle)
    object["sticky"] = .bool(isSticky)
    object["master"] = .int(Int64(masterPid))
    if let https { object["https"] = https }
    if let ticketSecret { object["tickets"] = ticketSecret.json }
    object["listeners"] = .array(
      listeners.map { ["description": .string($0.description), "port": .int(Int64($0.port))] })
    return .object(object)
  }

  private init(_ value: ConfigValue) {
    role = ProcessRole(rawValue: value["role"]?.string ?? "") ?? .worker
    worker = Int(value["worker"]?.int ?? 0)
    baseDir = value["baseDir"]?.string ?? ""
    env = value["env"]?.string ?? ""
    framework = value["framework"]?.string
    builds = value["builds"]?.strings ?? []
    row = Int(value["row"]?.int ?? 0)
    isSingle = value["single"]?.bool ?? false
    isSticky = value["sticky"]?.bool ?? false
    masterPid = pid_t(value["master"]?.int ?? 0)
    https = value["https"]
    ticketSecret = TicketSecret(value["tickets"])
    if case .array(let list)? = value["listeners"] {
      listeners = list.map { ($0["description"]?.string ?? "", Int($0["port"]?.int ?? 0)) }
    }
  }

  init() {}

  /// Reads the first frame, waiting for it.
  ///
  /// - Throws: `.lifecycle` when this process was not started by a master.
  package static func receive() throws(BootError) -> ClusterSetup {
    let refusal = BootError(
      .lifecycle, unit: "egg",
      "this command is run by the master of a cluster and not by people; run: egg start")
    func read(_ count: Int) throws(BootError) -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: count)
      var done = 0
      while done < count {
        let got = bytes.withUnsafeMutableBytes {
          recv(channel, $0.baseAddress! + done, count - done, 0)
        }
        if got < 0, errno == EINTR { continue }
        guard got > 0 else { throw refusal }
        done += got
      }
      return bytes
    }
    let head = try read(Channel.headLength)
    let length = head[0..<4].enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    guard head[4] == FrameKind.setup.rawValue, length < 1 << 20 else { throw refusal }
    let text = String(decoding: try read(length), as: UTF8.self)
    guard let value = try? JSONParser.parse(text, file: "").value else { throw refusal }
    return ClusterSetup(value)
  }

  /// Tells the master why this process will not start.
  package static func reportFailure(_ text: String) {
    var bytes: [UInt8] = []
    let length = UInt32(text.utf8.count)
    for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: length >> UInt32(shift))) }
    bytes.append(FrameKind.failed.rawValue)
    bytes += text.utf8
    _ = send(channel, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }
}
