import Nunjucks
import Testing

/// What the comparison with the original engine found, kept here so that it stays found.
@Suite("as the original") struct OriginalTests {
  @Test(arguments: [
    // Undefined items are sorted to the end and not looked at.
    ("{{ [undef, undef]|sort(attribute='k')|length }}", "2"),
    ("{{ [none, undef]|sort(true, true, 'k')|length }}", "2"),
    // Safe text has a length and no items.
    ("{{ (w|e)|reject('even')|length }}", "0"),
    ("{{ (s|safe)|select|length }}", "0"),
    // Safe text is not the empty text, even if it is empty.
    ("[{{ ''|safe|indent(2, true) }}][{{ ''|indent(2, true) }}]", "[  ][]"),
    // Halves of a surrogate pair survive changes of case.
    ("{{ face[0]|upper ~ face[1]|lower }}", "😀"),
    ("{{ face[0] is lower }}", "true"),
    // Functions have no members and no keys.
    ("{% macro m() %}{% endmacro %}{{ m|length }}{{ m.length }}", "00"),
    ("{% macro m() %}{% endmacro %}[{{ m|center(3) }}]", "[ function () { [native code] }  ]"),
    ("{{ r/a/|length }}", ""),
    // What has no index has no groups.
    ("{{ {a: 1}|groupby('k')|dump|safe }}", "{}"),
    // A list inside itself prints nothing.
    ("{{ l.fill(l) }}", ",,"),
    ("{{ l.push(l) }}{{ l }}", "41,2,3,"),
    // A loop around an asynchronous tag is asynchronous: `else` runs for what has no length.
    (
      "{% for k, v in {a: 1} %}{{ k }}{% asyncEach i in [1] %}{{ i }}{% endeach %}{% else %}none{% endfor %}",
      "a1none"
    ),
    // The list may change under an asynchronous loop.
    ("{% asyncEach i in l %}{{ i }}{{ l.pop() }}{% endeach %}", "1322"),
    // … but not inside the text of a set.
    (
      "{% set x %}{% for k, v in {a: 1} %}{{ k }}{% asyncEach i in [1] %}{{ i }}{% endeach %}{% else %}none{% endfor %}{% endset %}{{ x }}",
      "a1"
    ),
  ])
  func `prints the same`(template: String, page: String) throws {
    let views = Environment()
    let context = try TemplateValue(
      json: Array(#"{"s": "abc", "w": ["b", "a"], "l": [1, 2, 3], "face": "😀"}"#.utf8))
    let bytes = try views.renderString(template, context)
    #expect(String(decoding: bytes, as: UTF8.self) == page)
  }

  @Test(arguments: [
    ("{% macro m() %}{% endmacro %}{{ m|list }}", "list filter: type not iterable"),
    ("{{ r/a/|dictsort }}", "dictsort filter: val must be an object"),
    ("{{ [1, none]|urlencode }}", "which has no items"),
    ("{{ face[0]|urlencode }}", "half of a surrogate pair"),
  ])
  func `fails the same`(template: String, cause: String) throws {
    let context = try TemplateValue(json: Array(#"{"face": "😀"}"#.utf8))
    #expect {
      try Environment().renderString(template, context)
    } throws: {
      "\($0)".contains(cause)
    }
  }

  @Test(arguments: [
    ("{{ [1:2] }}", "1,2,1"), ("{{ [:]|length }}", "3"), ("{{ [[1:2], 3] }}", "1,2,1,3"),
  ])
  func `with jinjaCompat a slice of nothing is a list`(template: String, page: String) throws {
    var options = TemplateOptions()
    options.jinjaCompat = true
    let bytes = try Environment(options: options).renderString(template, .undefined)
    #expect(String(decoding: bytes, as: UTF8.self) == page)
  }

  @Test(arguments: [
    ("{{ undef.get('a', 1) }}{{ undef.items()|length }}{{ nothing.has_key('x') }}", "10false"),
    ("{{ (s|safe).get('val') }} {{ (s|safe).has_key('length') }}", "abc true"),
    ("{{ zero.keys()|length }}{{ undef.items is callable }}{{ undef.other }}", "0true"),
  ])
  func `with jinjaCompat what is false has the methods of an empty map`(
    template: String, page: String
  ) throws {
    var options = TemplateOptions()
    options.jinjaCompat = true
    let bytes = try Environment(options: options).renderString(
      template, ["s": "abc", "zero": 0, "nothing": .null])
    #expect(String(decoding: bytes, as: UTF8.self) == page)
  }

  /// Once these were views of a text that was gone.
  @Test(arguments: [
    ("{{ (s|safe).val }}", "<abc>"), ("{{ ((s|safe)|dictsort)[2][1] }}", "<abc>"),
    ("{{ (s|safe).concat() }}", "<abc>"), ("{{ (s|safe).normalize() }}", "<abc>"),
    ("{{ (s|safe).padEnd(2) }}", "<abc>"), ("{{ (s|safe).toString() }}", "<abc>"),
  ])
  func `members of safe text outlive it`(template: String, page: String) throws {
    var options = TemplateOptions()
    options.autoescape = false
    let bytes = try Environment(options: options).renderString(template, ["s": "<abc>"])
    #expect(String(decoding: bytes, as: UTF8.self) == page)
  }
}
