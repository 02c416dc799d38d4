import Foundation
import Testing

@testable import EggStatic

@Suite("File store") struct FileStoreTests {
  @Test func `a file is found below the prefix with its type and dates`() throws {
    let folder = try TemporaryFolder()
    try folder.write("js/app.js", "let a", modified: 784_111_777)
    let files = StoreUnderTest(folder)
    let file = try #require(files.find("/public/js/app.js"))
    #expect(file.identity.fields["Content-Type"] == "text/javascript; charset=utf-8")
    #expect(file.identity.fields["Last-Modified"] == "Sun, 06 Nov 1994 08:49:37 GMT")
    #expect(file.identity.fields["Cache-Control"] == "public, max-age=0")
    #expect(file.identity.fields["Accept-Ranges"] == "bytes")
    #expect(files.text("/public/js/app.js") == "let a")
  }

  @Test func `folders, other prefixes and missing files are not`() throws {
    let folder = try TemporaryFolder()
    try folder.write("js/app.js", "")
    let files = StoreUnderTest(folder)
    #expect(files.find("/public/js") == nil)
    #expect(files.find("/public/js/") == nil)
    #expect(files.find("/public/") == nil)
    #expect(files.find("/publi") == nil)
    #expect(files.find("/js/app.js") == nil)
    #expect(files.find("/public/js/app.css") == nil)
    #expect(files.find("/public/js/app.js/x") == nil)
    #expect(files.text("/public/js/app.js") == "")
  }

  @Test func `a pipe is no file and is not waited for`() throws {
    let folder = try TemporaryFolder()
    mkfifo("\(folder.path)/pipe", 0o600)
    #expect(StoreUnderTest(folder).find("/public/pipe") == nil)
  }

  @Test func `an encoded name is the same file and one place in the cache`() throws {
    let folder = try TemporaryFolder()
    try folder.write("a b.txt", "x")
    let files = StoreUnderTest(folder)
    let first = files.find("/public/a%20b.txt")
    #expect(first != nil)
    #expect(files.find("/public//a%20%62.txt") === first)
    #expect(files.store.table.count == 1)
  }

  @Test func `a name with a percent sign is not mistaken for an encoded one`() throws {
    let folder = try TemporaryFolder()
    try folder.write("a%20b.txt", "percent")
    try folder.write("a b.txt", "blank")
    let files = StoreUnderTest(folder)
    #expect(files.text("/public/a%2520b.txt") == "percent")
    #expect(files.text("/public/a%20b.txt") == "blank")
    #expect(files.text("/public/a%2520b.txt") == "percent")
  }

