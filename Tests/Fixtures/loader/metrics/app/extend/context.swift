import Egg
extension Context { func count(_ name: String, by step: Int = 1) {} }
