extension Template {
  /// What a plugin in any language has.
  static func pluginFiles(build: String, test: String = "") -> [(path: String, text: String)] {
    [
      (
        "plugin.json",
        #"""
        { "name": "@NAME@", "version": "0.1.0" }

        """#
      ),
      (
        "config/config.default.json",
        #"""
        {
          "@MEMBER@": {
            // What the header X-@HEADER@ and ctx.@MEMBER@ say.
            "text": "hello"
          }
        }

        """#
      ),
      (
        ".gitignore",
        #"""
        .build/
        target/
        lib/
        run/

        """#
      ),
      (
        "README.md",
        """
        # @NAME@

        | adds | what it does |
        | --- | --- |
        | middleware `@MEMBER@` | sets the header `X-@HEADER@` |
        | `ctx.@MEMBER@` | the same text |

        | configuration | default | |
        | --- | --- | --- |
        | `@MEMBER@.text` | `"hello"` | the text |

        Build: `\(build)`.\(test.isEmpty ? "" : " Test: `\(test)`, with the application in `Tests/app`.") Use, in an application:

        ```
        // config/plugin.json; a relative path begins at this file's folder
        { "@NAME@": { "path": "../../@NAME@" } }
        // config/config.default.json
        { "middleware": ["@MEMBER@"] }
        ```

        """
      ),
    ]
  }
}
