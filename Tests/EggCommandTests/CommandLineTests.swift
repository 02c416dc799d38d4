import EggKernel
import Testing

@Suite("Command line") struct CommandLineTests {
  @Test func `help lists every command and the exit codes`() throws {
    let result = try Egg.run("--help")
    #expect(result.status == 0)
    for name in [
      "init", "dev", "start", "stop", "reload", "status", "build", "lint", "plugin list",
      "plugin inspect", "plugin new",
      "inspect config", "inspect routes", "inspect middleware", "inspect extensions",
      "inspect units", "inspect timing",
    ] {
      #expect(result.output.contains("\n  \(name) "), "\(name)")
    }
    #expect(result.output.contains("Exit codes: 0 done, 1 could not be done, 2"))
  }

  @Test func `no command shows the help and is a mistake`() throws {
    let result = try Egg.run()
    #expect(result.status == 2)
    #expect(result.output.isEmpty)
    #expect(result.errors.contains("usage: egg COMMAND"))
  }

  @Test(arguments: [
    ["dev"], ["start"], ["stop"], ["reload"], ["status"], ["build"], ["init"], ["plugin", "list"],
    ["plugin", "inspect"],
    ["plugin", "new"], ["inspect", "config"], ["inspect", "routes"], ["inspect", "timing"],
  ])
  func `every command explains itself`(words: [String]) throws {
    let result = try Egg.run(Egg.command, words + ["--help"])
    #expect(result.status == 0)
    #expect(result.output.contains("usage: egg \(words.joined(separator: " "))"))
    #expect(try Egg.run(Egg.command, ["help"] + words).output == result.output)
  }

  @Test(arguments: [
    (["dve"], "\"dve\" is no command of egg (did you mean \"dev\"?)"),
    (["plugin", "lst"], "no command of \"egg plugin\" (did you mean \"list\"?)"),
    (["plugin"], "\"egg plugin\" is one of: egg plugin list,"),
    (["inspect", "route"], "(did you mean \"routes\"?)"),
    (["dev", "--prt", "1"], "has no option --prt (did you mean \"--port\"?)"),
    (["dev", "--port"], "--port needs a value: PORT"),
    (["dev", "--port", "eighty"], "expected --port to be a number from 0 to 65535"),
    (["dev", "--port=65536"], "found \"65536\""),
    (["dev", "--no-build=yes"], "--no-build takes no value, found \"yes\""),
    (["dev", "a", "b"], "\"b\" is one argument more than \"egg dev\" takes"),
    (["plugin", "inspect"], "expected FILE.so: the plugin's library"),
    (["build", "-c", "fast"], "expected -c release or -c debug, found \"fast\""),
    (["plugin", "new", "x"], "expected --lang c|cpp|rust|swift"),
    (["plugin", "new", "x", "--lang", "rst"], "(did you mean \"rust\"?)"),
    (["init", "x", "--type", "big"], "simple|api|plugin|framework, found \"big\""),
  ])
  func `a slip is named, with a way out, and exit code 2`(words: [String], text: String) throws {
    let result = try Egg.run(Egg.command, words)
    #expect(result.status == 2)
    #expect(result.output.isEmpty)
    #expect(result.errors.contains("error: "))
    #expect(result.errors.contains(text))
    #expect(result.errors.contains("--help"))
  }

  @Test func `the version is the kernel's`() throws {
    #expect(try Egg.run("--version").output == "egg \(EggVersion.text)\n")
  }
}
