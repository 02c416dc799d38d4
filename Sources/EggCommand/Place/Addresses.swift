import EggKernel

/// Where to listen: the command line, then `PORT`, then `config.cluster.listen`; with HTTPS 8443 where
/// nobody says a port.
struct Addresses {
  let all: [ListenAddress]

  /// - Parameter fallbackHost: when neither the command line nor the configuration names one.
  init(
    _ config: ConfigTree, ports: [UInt16], host: String?, socket: String?,
    fallbackHost: String = ""
  ) {
    if let socket {
      all = [.unix(path: socket)] + ports.map { .tcp(host: host ?? fallbackHost, port: $0) }
      return
    }
    let standard: UInt16 = TLSSettings.areGiven(config) ? 8443 : 7001
    // The kernel's own port is what nobody said.
    let isUnsaid = config.isKernelDefault("cluster.listen.port")
    let configured: [ConfigValue]
    switch config.value(at: "cluster.listen") {
    case .array(let list)?: configured = list
    case let one?: configured = [one]
    case nil: configured = []
    }
    let named = host ?? configured.first?["hostname"]?.string ?? ""
    let address = named.isEmpty ? fallbackHost : named
    let variable = EnvironmentVariables.process.trimmed("PORT").flatMap(UInt16.init)
    if !ports.isEmpty {
      all = ports.map { .tcp(host: address, port: $0) }
    } else if let variable, configured.first?["path"]?.string ?? "" == "" {
      all = [.tcp(host: address, port: variable)]
    } else {
      let found = configured.map { entry -> ListenAddress in
        if let path = entry["path"]?.string, !path.isEmpty { return .unix(path: path) }
        let own = host ?? entry["hostname"]?.string ?? ""
        return .tcp(
          host: own.isEmpty ? fallbackHost : own,
          port: isUnsaid
            ? standard : entry["port"]?.int.map { UInt16(clamping: $0) } ?? standard)
      }
      all = found.isEmpty ? [.tcp(host: address, port: standard)] : found
    }
  }

  init(_ plan: LoadPlan, ports: [UInt16], host: String?, socket: String?) {
    self.init(plan.config, ports: ports, host: host, socket: socket)
  }
}
