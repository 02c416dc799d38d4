import Synchronization

/// Templates held in memory, for tests and for applications that carry theirs with them.
public final class MemoryLoader: TemplateLoader {
  private struct Entry {
    let text: [UInt8]
    let version: TemplateVersion
  }
  private let entries: Mutex<(templates: [String: Entry], counter: Int64)>

  public init(_ templates: [String: String] = [:]) {
    entries = Mutex((templates.mapValues { Entry(text: Array($0.utf8), version: .init(0)) }, 0))
  }

  /// Adds or replaces a template; nil removes it.
  public func set(_ name: String, _ text: String?) {
    entries.withLock { state in
      state.counter += 1
      state.templates[name] = text.map {
        Entry(text: Array($0.utf8), version: .init(state.counter))
      }
    }
  }

  public func load(_ name: String) throws -> TemplateSource? {
    entries.withLock { state in
      state.templates[name].map {
        TemplateSource(text: $0.text, path: name, version: $0.version)
      }
    }
  }

  public func version(_ name: String) -> TemplateVersion? {
    entries.withLock { $0.templates[name]?.version }
  }
}
