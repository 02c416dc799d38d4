extension Template {
  /// A framework on top of the default one: plugins, configuration and an extension.
  static let framework = Template(
    files: frameworkPackage() + [
      (
        "egg.json",
        #"""
        { "name": "@NAME@", "version": "0.1.0", "kind": "framework", "framework": "egg" }

        """#
      ),
      (
        "app/extend/application.swift",
        #"""
        import Egg

        extension Application {
          /// `app.extension("@MEMBER@")` for applications.
          var @MEMBER@: Value { config["@MEMBER@"] }
        }

        """#
      ),
      (
        "config/plugin.json",
        #"""
        {
          // What applications have without asking, beside what the framework egg has.
          "validate": true
        }

        """#
      ),
      (
        "config/config.default.json",
        #"""
        {
          "@MEMBER@": { "greeting": "hello" }
        }

        """#
      ),
      (
        ".gitignore",
        #"""
        .build/
        run/
        logs/

        """#
      ),
      (
        "README.md",
        #"""
        # @NAME@

        `egg build` builds it; `egg test` runs what is in `Tests/`, against the application `Tests/app`. An application
        names it in its `egg.json`; a relative path begins at that file's folder:

        ```
        { "name": "shop", "framework": "../@NAME@" }
        ```

        `egg inspect units` shows the chain, `egg dev --framework` and `EGG_FRAMEWORK` choose another one.

        """#
      ),
    ]
      + unitTests(
        egg: #"""
          { "name": "@NAME@-test", "framework": "../.." }

          """#,
        plugins: #"""
          {}

          """#,
        config: #"""
          { "keys": "only-for-tests" }

          """#,
        answer: #"app.extension("@MEMBER@")"#,
        sentence: "an application has what the framework gives",
        test: #"""
          try await app.httpRequest().get("/").expect(200)
                .expect(["greeting": "hello"] as Value)
              // The plugins of the default framework, and the one that this framework switches on.
              let plugins = app.plugins.map(\.name)
              #expect(plugins.contains("session") && plugins.contains("validate"))
          """#))
}
