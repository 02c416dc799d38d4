import PluginABI

/// The table that is published as "egg.view/1".
///
/// Its functions are given the caller's host table and no more. The plugin's own object stands
/// behind the table, which the caller's host leads back to; so two applications in one process do
/// not get into each other's way.
nonisolated struct ViewInterface {
  static let id = EGG_VIEW_ID

  private struct Layout {
    var table: egg_view
    var view: Unmanaged<View>
  }

  /// Stays for the life of the process.
  let table: UnsafeRawPointer

  /// - Parameter view: kept by whoever makes this.
  init(_ view: View) {
    let memory = UnsafeMutablePointer<Layout>.allocate(capacity: 1)
    let table = egg_view(
      size: UInt32(MemoryLayout<egg_view>.size), flags: 0,
      use: { host, engine in
        ViewInterface.view(host)?.engines.add(engine) ?? egg_status(EGG_E_NOT_FOUND)
      },
      root: { host, index, out in
        guard let roots = ViewInterface.view(host)?.rootTexts, roots.indices.contains(Int(index))
        else { return egg_status(EGG_E_NOT_FOUND) }
        out.pointee = roots[Int(index)]
        return egg_status(EGG_OK)
      },
      lint: { host, report, state, checked, skipped in
        guard let view = ViewInterface.view(host) else { return egg_status(EGG_E_NOT_FOUND) }
        (checked.pointee, skipped.pointee) = view.lint(report, state)
        return egg_status(EGG_OK)
      },
      page: { table, call, name, engine, locals, page, error in
        UnsafeRawPointer(table).assumingMemoryBound(to: Layout.self).pointee.view
          ._withUnsafeGuaranteedRef { $0.page(call, name, engine, locals, page, error) }
      })
    memory.initialize(
      to: Layout(table: table, view: .passUnretained(view)))
    self.table = UnsafeRawPointer(memory)
  }

  private static func view(_ host: UnsafePointer<egg_host>) -> View? {
    guard let table = host.pointee.query(host, id) else { return nil }
    return table.assumingMemoryBound(to: Layout.self).pointee.view.takeUnretainedValue()
  }
}
