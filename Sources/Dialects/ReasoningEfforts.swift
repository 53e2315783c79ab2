package import Completion

/// Which of the levels of `complete` a model takes, and by what words.
package struct ReasoningEfforts: Sendable, Hashable {
  /// The names of the levels, from least to most.
  static let levels = ReasoningLevel.allCases.map(\.rawValue)

  private let words: [ReasoningLevel: String]

  /// The words of a quirk: level → word, or → `nil` for a level that is not offered. Levels it does not mention keep
  /// the usual ones: low, medium and high by their own names, and no others.
  package init(_ map: [String: String?] = [:]) {
    var words: [ReasoningLevel: String] = [.low: "low", .medium: "medium", .high: "high"]
    for (name, word) in map {
      if let level = ReasoningLevel(rawValue: name) { words[level] = word }
    }
    self.words = words
  }

  /// The words that the catalogue knows of `model`, or the usual ones, with those of a quirk on top.
  package init(_ model: ModelInfo, _ map: [String: String?] = [:]) {
    guard let efforts = model.efforts else {
      self.init(map)
      return
    }
    var words: [String: String?] = [:]
    for level in ReasoningLevel.allCases {
      let word = level == .off ? "none" : level.rawValue
      words.updateValue(efforts.contains(word) ? word : nil, forKey: level.rawValue)
    }
    self.init(words.merging(map) { $1 })
  }

  /// The word for exactly `level`; `nil` when it is not offered.
  package subscript(level: ReasoningLevel) -> String? { words[level] }

  /// The word for `level` or the nearest offered one, the higher of two equally near; never off for a level that
  /// thinks. `nil` when none is offered.
  package func nearest(to level: ReasoningLevel) -> String? {
    let order = ReasoningLevel.allCases
    guard let wanted = order.firstIndex(of: level) else { return nil }
    let offered = order.indices.filter { order[$0] != .off && words[order[$0]] != nil }
    let best = offered.min { (abs($0 - wanted), -$0) < (abs($1 - wanted), -$1) }
    return best.flatMap { words[order[$0]] }
  }

  /// The budget in tokens that stands for a level, for servers that take nothing else; where the highest ones lie
  /// differs from model to model, so they get what any takes.
  package static func budget(for level: ReasoningLevel) -> Int {
    switch level {
    case .off: 0
    case .minimal: 1024
    case .low: 2048
    case .medium: 8192
    case .high, .xhigh, .max: 16_384
    }
  }

  /// The level that a budget in tokens comes closest to.
  package static func level(forBudget tokens: Int) -> ReasoningLevel {
    switch tokens {
    case ..<1: .off
    case ..<1537: .minimal
    case ..<5121: .low
    case ..<12_289: .medium
    case ..<24_577: .high
    default: .max
    }
  }
}

/// How much a model shall think, for servers that take a level and for those that take a budget.
struct ReasoningWish {
  /// The level asked for, or the one that the budget comes closest to.
  var level: ReasoningLevel
  /// The budget asked for, in tokens; never zero, which is the level off.
  var budget: Int?
}

extension ReasoningOption {
  var wish: ReasoningWish {
    switch self {
    case .level(let level): ReasoningWish(level: level)
    case .budget(let tokens):
      ReasoningWish(level: ReasoningEfforts.level(forBudget: tokens), budget: tokens > 0 ? tokens : nil)
    }
  }
}
