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

        `egg build` builds it. An application names it in its `egg.json`; a relative path begins at that file's
        folder:

        ```
        { "name": "shop", "framework": "../@NAME@" }
        ```

        `egg inspect units` shows the chain, `egg dev --framework` and `EGG_FRAMEWORK` choose another one.

        """#
      ),
    ])
}
