import Foundation

/// The original, rendering on request: one line in (workload and seconds), one line out.
private let script = """
  const nunjucks = require('nunjucks'), fs = require('fs'), path = require('path');
  const rl = require('readline').createInterface({input: process.stdin});
  rl.on('line', line => {
    const [folder, seconds, compiles] = JSON.parse(line);
    if (compiles) {
      const env = new nunjucks.Environment(null, {autoescape: true});
      const sources = fs.readdirSync(path.join(folder, 'templates'), {recursive: true})
        .filter(name => name.endsWith('.njk'))
        .map(name => fs.readFileSync(path.join(folder, 'templates', name), 'utf8'));
      let best = Infinity;
      const deadline = performance.now() + seconds * 1000;
      while (performance.now() < deadline) {
        const start = performance.now();
        for (const source of sources) new nunjucks.Template(source, env, 'x', true);
        best = Math.min(best, (performance.now() - start) * 1000);
      }
      return console.log(String(best));
    }
    const env = new nunjucks.Environment(
      new nunjucks.FileSystemLoader(path.join(folder, 'templates')), {autoescape: true});
    const context = JSON.parse(fs.readFileSync(path.join(folder, 'context.json')));
    const template = env.getTemplate('main.njk', true);
    let best = Infinity, rounds = 1;
    const deadline = performance.now() + seconds * 1000;
    while (performance.now() < deadline) {
      const start = performance.now();
      for (let i = 0; i < rounds; i++) Buffer.from(template.render(context), 'utf8');
      const micros = (performance.now() - start) * 1000;
      if (micros < 20000) rounds *= 2; else best = Math.min(best, micros / rounds);
    }
    console.log(String(best));
  });
  """

final class Original {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()

  init(_ node: String) throws {
    process.executableURL = URL(fileURLWithPath: node)
    process.arguments = ["-e", script]
    var settings = ProcessInfo.processInfo.environment
    if settings["NODE_PATH"] == nil { settings["NODE_PATH"] = "/usr/share/nodejs" }
    process.environment = settings
    process.standardInput = input
    process.standardOutput = output
    try process.run()
  }

  func measure(_ folder: String, _ seconds: Double, compiling: Bool = false) -> Double {
    input.fileHandleForWriting.write(Data("[\"\(folder)\", \(seconds), \(compiling)]\n".utf8))
    var line = ""
    while !line.hasSuffix("\n") {
      let data = output.fileHandleForReading.availableData
      if data.isEmpty { return .nan }
      line += String(decoding: data, as: UTF8.self)
    }
    return Double(line.dropLast()) ?? .nan
  }

  func stop() { process.terminate() }
}
