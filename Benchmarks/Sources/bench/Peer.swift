import Foundation

/// A server that can take part: how it is started, and what it is asked.
struct Peer {
  let name: String
  /// Names of the routes it is asked; nil: all.
  var routes: Set<String>?
  /// The same server in another configuration: asked by `http` only.
  var isVariant = false
  /// The command that listens on the port. The folder is its own, for files it needs.
  let command: (_ port: Int, _ folder: String) throws -> [String]
  /// The command as a person would type it, with `{port}`.
  let shown: String

  /// The servers that take part, ours first after the baseline.
  /// - Throws: for a name given with `--only` or `--server` that is not there, with the reason.
  static func participants(
    _ options: Options, _ place: Place, variants: Bool = false
  ) throws -> [Peer] {
    var missing: [String: String] = [:]
    var peers: [Peer] = [try baseline(place)]
    func add(_ name: String, _ peer: Peer?, missing reason: String) {
      if let peer { peers.append(peer) } else { missing[name] = reason }
    }
    add("egg", egg(place), missing: eggIsMissing(place))
    add("egg-access", eggWithAccessLog(place), missing: eggIsMissing(place))
    for layers in ["pass", "work"] {
      add("egg-\(layers)", eggWithLayers(layers, place), missing: layersAreMissing(place))
    }
    for custom in options.serverCommands { peers.append(own(custom)) }
    add("nginx", nginx(place), missing: "nginx is not installed (apt-get install nginx)")
    add("node", node(place), missing: "node is not installed (apt-get install nodejs)")
    add(
      "hummingbird", hummingbird(place),
      missing: "hummingbird is not built (HUMMINGBIRD=1 Benchmarks/run …, several minutes)")

    let wanted = options.command == .requests ? [options.server ?? "egg"] : options.only
    for name in wanted where !peers.contains(where: { $0.name == name }) {
      throw BenchError(
        missing[name] ?? "no server \"\(name)\"; there are "
          + peers.map(\.name).joined(separator: ", "))
    }
    if !variants, wanted.isEmpty {
      peers.removeAll { $0.isVariant }
      missing = missing.filter { !$0.key.hasPrefix("egg-") }
    }
    if !wanted.isEmpty {
      return wanted.compactMap { name in peers.first { $0.name == name } }
    }
    for (name, reason) in missing.sorted(by: { $0.key < $1.key })
    where !options.without.contains(name) {
      print("without \(name): \(reason)")
    }
    return peers.filter { !options.without.contains($0.name) }
  }

  private static func baseline(_ place: Place) throws -> Peer {
    let tool = try place.tool("epoll_baseline")
    return Peer(
      name: "c-loop", routes: ["plaintext", "pipelined"],
      command: { port, _ in [tool, String(port)] }, shown: place.show("\(tool) {port}"))
  }

  private static func egg(_ place: Place) -> Peer? {
    let files = FileManager.default
    guard files.isExecutableFile(atPath: place.egg), files.fileExists(atPath: place.app) else {
      return nil
    }
    let command = { (port: String) in
      [place.egg, "start", place.app, "--port", port, "--single", "--env", "prod"]
    }
    return Peer(
      name: "egg", command: { port, _ in command(String(port)) },
      shown: place.show(command("{port}").joined(separator: " ")))
  }

  /// The same with a line in a file for each answer.
  private static func eggWithAccessLog(_ place: Place) -> Peer? {
    guard let egg = egg(place) else { return nil }
    func setting(_ folder: String) -> String {
      #"EGG_APP_CONFIG={"logger":{"access":true,"dir":"\#(folder)/logs"}}"#
    }
    return Peer(
      name: "egg-access", routes: ["plaintext"], isVariant: true,
      command: { port, folder in
        ["/usr/bin/env", setting(folder)] + (try egg.command(port, folder))
      },
      shown: "env '\(setting("{folder}"))' \(egg.shown)")
  }

