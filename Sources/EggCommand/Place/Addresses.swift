import EggKernel

/// Where to listen: the command line, then `PORT`, then `config.cluster.listen`; with HTTPS 8443 where
/// nobody says a port.
struct Addresses {
  let all: [ListenAddress]

  /// - Parameters:
  ///   - host: from the command line; it counts for every address that is not a Unix socket.
  ///   - fallbackHost: when neither the command line nor the configuration names one.
  init(
    _ config: ConfigTree, ports: [UInt16], host: String?, socket: String?,
    fallbackHost: String = ""
  ) {
    let standard: UInt16 = TLSSettings.areGiven(config) ? 8443 : 7001
    // The kernel's own port is what nobody said.
    let isUnsaid = config.isKernelDefault("cluster.listen.port")
    let entries: [ConfigValue]
    switch config.value(at: "cluster.listen") {
    case .array(let list)? where !list.isEmpty: entries = list
    case .object(let one)?: entries = [.object(one)]
    default: entries = [[:]]
    }
    func tcp(_ entry: ConfigValue, _ port: UInt16) -> ListenAddress {
      let named = host ?? entry["hostname"]?.string ?? ""
      return .tcp(
        host: named.isEmpty ? fallbackHost : named, port: port,
        reusePort: entry["reusePort"]?.bool ?? false)
    }
    func path(_ entry: ConfigValue) -> String? {
      entry["path"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }
    let variable = EnvironmentVariables.process.trimmed("PORT").flatMap(UInt16.init)
    if let socket {
      all = [.unix(path: socket)] + ports.map { tcp(entries[0], $0) }
    } else if !ports.isEmpty {
      all = ports.map { tcp(entries[0], $0) }
    } else if let variable, path(entries[0]) == nil {
      all = [tcp(entries[0], variable)]
    } else {
      all = entries.map { entry in
        if let path = path(entry) { return .unix(path: path) }
        let said = isUnsaid ? nil : entry["port"]?.int
        return tcp(entry, said.map { UInt16(clamping: $0) } ?? standard)
      }
    }
  }

  init(_ plan: LoadPlan, ports: [UInt16], host: String?, socket: String?) {
    self.init(plan.config, ports: ports, host: host, socket: socket)
  }
}
