/// Rows under headings: columns aligned for a person, separated by tabs for a program.
struct Table {
  private let headings: [String]
  private var rows: [[String]] = []

  init(_ headings: [String]) { self.headings = headings }

  /// Adds a row of as many cells as there are headings.
  mutating func add(_ cells: [String]) { rows.append(cells.map(visible)) }

  /// Prints the rows; a program gets no headings. A person gets a bar behind each row that has one of `shares`, 0…1 of
  /// what the terminal's width leaves.
  func print(shares: [Double] = []) {
    let out = Terminal.output
    guard out.isTerminal else {
      for row in rows { out.line(row.joined(separator: "\t")) }
      return
    }
    guard !rows.isEmpty else { return Terminal.error.line("(none)") }
    let widths = headings.indices.map { column in ([headings] + rows).map { $0[column].count }.max() ?? 0 }
    out.line(out.styled(line(headings, widths), .bold))
    let room = out.width - widths.reduce(0) { $0 + $1 + 2 }
    for (position, row) in rows.enumerated() {
      let cells = line(row, widths)
      guard shares.indices.contains(position), room >= Self.shortestBar else {
        out.line(cells)
        continue
      }
      let gap = String(repeating: " ", count: out.width - room - cells.count)
      out.line(cells + gap + out.styled(Self.bar(shares[position], room), .cyan))
    }
  }

  /// Less room than this is better left empty.
  private static let shortestBar = 4

  /// A bar of `share` of `width` columns, to an eighth of a column.
  static func bar(_ share: Double, _ width: Int) -> String {
    let eighths = Int((min(1, max(0, share)) * Double(width * 8)).rounded())
    let ends = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    return String(repeating: "█", count: eighths / 8) + ends[eighths % 8]
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    let padded = zip(cells, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
    return String(padded.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
  }
}
