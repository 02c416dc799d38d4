import Glibc
import PluginABI

/// Composing the onion from `config.coreMiddleware` and `config.middleware`.
extension Worker {
  /// - Throws: `.config` for a name that nobody registered, one that is there twice, or options that
  ///   do not make sense; the text names the list and where it was set.
  func compose() throws(BootError) {
    let core = try names("coreMiddleware")
    let application = try names("middleware")
    var made: [Layer] = []
    var seen: Set<String> = []
    for name in core + application {
      guard seen.insert(name).inserted else {
        throw composeError(name, "Middleware \(name) redefined: it is in the lists twice")
      }
      if let layer = try layer(name) { made.append(layer) }
    }
    layers = LayerList(try fused(made))
  }

  private func names(_ key: String) throws(BootError) -> [String] {
    guard let value = config.value(at: key) else { return [] }
    guard let names = value.strings else {
      throw composeError(key, "config.\(key) must be a list of names, but is \(value.kindName)")
    }
    return names
  }

  private func composeError(_ name: String, _ message: String) -> BootError {
    let writer = config.writers(of: "middleware").last ?? config.writers(of: "coreMiddleware").last
    return BootError(.config, unit: "app", message, file: writer?.file, line: writer?.line)
  }

  private func layer(_ name: String) throws(BootError) -> Layer? {
    let options = config.value(at: [name])
    if options?["enable"]?.bool == false { return nil }
    // Without a file to answer with, the layer would be asked for nothing on every request.
    if name == "siteFile", siteFiles == nil, middlewares[name]?.unit === kernelUnit { return nil }
    guard let registered = middlewares[name] else {
      // The kernel's own work on 404s and timing is done at the end of the chain, not in a layer.
      if KernelMiddleware.builtIn.contains(name) { return nil }
      let meant = Suggestion.phrase(for: name, among: middlewares.keys.sorted())
      throw composeError(name, "Middleware \(name) not found\(meant)")
    }
    let text = StaticText(name)
    let tree = withExtendedLifetime(text) { configValue(at: text.value) }
    let handler = try instance(of: registered, options: tree)
    return Layer(
      handler: handler, unit: registered.unit, name: name, filter: try filter(name, options))
  }

  func instance(of registered: RegisteredMiddleware, options: egg_value?) throws(BootError)
    -> egg_handler
  {
    let table = registered.table
    guard let make = table.make else {
      return egg_handler(instance: table.`self`, handle: table.handle)
    }
    var options = options ?? egg_value(pairs: nil, count: 0)
    if options.kind != Kind.map { options = egg_value(pairs: nil, count: 0) }
    var instance: UnsafeMutableRawPointer?
    var message = egg_str()
    let status = make(table.`self`, &options, &instance, &message)
    guard status == Status.ok else {
      let said = message.isPlausible && message.len > 0 ? message.string : Status.name(status)
      throw BootError(
        .lifecycle, unit: registered.unit.name,
        "middleware \"\(registered.name.string)\" can't be made with its options: \(said)")
    }
    return egg_handler(instance: instance, handle: table.handle)
  }

  private func filter(_ name: String, _ options: ConfigValue?) throws(BootError) -> PathFilter? {
    do {
      return try PathFilter.read(options, of: name, in: members)
    } catch {
      throw composeError(name, error.message)
    }
  }

  /// Neighbouring layers of one unit that offers `handle_run` become one.
  private func fused(_ layers: [Layer]) throws(BootError) -> [Layer] {
    var result: [Layer] = []
    var index = 0
    while index < layers.count {
      let first = layers[index]
      var end = index + 1
      if first.filter == nil, let run = middlewares[first.name]?.table.handle_run {
        while end < layers.count, layers[end].unit === first.unit, layers[end].filter == nil,
          middlewares[layers[end].name]?.table.handle_run != nil
        {
          end += 1
        }
        if end - index > 1 {
          let group = LayerRun(
            instances: layers[index..<end].map { $0.handler.instance }, run: run)
          var layer = first
          layer.handler = egg_handler(
            instance: Unmanaged.passRetained(group).toOpaque(),
            handle: { instance, call in
              let group = Unmanaged<LayerRun>.fromOpaque(instance!).takeUnretainedValue()
              return group.run(UnsafePointer(group.instances), group.count, call)
            })
          layer.fusedNames = layers[(index + 1)..<end].map(\.name)
          result.append(layer)
          index = end
          continue
        }
      }
      result.append(first)
      index += 1
    }
    return result
  }
}

/// Layers that run as one. Lives as long as the process.
private final class LayerRun {
  let instances: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  let count: UInt32
  let run: @convention(c) (UnsafePointer<UnsafeMutableRawPointer?>, UInt32, egg_call) -> egg_step

  init(
    instances: [UnsafeMutableRawPointer?],
    run:
      @escaping @convention(c) (UnsafePointer<UnsafeMutableRawPointer?>, UInt32, egg_call)
      -> egg_step
  ) {
    self.instances = .allocate(capacity: instances.count)
    self.instances.initialize(from: instances, count: instances.count)
    count = UInt32(instances.count)
    self.run = run
  }
}
