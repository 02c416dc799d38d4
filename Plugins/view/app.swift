import Egg

/// Declares `ctx.render` and its companions, the folder `app/view` and the interface "egg.view/1".
final class ViewBoot: Boot {
  override func register() throws {
    let view = View(app.hostTable)
    app[ViewKey.self] = view
    try view.register()
    app.publish(ViewInterface.id, view.interface.table)
    app.extend { unit in
      unit.method(Context.self, "viewMember") { ctx, args in
        try contextMember(ctx, of: args.get(0), named: args.get(1), Array(args.values.dropFirst(2)))
      }
      unit.method(Helper.self, "pathFor") { helper, args in
        .text(helper.pathFor(try args.get(0), args[1].exists ? args[1] : [:]))
      }
      unit.method(Helper.self, "urlFor") { helper, args in
        .text(helper.urlFor(try args.get(0), args[1].exists ? args[1] : [:]))
      }
    }
    app.folders("app/view") { [app] entries in
      // Delivered as plugins, frameworks, application: the one that is nearest to the user is last.
      let units = entries.reversed().map(\.path)
      let settings = try ViewSettings(app.config.view)
      view.configure(settings, ViewRoots(settings.root, baseDir: app.baseDir, units: units))
    }
  }
}

enum ViewKey: StorageKey { typealias Value = View }
