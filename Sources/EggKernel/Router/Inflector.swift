/// English plural and singular of the last word of a name, for the route names of `resources`.
///
///     Inflector.singular("blog_posts")  // "blog_post"
///     Inflector.plural("person")        // "people"
///
/// A word that has the wanted number already stays as it is. Words are separated by anything but
/// letters, and by a capital after a small letter (`blogPosts`).
package enum Inflector {
  package static func plural(_ name: String) -> String { inflect(name, pluralWord) }

  package static func singular(_ name: String) -> String { inflect(name, singularWord) }

  private static func inflect(_ name: String, _ rule: (String) -> String) -> String {
    let bytes = Array(name.utf8)
    var start = bytes.count
    while start > 0, RouteByte.isLetter(bytes[start - 1]) {
      start -= 1
      let isCapital = bytes[start] & 0x20 == 0
      if isCapital, start > 0, RouteByte.isLetter(bytes[start - 1]), bytes[start - 1] & 0x20 != 0 {
        break
      }
    }
    guard start < bytes.count else { return name }
    let word = bytes[start...]
    var changed = Array(rule(String(decoding: word.map(RouteByte.lower), as: UTF8.self)).utf8)
    let isUpper = word.count > 1 && word.allSatisfy { $0 & 0x20 == 0 }
    for index in changed.indices
    where isUpper || index == 0 && word.first! & 0x20 == 0 {
      changed[index] &= ~0x20
    }
    return String(decoding: bytes[..<start] + changed, as: UTF8.self)
  }

  // MARK: Words, in lower case

  private static func pluralWord(_ word: String) -> String {
    if uncountable.contains(word) || singulars[word] != nil { return word }
    if let known = plurals[word] { return known }
    if let compound = compound(word, from: \.0, to: \.1) { return compound }
    if compounds.contains(where: { word.hasSuffix($0.1) }) { return word }
    if word.hasSuffix("sis") { return word.dropLast(2) + "es" }
    if word.hasSuffix("us") || word.hasSuffix("ss") || endsInHissing(word) { return word + "es" }
    if word.hasSuffix("s") { return word }
    if word.hasSuffix("y"), !endsInVowelAndY(word) { return word.dropLast() + "ies" }
    return word + "s"
  }

  private static func singularWord(_ word: String) -> String {
    if uncountable.contains(word) || plurals[word] != nil { return word }
    if let known = singulars[word] { return known }
    if let compound = compound(word, from: \.1, to: \.0) { return compound }
    guard word.hasSuffix("s"), !word.hasSuffix("ss"), !word.hasSuffix("us"), !word.hasSuffix("sis")
    else { return word }
    if word.hasSuffix("ies"), word.utf8.count > 4 {
      return iesFromIe.contains(word) ? String(word.dropLast()) : word.dropLast(3) + "y"
    }
    for ending in ["sses", "shes", "ches", "xes", "zzes", "tzes"] where word.hasSuffix(ending) {
      return chesFromChe.contains(word) ? String(word.dropLast()) : String(word.dropLast(2))
    }
    return String(word.dropLast())
  }

  private static func endsInHissing(_ word: String) -> Bool {
    ["x", "z", "ch", "sh"].contains { word.hasSuffix($0) }
  }

  private static func endsInVowelAndY(_ word: String) -> Bool {
    guard let before = word.dropLast().last else { return true }
    return "aeiou".contains(before) && !word.hasSuffix("quy")
  }

  /// `salesperson`, `grandchild`, `fireman`: the last part decides.
  private static func compound(
    _ word: String, from: (((String, String)) -> String), to: (((String, String)) -> String)
  ) -> String? {
    guard !notCompounds.contains(word) else { return nil }
    for pair in compounds where word.hasSuffix(from(pair)) {
      return word.dropLast(from(pair).count) + to(pair)
    }
    return nil
  }

  private static let compounds = [
    ("person", "people"), ("child", "children"), ("woman", "women"), ("man", "men"),
  ]

  private static let notCompounds: Set = [
    "human", "german", "roman", "shaman", "talisman", "ottoman", "caiman", "specimen", "regimen",
    "abdomen", "omen", "acumen", "stamen",
  ]

  private static let uncountable: Set = [
    "aircraft", "deer", "equipment", "feedback", "fish", "hardware", "information", "jeans",
    "money",
    "news", "police", "rice", "series", "sheep", "software", "species",
  ]

  private static let iesFromIe: Set = [
    "birdies", "brownies", "calories", "cookies", "genies", "hoodies", "movies", "prairies",
    "rookies", "selfies", "zombies",
  ]

  private static let chesFromChe: Set = [
    "aches", "avalanches", "axes", "caches", "headaches", "niches", "quiches",
  ]

  private static let plurals: [String: String] = [
    "alias": "aliases", "appendix": "appendices", "atlas": "atlases", "axis": "axes",
    "bias": "biases", "bonus": "bonuses", "buffalo": "buffaloes", "bus": "buses", "calf": "calves",
    "campus": "campuses", "canvas": "canvases", "census": "censuses", "circus": "circuses",
    "criterion": "criteria", "datum": "data", "echo": "echoes", "elf": "elves", "focus": "focuses",
    "foot": "feet", "gas": "gases", "goose": "geese", "half": "halves", "hero": "heroes",
    "index": "indices", "knife": "knives", "leaf": "leaves", "lens": "lenses", "life": "lives",
    "loaf": "loaves", "louse": "lice", "matrix": "matrices", "medium": "media", "mouse": "mice",
    "nexus": "nexuses", "octopus": "octopuses", "ox": "oxen", "phenomenon": "phenomena",
    "potato": "potatoes", "quiz": "quizzes", "self": "selves", "shelf": "shelves",
    "status": "statuses", "thief": "thieves", "tomato": "tomatoes", "tooth": "teeth",
    "torpedo": "torpedoes", "vertex": "vertices", "veto": "vetoes", "virus": "viruses",
    "wife": "wives", "wolf": "wolves",
  ]

  /// The plurals that no rule leads back from.
  private static let singulars: [String: String] = {
    var result = Dictionary(uniqueKeysWithValues: plurals.map { ($0.value, $0.key) })
    for stem in ["analy", "cri", "diagno", "hypothe", "oa", "parenthe", "synop", "the"] {
      result[stem + "ses"] = stem + "sis"
    }
    return result
  }()
}
