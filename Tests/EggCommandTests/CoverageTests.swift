import Foundation
import Testing

@testable import EggCommand

/// What `egg cov` writes for editors and services.
@Suite("Coverage") struct CoverageTests {
  @Test func `lines of the loader's copies are told of the files that people edit`() throws {
    let scratch = try Scratch()
    try scratch.write(
      "#sourceLocation(file: \"/shop/app/controller/home.swift\", line: 1)\nimport Egg\n",
      to: "unit.app.controller.home.swift")
    try scratch.write("import Egg\n", to: "app/service/user.swift")
    let folder = scratch.url.resolvingSymlinksInPath().path
    try FileManager.default.createSymbolicLink(
      atPath: folder + "/unit.app.service.user.swift",
      withDestinationPath: folder + "/app/service/user.swift")
    var origins = MeasuredOrigins()
    let records = [
      "SF:\(folder)/unit.app.controller.home.swift", "FN:6,$s4shop", "DA:6,1", "FNF:3",
      "end_of_record", "SF:\(folder)/unit.app.service.user.swift", "DA:6,1",
    ].map { origins.record($0) }
    #expect(
      records == [
        "SF:/shop/app/controller/home.swift", "FN:5,$s4shop", "DA:5,1", "FNF:3", "end_of_record",
        "SF:\(folder)/app/service/user.swift", "DA:6,1",
      ])
  }
}
