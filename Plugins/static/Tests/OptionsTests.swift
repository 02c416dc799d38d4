import Testing

@testable import EggStatic

@Suite("Options of static") struct OptionsTests {
  @Test func `without configuration the application's app-public is served below public`() throws {
    let plan = try FolderPlan(.none, baseDir: "/srv/app", contributed: [])
    #expect(plan.folders.map(\.path) == ["/srv/app/app/public"])
    #expect(plan.prefixes == ["/public/"])
    #expect(plan.maxFiles == 1000)
    #expect(plan.folders[0].options.cacheControlValue == "public, max-age=0")
  }

  @Test(arguments: [
    ("assets", "/assets/"), ("/assets//", "/assets/"), ("/", "/"), ("", "/"), ("/a/b", "/a/b/"),
  ])
  func `a prefix has one slash at each end`(written: String, prefix: String) throws {
    #expect(try StaticOptions(.map(["prefix": .text(written)]), key: "static").prefix == prefix)
  }

  @Test func `units come behind the application, the later ones first`() throws {
    let setting = Setting.map([
      "dirs": .list([.text("dist"), .map(["prefix": .text("/lib/"), "dir": .text("/opt/lib")])])
    ])
    let plan = try FolderPlan(
      setting, baseDir: "/srv/app", contributed: ["/plugins/a/app/public", "/fw/app/public"])
    #expect(
      plan.folders.map(\.path) == [
        "/srv/app/app/public", "/srv/app/dist", "/opt/lib", "/fw/app/public",
        "/plugins/a/app/public",
      ])
    #expect(plan.prefixes == ["/public/", "/lib/"])
  }

  @Test func `an item of dirs has options of its own over the common ones`() throws {
    let setting = Setting.map([
      "maxAge": .number(60),
      "dirs": .list([.map(["dir": .text("/d"), "buffer": .boolean(true)])]),
    ])
    let folders = try FolderPlan(setting, baseDir: "/a", contributed: []).folders
    #expect(folders.map(\.options.isBuffered) == [false, true])
    #expect(folders.map(\.options.maxAge) == [60, 60])
  }

  @Test func `dir replaces app-public and may be a list`() throws {
    let one = Setting.map(["dir": .text("www")])
    #expect(try FolderPlan(one, baseDir: "/a", contributed: []).folders.map(\.path) == ["/a/www"])
    let two = Setting.map(["dir": .list([.text("www"), .text("/b")])])
    #expect(
      try FolderPlan(two, baseDir: "/a", contributed: []).folders.map(\.path) == ["/a/www", "/b"])
  }

  @Test(arguments: [
    (
      Setting.map(["maxAge": .text("1d")]),
      "config.static.maxAge: expected seconds, a number from 0 to 2147483647, found the text \"1d\""
    ),
    (
      .map(["maxAge": .number(-1)]),
      "config.static.maxAge: expected seconds, a number from 0 to 2147483647, found a number"
    ),
    (
      .map(["maxFiles": .number(1e300)]),
      "config.static.maxFiles: expected a count, a number from 0 to 2147483647, found a number"
    ),
    (
      .map(["buffer": .text("yes")]),
      "config.static.buffer: expected true or false, found the text \"yes\""
    ),
    (
      .map(["prefix": .list([])]),
      "config.static.prefix: expected a path such as \"/public/\", found a list"
    ),
    (
      .map(["dirs": .list([.text("a"), .map([:])])]),
      "config.static.dirs[1].dir: expected the path of a folder, found nothing"
    ),
    (
      .map(["dir": .number(1)]),
      "config.static.dir: expected the path of a folder, or an object with \"dir\", found a number"
    ),
    (
      .map(["cacheControl": .text("a\r\nb: c")]),
      "config.static.cacheControl: expected the value of a header, found the text \"a\r\nb: c\""
    ),
  ])
  func `a mistake is named with its key and what is expected`(setting: Setting, text: String) {
    let error = #expect(throws: SettingError.self) {
      try FolderPlan(setting, baseDir: "/a", contributed: [])
    }
    #expect(error?.description == text)
  }
}
