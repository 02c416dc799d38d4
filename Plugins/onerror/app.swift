import Egg

/// Answers errors as Egg does: JSON, JSONP, HTML or text; in development with everything known.
final class OnerrorBoot: Boot {
  private var answers: ErrorAnswers?

  override func register() throws {
    app.answerErrors { [unowned self] error, ctx, format in
      answers?.answer(error, ctx, format) ?? false
    }
  }

  override func configDidLoad() async throws {
    answers = try ErrorAnswers(app, try app.config.decode(ErrorOptions.self, "onerror"))
  }
}

/// `config.onerror`.
struct ErrorOptions: Decodable {
  var errorPageUrl: String
  var redirect: String
  var templatePath: String
  var developmentPage: Bool
}
