/// Folders and files of one convention, as a tree of properties.
struct TreeNode<Leaf> {
  var name: String
  var path: [String]
  var leaf: Leaf?
  var children: [TreeNode] = []

  static func root(_ leaves: [(path: [String], leaf: Leaf)]) -> TreeNode {
    var root = TreeNode(name: "", path: [])
    for (path, leaf) in leaves { root.insert(leaf, path[...], at: []) }
    return root
  }

  private mutating func insert(_ leaf: Leaf, _ rest: ArraySlice<String>, at path: [String]) {
    guard let name = rest.first else {
      self.leaf = leaf
      return
    }
    let index = children.firstIndex { $0.name == name } ?? children.count
    if index == children.count { children.append(TreeNode(name: name, path: path + [name])) }
    children[index].insert(leaf, rest.dropFirst(), at: path + [name])
  }

  /// Every node below, parents first.
  var descendants: [TreeNode] {
    children.flatMap { [$0] + $0.descendants }
  }
}
