import Testing

@testable import EggKernel

@Suite("Ordered object") struct OrderedObjectTests {
  @Test func `keys keep the order in which they came`() {
    var object: OrderedObject<Int> = ["b": 1, "a": 2]
    object["c"] = 3
    object["b"] = 9
    #expect(object.keys == ["b", "a", "c"])
    #expect(object.values == [9, 2, 3])
  }

  @Test func `every key is found below and above the size at which an index begins`() {
    var object = OrderedObject<Int>()
    for number in 0..<40 {
      object["key\(number)"] = number
      for earlier in 0...number { #expect(object["key\(earlier)"] == earlier) }
      #expect(object["other"] == nil)
    }
  }

  @Test func `a removed key is gone and the others are still found`() {
    var object = OrderedObject<Int>()
    for number in 0..<12 { object["key\(number)"] = number }
    object["key3"] = nil
    #expect(object["key3"] == nil)
    #expect(object.count == 11)
    for number in 4..<12 { #expect(object["key\(number)"] == number) }
  }

  @Test func `two objects with the same pairs are equal in any order`() {
    #expect(["a": 1, "b": 2] as OrderedObject<Int> == ["b": 2, "a": 1])
    #expect(["a": 1] as OrderedObject<Int> != ["a": 2])
  }
}
