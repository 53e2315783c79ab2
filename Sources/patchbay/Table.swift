/// Rows under headings: columns aligned for a person, separated by tabs for a program.
struct Table {
  private let headings: [String]
  private var rows: [[String]] = []

  init(_ headings: [String]) { self.headings = headings }

  /// Adds a row of as many cells as there are headings.
  mutating func add(_ cells: [String]) { rows.append(cells.map(visible)) }

  /// Prints the rows; a program gets no headings.
  func print() {
    let out = Terminal.output
    guard out.isTerminal else {
      for row in rows { out.line(row.joined(separator: "\t")) }
      return
    }
    guard !rows.isEmpty else { return Terminal.error.line("(none)") }
    let widths = headings.indices.map { column in ([headings] + rows).map { $0[column].count }.max() ?? 0 }
    out.line(out.styled(line(headings, widths), .bold))
    for row in rows { out.line(line(row, widths)) }
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    let padded = zip(cells, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
    return String(padded.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
  }
}
