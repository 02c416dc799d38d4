import Egg
import EggValidation

/// `ctx.validate` by name, for units in other languages; Swift has it from the client module.
final class ValidateBoot: Boot {
  override func register() throws {
    app.extend { unit in
      unit.method(Context.self, "validate") { ctx, args in
        try ctx.app.validator.check(ctx, args[0], args.count > 1 ? args[1] : nil)
      }
    }
  }
}
