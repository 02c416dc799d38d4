import Egg

final class AppBoot: Boot {
  override func didLoad() async throws {}
}
