import Egg

/// Requests that fail, each in its own way.
final class FailingController: Controller {
  func plain() throws { throw Broken(what: "<the cupboard>") }

  func later() async throws {
    await Task.yield()
    throw Broken(what: "the cellar")
  }

  func refused() throws {
    try ctx.throw(
      422, "Validation Failed", ["code": "invalid_param", "errors": [["field": "name"]]])
  }

  func secret() throws { throw EggError(status: 503, code: "DOWN", "the database at 10.0.0.7 is down") }

  func missingFile() throws { throw EggError(code: "ENOENT", "/srv/secret is not there") }
}

struct Broken: Error, CustomStringConvertible {
  let what: String
  var description: String { "\(what) is broken" }
}
