import Foundation
import Nunjucks

/// The original engine in a child process: a line of JSON in, a line out.
///
/// It keeps what it compiles and has no limits of its own, so it is started again every thousand
/// templates, and when one of them took all its memory.
final class Original {
  private let node: String
  private var process = Process()
  private var input = Pipe()
  private var output = Pipe()
  private var pending = Data()
  private var jobs = 0

  /// Every round has an environment of its own, with the additions of ``Additions``.
  private static let script = """
    const nunjucks = require('nunjucks');
    // Source texts of functions are the one thing that cannot be the same.
    Function.prototype.toString = () => 'function () { [native code] }';
    function Shout() {
      this.tags = ['shout'];
      this.parse = (parser, nodes) => {
        const token = parser.nextToken();
        const args = parser.parseSignature(null, true);
        parser.advanceAfterBlockEnd(token.value);
        const body = parser.parseUntilBlocks('endshout');
        parser.advanceAfterBlockEnd();
        return new nodes.CallExtension(this, 'run', args, [body]);
      };
      this.run = (context, ...rest) => {
        const body = rest.pop();
        return new nunjucks.runtime.SafeString(
          body().toUpperCase() + (rest.length === 0 ? '!'
            : typeof rest[0] === 'number' ? '!'.repeat(rest[0]) : ''));
      };
    }
    const rl = require('readline').createInterface({input: process.stdin});
    const probe = nunjucks.renderString('{{ "\\\\\\\\" }}', {});
    console.log(JSON.stringify({backslash: probe !== '\\\\'}));
    rl.on('line', line => {
      const job = JSON.parse(line);
      const loader = {
        getSource: name => name in job.templates
          ? {src: job.templates[name], path: name, noCache: true} : null,
        isRelative: name => name.startsWith('./') || name.startsWith('../'),
        resolve: (from, to) => require('path').join(require('path').dirname(from), to)};
      const env = new nunjucks.Environment(loader, job.options);
      env.addFilter('twice', x => x + x);
      env.addFilter('loud', (x, n) => String(x).toUpperCase()
        + (typeof n === 'number' ? '!'.repeat(n) : ''));
      // Answered at once: in macros and captured text the original cannot wait.
      env.addFilter('later', (x, done) => done(null, 'later ' + x), true);
      env.addTest('three', x => x === 3);
      env.addGlobal('glob', 5);
      env.addGlobal('gfun', (a, b) => a + '/' + b);
      env.addExtension('Shout', new Shout());
      let done = false;
      const undo = job.compatible ? nunjucks.installJinjaCompat() : () => {};
      const answer = x => {
        if (!done) { done = true; undo(); console.log(JSON.stringify(x)); }
      };
      try {
        env.render('main', job.context, (err, res) => answer(
          err ? {error: String(err.message || err)} : {page: Buffer.from(res === null ? '' : res, 'utf8').toString('utf8')}));
        setTimeout(() => answer({error: 'no answer'}), 300);
      } catch (e) { answer({error: String(e.message || e)}); }
    });
    process.on('uncaughtException', () => {});
    """

  /// Whether it escapes the backslash, as 3.2.4 does.
  private(set) var escapesBackslash = true

  /// What `render` answers for a template that ended the process.
  static let gone = "the process has ended"

  init(_ node: String) throws {
    self.node = node
    do {
      try start()
    } catch {
      throw TemplateError(
        "\(node) with the module nunjucks is needed: apt-get install nodejs node-nunjucks (\(error))"
      )
    }
  }

  private func start() throws {
    (process, input, output) = (Process(), Pipe(), Pipe())
    (pending, jobs) = (Data(), 0)
    process.executableURL = URL(fileURLWithPath: node)
    process.arguments = ["--max-old-space-size=1024", "-e", Self.script]
    var settings = ProcessInfo.processInfo.environment
    if settings["NODE_PATH"] == nil { settings["NODE_PATH"] = "/usr/share/nodejs" }
    process.environment = settings
    process.standardInput = input
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    guard case .map(let map)? = try nextLine(), case .bool(let answer)? = map["backslash"] else {
      throw TemplateError("unexpected answer")
    }
    escapesBackslash = answer
  }

  /// The next line of output; nil when the process has ended.
  private func nextLine() throws -> TemplateValue? {
    while true {
      if let end = pending.firstIndex(of: 0x0A) {
        let line = Array(pending[pending.startIndex..<end])
        pending = Data(pending[pending.index(after: end)...])
        return try TemplateValue(json: line)
      }
      let more = output.fileHandleForReading.availableData
      if more.isEmpty { return nil }
      pending.append(more)
    }
  }

  /// What came out: a page, or the text of an error.
  func render(_ job: Generator.Job) throws -> (page: String?, error: String) {
    jobs += 1
    if jobs > 1000 {
      stop()
      try start()
    }
    var options = job.options.map { "\"\($0.key)\":\($0.value)" }
    if let tags = job.tags {
      options.append(
        "\"tags\":{\"blockStart\":\"\(tags.block.0)\",\"blockEnd\":\"\(tags.block.1)\","
          + "\"variableStart\":\"\(tags.variable.0)\",\"variableEnd\":\"\(tags.variable.1)\","
          + "\"commentStart\":\"\(tags.comment.0)\",\"commentEnd\":\"\(tags.comment.1)\"}")
    }
    let encoder = JSONEncoder()
    let templates = String(decoding: try encoder.encode(job.templates), as: UTF8.self)
    let line =
      "{\"templates\":\(templates),\"compatible\":\(job.isCompatible),\"options\":{\(options.joined(separator: ","))},"
      + "\"context\":\(Expressions.context)}\n"
    input.fileHandleForWriting.write(Data(line.utf8))
    guard let reply = try nextLine() else {
      try start()
      return (nil, Self.gone)
    }
    guard case .map(let answer) = reply else { throw TemplateError("unexpected answer of node") }
    return (answer["page"]?.textView?.string, answer["error"]?.textView?.string ?? "")
  }

  func stop() {
    process.terminate()
    process.waitUntilExit()
  }
}
