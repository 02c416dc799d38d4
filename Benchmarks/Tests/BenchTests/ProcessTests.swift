import Foundation
import Testing

@testable import bench

@Suite("Processes") struct ProcessTests {
  @Test func `a command's name may hold spaces and parentheses`() throws {
    // proc_pid_stat(5): utime is field 14, stime field 15.
    let line = "77 (a) b (c) S 12 77 77 0 -1 4194560 9 0 0 0 250 31 0 0 20 0 4 0 1 2 3"
    let record = try #require(ProcessRecord(stat: line))
    #expect(record.id == 77)
    #expect(record.parent == 12)
    #expect(record.ticks == 281)
    #expect(!record.isZombie)
  }

  @Test(arguments: ["", "77", "77 (a) S 1", "x (a) S 1 2 3 4 5 6 7 8 9 10 11 12 13"])
  func `what is not a stat line is refused`(line: String) {
    #expect(ProcessRecord(stat: line) == nil)
  }

  @Test func `descendants are found through their parents, and a loop ends`() throws {
    func record(_ id: Int, _ parent: Int) throws -> ProcessRecord {
      try #require(ProcessRecord(stat: "\(id) (x) S \(parent) 0 0 0 0 0 0 0 0 0 0 1 1 0 0"))
    }
    let all = [
      try record(10, 1), try record(11, 10), try record(12, 11), try record(20, 1),
      try record(30, 31), try record(31, 30),
    ]
    #expect(Set(Descendants.below(10, in: all).map(\.id)) == [11, 12])
    #expect(Descendants.below(30, in: all).map(\.id) == [31])
  }

  @Test func `a connection is found by both ports`() {
    // Port 8080 is 1F90, 40000 is 9C40; the first line is the listener.
    let table = """
        sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
         0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 555 1
         1: 0100007F:9C40 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 777 1
         2: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 666 1
      """
    #expect(ServingProcess.inode(in: table, local: 8080, remote: 40000) == "666")
    #expect(ServingProcess.inode(in: table, local: 8080, remote: 40001) == nil)
  }

  @Test func `a worker is found, not the master that listens`() throws {
    // The listener is inherited by two children; only the second accepts.
    let script = """
      import os, socket, sys, time
      listener = socket.socket(); listener.bind(("127.0.0.1", 0)); listener.listen()
      if os.fork() == 0:
          time.sleep(60); os._exit(0)
      worker = os.fork()
      if worker == 0:
          peer = listener.accept()[0]
          time.sleep(60); os._exit(0)
      print('{"port": %d, "worker": %d}' % (listener.getsockname()[1], worker), flush=True)
      time.sleep(60)
      """
    let python = try #require(Place.find("python3"), "install python3")
    let child = try Child([python, "-c", script], log: "/dev/null", piped: true)
    defer { Descendants.end(child.id, patience: 0) }
    var line = ""
    while !line.hasSuffix("\n"), let byte = try child.output?.read(upToCount: 1), !byte.isEmpty {
      line += String(decoding: byte, as: UTF8.self)
    }
    let port = try #require(MemoryCommand.number("port", in: line))
    let probe = try #require(Probe(port: port))
    var found: pid_t?
    for _ in 0..<1000 where found == nil {  // until it has accepted
      found = ServingProcess.find(port: port, client: probe.localPort)
    }
    #expect(found.map(Int.init) == MemoryCommand.number("worker", in: line))
  }

  @Test func `ending a process ends what it started`() throws {
    let child = try Child(
      ["/bin/sh", "-c", "sleep 60 & sleep 60 & echo; wait"], log: "/dev/null", piped: true)
    _ = try child.output?.read(upToCount: 1)
    let members = [child.id] + Descendants.of(child.id).map(\.id)
    #expect(members.count == 3)
    Descendants.end(child.id)
    #expect(members.allSatisfy { ProcessRecord(id: $0).map(\.isZombie) ?? true })
  }

  @Test func `a field of a status file is the number after its name`() {
    let text = "Name:\tx\nVmRSS:\t    1234 kB\nRssAnon:\t 7 kB\n"
    #expect(Memory.field("VmRSS:", in: text) == 1234)
    #expect(Memory.field("Pss:", in: text) == nil)
  }
}