  @Test func `a type that nobody knows is bytes, and so is a name without a dot`() throws {
    let folder = try TemporaryFolder()
    try folder.write("a.zzz", "")
    try folder.write("html", "")
    let files = StoreUnderTest(folder)
    #expect(
      files.find("/public/a.zzz")?.identity.fields["Content-Type"] == "application/octet-stream")
    #expect(
      files.find("/public/html")?.identity.fields["Content-Type"] == "application/octet-stream")
  }

  @Test func `the first folder that has a file wins`() throws {
    let (app, plugin) = (try TemporaryFolder(), try TemporaryFolder())
    try app.write("a.txt", "app")
    try plugin.write("a.txt", "plugin")
    try plugin.write("b.txt", "plugin")
    let files = StoreUnderTest([(app.path, .init()), (plugin.path, .init())])
    #expect(files.text("/public/a.txt") == "app")
    #expect(files.text("/public/b.txt") == "plugin")
  }

  @Test func `folders have prefixes and ages of their own`() throws {
    let (app, library) = (try TemporaryFolder(), try TemporaryFolder())
    try app.write("a.txt", "app")
    try library.write("a.txt", "library")
    let files = StoreUnderTest([
      (app.path, .init()),
      (
        library.path,
        options {
          $0.prefix = "/lib/"
          $0.maxAge = 31_536_000
        }
      ),
    ])
    #expect(files.text("/public/a.txt") == "app")
    #expect(files.text("/lib/a.txt") == "library")
    #expect(
      files.find("/lib/a.txt")?.identity.fields["Cache-Control"] == "public, max-age=31536000")
  }

  // MARK: Links

  @Test func `a link out of the folder is refused, one inside is served`() throws {
    let (folder, other) = (try TemporaryFolder(), try TemporaryFolder())
    try other.write("secret.txt", "secret")
    try folder.write("a.txt", "a")
    try folder.link("inside.txt", to: "a.txt")
    try folder.link("outside.txt", to: "\(other.path)/secret.txt")
    try folder.link("out", to: other.path)
    let files = StoreUnderTest(folder)
    #expect(files.text("/public/inside.txt") == "a")
    #expect(files.find("/public/outside.txt") == nil)
    #expect(files.find("/public/out/secret.txt") == nil)
    let following = StoreUnderTest(folder, options { $0.followsSymlinks = true })
    #expect(following.text("/public/outside.txt") == "secret")
    #expect(following.text("/public/out/secret.txt") == "secret")
  }

  @Test func `a folder beside with the same beginning is outside`() throws {
    let parent = try TemporaryFolder()
    try parent.write("www/a.txt", "a")
    try parent.write("www-secret/b.txt", "secret")
    try parent.link("www/b.txt", to: "../www-secret/b.txt")
    let files = StoreUnderTest([("\(parent.path)/www", .init())])
    #expect(files.text("/public/a.txt") == "a")
    #expect(files.find("/public/b.txt") == nil)
  }

  @Test func `the folder itself may be a link`() throws {
    let (folder, parent) = (try TemporaryFolder(), try TemporaryFolder())
    try folder.write("a.txt", "a")
    try parent.link("current", to: folder.path)
    #expect(StoreUnderTest([("\(parent.path)/current", .init())]).text("/public/a.txt") == "a")
  }

  // MARK: Changes

  @Test func `a change is seen after the time that a file is taken for unchanged`() throws {
    let folder = try TemporaryFolder()
    try folder.write("a.txt", "one", modified: 1_000_000)
    let files = StoreUnderTest(folder)
    #expect(files.text("/public/a.txt") == "one")
    try folder.write("a.txt", "two!", modified: 2_000_000)
    files.wait(milliseconds: 999)
    #expect(files.text("/public/a.txt") == "one")
    files.wait(milliseconds: 1)
    #expect(files.text("/public/a.txt") == "two!")
    #expect(
      files.find("/public/a.txt")?.identity.lastModified == "Sat, 24 Jan 1970 03:33:20 GMT")
    #expect(files.store.table.count == 1)
  }

  @Test func `a change that leaves size and time the same is seen`() throws {
    let folder = try TemporaryFolder()
    try folder.write("a.txt", "one", modified: 1_000_000)
    let files = StoreUnderTest(folder)
    #expect(files.text("/public/a.txt") == "one")
    try folder.write("a.txt", "two", modified: 1_000_000)
    files.wait(milliseconds: 1000)
    #expect(files.text("/public/a.txt") == "two")
  }

  @Test func `a file that is gone is not served any more`() throws {
    let folder = try TemporaryFolder()
    try folder.write("a.txt", "one")
    let files = StoreUnderTest(folder)
    #expect(files.text("/public/a.txt") == "one")
    try folder.remove("a.txt")
    files.wait(milliseconds: 1000)
    #expect(files.find("/public/a.txt") == nil)
    #expect(files.store.table.count == 0)
  }

  @Test func `a file that an earlier folder gets wins from then on`() throws {
    let (app, plugin) = (try TemporaryFolder(), try TemporaryFolder())
    try plugin.write("a.txt", "plugin")
    let files = StoreUnderTest([(app.path, .init()), (plugin.path, .init())])
    #expect(files.text("/public/a.txt") == "plugin")
    try app.write("a.txt", "app")
    files.wait(milliseconds: 1000)
    #expect(files.text("/public/a.txt") == "app")
    try app.remove("a.txt")
    files.wait(milliseconds: 1000)
    #expect(files.text("/public/a.txt") == "plugin")
  }

  @Test func `a buffered file is never looked at again`() throws {
    let folder = try TemporaryFolder()
    try folder.write("a.txt", "one")
    let files = StoreUnderTest(folder, options { $0.isBuffered = true })
    #expect(files.text("/public/a.txt") == "one")
    try folder.remove("a.txt")
    files.wait(milliseconds: 3_600_000)
    #expect(files.text("/public/a.txt") == "one")
  }

  @Test func `a file that has changed just now is read again even when it is buffered`() throws {
    let folder = try TemporaryFolder()
    try folder.write("a.txt", "one")
    let files = StoreUnderTest(folder, options { $0.isBuffered = true })
    files.wallSeconds = Int(time(nil)) - 10
    #expect(files.text("/public/a.txt") == "one")
    try folder.write("a.txt", "two")
    files.wait(milliseconds: 1000)
    files.wallSeconds = Int(time(nil)) + 10
    #expect(files.text("/public/a.txt") == "two")
    try folder.remove("a.txt")
    files.wait(milliseconds: 1000)
    #expect(files.text("/public/a.txt") == "two")
  }

  @Test func `a large file that has changed is not opened for the old one`() throws {
    let folder = try TemporaryFolder()
    try folder.write("a.bin", [UInt8](repeating: 1, count: 100))
    let files = StoreUnderTest(folder, options { $0.memoryLimit = 10 })
    let file = try #require(files.find("/public/a.bin"))
    #expect(file.identity.contents == nil)
    #expect(files.canOpen(file))
    try folder.write("a.bin", [UInt8](repeating: 2, count: 50))
    #expect(!files.canOpen(file))
    files.store.doubt(file)
    let fresh = try #require(files.find("/public/a.bin"))
    #expect(fresh !== file && fresh.identity.size == 50)
    #expect(files.canOpen(fresh))
  }

  // MARK: Tags

  @Test func `the tag of a file in memory is its MD5 as Egg's`() throws {
    let folder = try TemporaryFolder()
    try folder.write("a.txt", "hello")
    // MD5("hello") = 5d41402abc4b2a76b9719d911017c592
    let digest: [UInt8] = [
      0x5d, 0x41, 0x40, 0x2a, 0xbc, 0x4b, 0x2a, 0x76, 0xb9, 0x71, 0x9d, 0x91, 0x10, 0x17, 0xc5,
      0x92,
    ]
    let files = StoreUnderTest(
      [(folder.path, options { $0.sendsContentMD5 = true })],
      digest: { $0 == Array("hello".utf8) ? digest : nil })
    let identity = try #require(files.find("/public/a.txt")).identity
    #expect(identity.etag == "\"XUFAKrxLKna5cZ2REBfFkg==\"")
    #expect(identity.fields["ETag"] == identity.etag)
    #expect(identity.fields["Content-MD5"] == "XUFAKrxLKna5cZ2REBfFkg==")
  }

  @Test func `the tag of a large file changes with it`() throws {
    let folder = try TemporaryFolder()
    try folder.write("a.bin", "0123456789", modified: 1_000_000)
    let files = StoreUnderTest(folder, options { $0.memoryLimit = 4 })
    let first = try #require(files.find("/public/a.bin")).identity.etag
    folder.touch("a.bin", 1_000_001)
    files.wait(milliseconds: 1000)
    let second = try #require(files.find("/public/a.bin")).identity.etag
    #expect(first != second)
    #expect(first.hasPrefix("\"") && first.hasSuffix("\"") && first.count > 10)
  }

  // MARK: Compressed siblings

  @Test func `compressed siblings are found and answers vary`() throws {
    let folder = try TemporaryFolder()
    try folder.write("a.js", "plain", modified: 1_000_000)
    try folder.write("a.js.gz", "gzipped", modified: 1_000_000)
    try folder.write("a.js.br", "brotlied", modified: 1_000_500)
    try folder.write("b.js", "plain")
    let file = try #require(StoreUnderTest(folder).find("/public/a.js"))
    #expect(file.identity.fields["Vary"] == "Accept-Encoding")
    #expect(file.identity.fields["Content-Encoding"] == nil)
    #expect(file.gzip?.fields["Content-Encoding"] == "gzip")
    #expect(file.brotli?.fields["Content-Encoding"] == "br")
    #expect(file.gzip?.fields["Content-Type"] == "text/javascript; charset=utf-8")
    #expect(Set([file.identity.etag, file.gzip?.etag, file.brotli?.etag]).count == 3)
    #expect(StoreUnderTest(folder).find("/public/b.js")?.identity.fields["Vary"] == nil)
  }

  @Test func `a sibling that is older than the file is left over and not sent`() throws {
    let folder = try TemporaryFolder()
    try folder.write("a.js", "plain", modified: 1_000_100)
    try folder.write("a.js.gz", "gzipped", modified: 1_000_000)
    let files = StoreUnderTest(folder)
    #expect(files.find("/public/a.js")?.gzip == nil)
    try folder.write("a.js.gz", "gzipped again", modified: 1_000_200)
    files.wait(milliseconds: 1000)
    #expect(files.find("/public/a.js")?.gzip?.size == 13)
    try folder.remove("a.js.gz")
    files.wait(milliseconds: 1000)
    #expect(files.find("/public/a.js")?.gzip == nil)
  }

  @Test func `siblings can be switched off`() throws {
    let folder = try TemporaryFolder()
    try folder.write("a.js", "plain")
    try folder.write("a.js.gz", "gzipped")
    let files = StoreUnderTest(folder, options { $0.usesPrecompressed = false })
    #expect(files.find("/public/a.js")?.gzip == nil)
    #expect(files.text("/public/a.js.gz") == "gzipped")
  }

  // MARK: Start

  @Test func `without dynamic only what was found at start is served`() throws {
    let folder = try TemporaryFolder()
    try folder.write("a.txt", "a")
    try folder.write("sub/b.txt", "b")
    try folder.write(".env", "secret")
    let files = StoreUnderTest(folder, options { $0.isDynamic = false })
    #expect(files.find("/public/a.txt") == nil)
    #expect(files.store.preload(now: files.now) == 2)
    #expect(files.text("/public/a.txt") == "a")
    #expect(files.text("/public/sub/b.txt") == "b")
    #expect(files.find("/public/.env") == nil)
    try folder.write("c.txt", "c")
    #expect(files.find("/public/c.txt") == nil)
  }

  @Test func `links that go round are walked once`() throws {
    let folder = try TemporaryFolder()
    try folder.write("sub/a.txt", "a")
    try folder.link("sub/round", to: "..")
    try folder.link("sub/again", to: "..")
    let files = StoreUnderTest(
      folder,
      options {
        $0.isPreloaded = true
        $0.followsSymlinks = true
      })
    #expect(files.store.preload(now: files.now) == 1)
  }

  @Test func `no more than maxFiles are kept`() throws {
    let folder = try TemporaryFolder()
    for number in 0..<20 { try folder.write("\(number).txt", "\(number)") }
    let files = StoreUnderTest([(folder.path, .init())], maxFiles: 5)
    for number in 0..<20 { #expect(files.text("/public/\(number).txt") == "\(number)") }
    #expect(files.store.table.count == 5)
    #expect(files.text("/public/0.txt") == "0")
  }
}
