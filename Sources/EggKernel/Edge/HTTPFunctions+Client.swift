import PluginABI

/// `egg.http/1`: where something applies, and who asks.
extension HTTPFunctions {
  static let pathFilter:
    @convention(c) (
      HostTable, egg_str, UnsafePointer<egg_value>, UnsafeMutablePointer<UInt64>,
      UnsafeMutablePointer<egg_str>
    ) -> egg_status = { host, name, options, filter, message in
      let unit = HostFunctions.unit(host)
      let worker = unit.worker
      guard worker.isOnLoop else { return HostFunctions.missing(unit, egg_call(), "path_filter") }
      guard !worker.isBooted else { return Status.phase }
      filter.pointee = 0
      message.pointee = egg_str()
      guard name.isPlausible, let options = ConfigValue(options.pointee) else {
        return Status.argument
      }
      do throws(PathFilter.Mistake) {
        guard let made = try PathFilter.read(options, of: name.string, in: worker.members) else {
          return Status.ok
        }
        worker.pathFilters.append(made)
        filter.pointee = UInt64(worker.pathFilters.count)
        return Status.ok
      } catch {
        let text = StaticText(error.message)
        unit.lastMessage = text
        message.pointee = text.value
        return Status.argument
      }
    }

  static let admits: @convention(c) (HostTable, egg_call, UInt64) -> Bool = { host, token, filter in
    guard filter > 0 else { return true }
    guard let context = context(host, token) else {
      _ = missing(host, token, "admits")
      return true
    }
    let filters = context.worker.pathFilters
    let index = Int(truncatingIfNeeded: filter) - 1
    return filters.indices.contains(index) ? filters[index].admits(context) : true
  }

  static let peerCertificate:
    @convention(c) (HostTable, egg_call, UnsafeMutablePointer<egg_value>) -> egg_status = {
      host, token, out in
      guard let context = context(host, token) else {
        return missing(host, token, "peer_certificate")
      }
      guard let connection = context.connection ?? context.remains?.connection,
        let value = connection.tls?.withPeerCertificate({ certificate, isAuthorized in
          ClientCertificate.value(of: certificate, isAuthorized: isAuthorized, in: context)
        })
      else { return Status.notFound }
      out.pointee = value
      return Status.ok
    }
}
