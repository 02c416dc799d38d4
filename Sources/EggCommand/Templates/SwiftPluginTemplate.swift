extension Template {
  static let swiftPlugin: [(path: String, text: String)] =
    pluginPackage() + [
      (
        "app/middleware/@MEMBER@.swift",
        #"""
        import Egg

        struct @TYPE@Options: Decodable {
          var text: String
        }

        /// Sets the header `X-@HEADER@` on every answer.
        func @MEMBER@(_ options: @TYPE@Options) -> Middleware {
          return { ctx, next in
            ctx.set("X-@HEADER@", options.text)
            try await next()
          }
        }

        """#
      ),
      (
        "app/extend/context.swift",
        #"""
        import Egg

        extension Context {
          /// `config.@MEMBER@.text`
          var @MEMBER@: String { app.config["@MEMBER@"]["text"].string ?? "" }
        }

        """#
      ),
    ]
    + unitTests(
      egg: #"""
        { "name": "@NAME@-test" }

        """#,
      plugins: #"""
        {
          // The plugin itself, seen from this folder.
          "@NAME@": { "path": "../../.." }
        }

        """#,
      config: #"""
        { "keys": "only-for-tests", "middleware": ["@MEMBER@"], "@MEMBER@": { "text": "tested" } }

        """#,
      answer: #"ctx.extension("@MEMBER@")"#,
      sentence: "answers have the header, and the context the text",
      test: #"""
        try await app.httpRequest().get("/").expect(200).expect("X-@HEADER@", "tested")
              .expect("tested")
        """#)
}
