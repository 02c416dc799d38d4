import Egg
final class MetricsBoot: Boot { override func register() throws {} }
