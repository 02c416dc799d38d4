/// The kernel's own configuration, read like a framework's `config.default.json`.
enum KernelDefaults {
  static let label = "<egg defaults>"

  /// - Parameter pkg: the application's `egg.json` as JSON.
  /// - Source: Egg, `config.default.js` and `config.local.js` of the framework.
  static func text(env: String, pkg: String = "{}") -> String {
    let isLocal = env == "local"
    return """
      {
        // What the application is, as every unit may read it.
        "env": "${appInfo.env}", "name": "${appInfo.name}", "baseDir": "${appInfo.baseDir}",
        "HOME": "${appInfo.HOME}", "root": "${appInfo.root}", "scope": "${appInfo.scope}",
        "pkg": \(pkg),
        // The onion from the outside in; plugins put theirs in, the application's `middleware` follows.
        "coreMiddleware": ["meta", "siteFile", "notfound", "bodyParser", "overrideMethod"],
        "proxy": false,
        "protocol": "http",
        "ipHeaders": "x-forwarded-for",
        "protocolHeaders": "x-forwarded-proto",
        "hostHeaders": "",
        "maxIpsCount": 0,
        "subdomainOffset": 2,
        "cookies": {},
        "rundir": "${appInfo.baseDir}/run",
        "meta": { "enable": \(isLocal) },
        "notfound": { "pageUrl": "" },
        "siteFile": { "enable": true, "cacheControl": "public, max-age=2592000" },
        "overrideMethod": { "enable": true },
        "bodyParser": {
          "enable": true, "strict": true,
          "formLimit": "1mb", "jsonLimit": "1mb", "textLimit": "1mb",
          "enableTypes": ["json", "form", "text"],
          "queryString": { "arrayLimit": 100, "depth": 5, "parameterLimit": 1000 }
        },
        "logger": {
          "dir": "${appInfo.root}/logs/${appInfo.name}",
          "level": "INFO", "consoleLevel": "INFO", "disableConsoleAfterReady": false,
          "outputJSON": false, "consoleJSON": false, "allowDebugAtProd": false,
          "buffer": \(env != "unittest"), "access": false,
          "appLogName": "${appInfo.name}-web.log", "coreLogName": "egg-web.log",
          "agentLogName": "egg-agent.log", "errorLogName": "common-error.log",
          "coreLogger": {}
        },
        "customLogger": {},
        "router": { "methodNotAllowed": true },
        "http": {
          "requestLineLimit": 8192, "headerLimit": 16384, "headerCount": 100,
          "headerTimeout": 20000, "bodyTimeout": 60000, "keepAliveTimeout": 75000,
          "writeTimeout": 60000, "upgradeBuffer": 16777216
        },
        "lifecycle": { "warnAfter": 10000, "startTimeout": 600000, "closeTimeout": 5000 },
        "development": { "serverTiming": \(isLocal) },
        "cluster": {
          "listen": { "port": 7001, "hostname": "", "path": "", "reusePort": false },
          "https": false, "workers": 0, "single": false, "sticky": false,
          "hangTimeout": 30000, "idleGrace": 5000, "drainTimeout": 60000,
          "reforkLimit": 60, "reforkWindow": 60000, "startLimit": 8
        },
        "health": { "enable": true, "metrics": "private" }
      }
      """
  }
}

extension ConfigTree {
  /// Whether nobody but the kernel has set the value at a path.
  package func isKernelDefault(_ path: String) -> Bool {
    writers(of: path).allSatisfy { $0.file == KernelDefaults.label }
  }
}