  /// The same with a hundred layers of a plugin in C around the chain: "pass" or "work".
  private static func eggWithLayers(_ what: String, _ place: Place) -> Peer? {
    let folder = place.benchmarks + "/layers"
    guard let egg = egg(place),
      FileManager.default.fileExists(atPath: folder + "/liblayers.so")
    else { return nil }
    let names = (0..<Budget.layers).map { number in
      "\"\(what.prefix(1))\(number < 10 ? "0" : "")\(number)\""
    }.joined(separator: ",")
    func settings(_ names: String) -> [String] {
      [
        #"EGG_APP_CONFIG={"middleware":[\#(names)]}"#,
        #"EGG_PLUGINS={"layers":{"enable":true,"path":"\#(folder)"}}"#,
      ]
    }
    let shown = settings("…").map { place.show("'\($0)'") }.joined(separator: " ")
    return Peer(
      name: "egg-\(what)", routes: ["plaintext"], isVariant: true,
      command: { port, work in
        ["/usr/bin/env"] + settings(names) + (try egg.command(port, work))
      }, shown: "env \(shown) \(egg.shown)")
  }

  private static func layersAreMissing(_ place: Place) -> String {
    egg(place) == nil
      ? eggIsMissing(place) : "layers/liblayers.so is missing; Benchmarks/run compiles it"
  }

  private static func eggIsMissing(_ place: Place) -> String {
    FileManager.default.isExecutableFile(atPath: place.egg)
      ? "the application \(place.show(place.app)) is missing; see --app"
      : "\(place.show(place.egg)) is missing; build with \"swift build -c release\" or use --egg"
  }

  private static func own(_ custom: Options.ServerCommand) -> Peer {
    Peer(
      name: custom.name,
      command: { port, _ in
        let text = custom.text.replacingOccurrences(of: "{port}", with: String(port))
        return ["/bin/sh", "-c", "exec \(text)"]
      }, shown: custom.text)
  }

  private static func node(_ place: Place) -> Peer? {
    let script = place.benchmarks + "/peers/node-http.js"
    guard let node = Place.find("node") else { return nil }
    return Peer(
      name: "node", routes: ["plaintext", "json", "user", "mw", "echo", "pipelined"],
      command: { port, _ in [node, script, String(port)] },
      shown: place.show("node \(script) {port}"))
  }

  private static func hummingbird(_ place: Place) -> Peer? {
    let path = place.benchmarks + "/peers/hummingbird-peer/.build/release/hummingbird-peer"
    guard FileManager.default.isExecutableFile(atPath: path) else { return nil }
    return Peer(
      name: "hummingbird", routes: ["plaintext", "json", "user", "mw", "echo", "pipelined"],
      command: { port, _ in [path, String(port)] }, shown: place.show("\(path) {port}"))
  }

  private static func nginx(_ place: Place) -> Peer? {
    let template = place.benchmarks + "/peers/nginx.conf.in"
    guard let nginx = Place.find("nginx") else { return nil }
    return Peer(
      name: "nginx", routes: ["plaintext", "json", "1k", "pipelined"],
      command: { port, folder in
        let files = FileManager.default
        try files.createDirectory(
          atPath: folder + "/public", withIntermediateDirectories: true)
        try Data(repeating: UInt8(ascii: "x"), count: 1024)
          .write(to: URL(fileURLWithPath: folder + "/public/1k.txt"))
        let configuration = try String(contentsOfFile: template, encoding: .utf8)
          .replacingOccurrences(of: "@DIRECTORY@", with: folder)
          .replacingOccurrences(of: "@PORT@", with: String(port))
          // As root nginx would serve as another user, who may not be able to enter our folder.
          .replacingOccurrences(of: "@USER@", with: getuid() == 0 ? "user root;" : "")
        let file = folder + "/nginx.conf"
        try configuration.write(toFile: file, atomically: true, encoding: .utf8)
        return [nginx, "-p", folder, "-e", "stderr", "-c", file]
      }, shown: place.show("nginx -e stderr -c <\(template), filled in>"))
  }
}
