import Testing

/// Suites that run a unit against a fake kernel. One after the other: they share the main actor,
/// and a unit expects to be alone in its process.
@Suite("SDK", .serialized) enum SDK {}
