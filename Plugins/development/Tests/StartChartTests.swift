import DevelopmentPages
import Testing

@Suite("The start as a page") struct StartChartTests {
  private func page(_ start: Double, _ took: Double, whole: Double = 200, name: String = "step")
    -> String
  {
    StartChart.page(
      [
        StartChart(
          role: "application", process: 7, whole: whole,
          steps: [.init(unit: "shop", name: name, start: start, took: took)])
      ], name: "shop")
  }

  @Test func `a step is a bar at its time`() {
    let page = page(50, 100)
    #expect(page.contains("<h2>application, process 7: ready after 200.00 ms</h2>"))
    #expect(page.contains(#"<td class="time">100.00 ms</td>"#))
    #expect(page.contains(#"style="margin-left:25.00%;width:50.00%""#))
  }

  @Test func `a bar stays on the axis`() {
    #expect(page(150, 100).contains("margin-left:75.00%;width:25.00%"))
    #expect(page(900, 100).contains("margin-left:100.00%;width:0.00%"))
    #expect(page(-5, -5).contains("margin-left:0.00%;width:0.00%"))
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity, 1e300, -1e300, .leastNonzeroMagnitude, 0])
  func `no number of a damaged file stops the process`(number: Double) {
    for page in [page(number, 1), page(1, number), page(1, 1, whole: number)] {
      #expect(page.contains("margin-left:") && !page.contains("nan") && !page.contains("inf%"))
    }
  }

  @Test func `names are text`() {
    let page = page(1, 1, name: "</td><script>alert('\"&')</script>")
    #expect(page.contains("&lt;script&gt;alert(&#39;&quot;&amp;&#39;)"))
    #expect(!page.contains("<script>"))
  }

  @Test func `without files the page says so`() {
    #expect(StartChart.page([], name: "<b>").contains("not written yet"))
    #expect(StartChart.page([], name: "<b>").contains("<title>The start of &lt;b&gt;</title>"))
  }

  @Test(arguments: [
    (0.0, "0.00"), (1.005, "1.00"), (12.346, "12.35"), (-0.5, "-0.50"), (-3.25, "-3.25"),
  ])
  func `numbers have two digits behind the point`(number: Double, text: String) {
    #expect(StartChart.hundredths(number) == text)
  }
}
