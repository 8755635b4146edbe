package folio.model.testing;

import java.util.List;
import java.util.NoSuchElementException;

/**
 * A table of a Markdown page.
 *
 * @param headings the texts of the first line
 * @param rows the cells of every other line
 */
public record PageTable(List<String> headings, List<List<Cell>> rows) {
  /**
   * A cell.
   *
   * @param text the text without markup
   * @param code the texts between backticks
   */
  public record Cell(String text, List<String> code) {}

  /**
   * Returns the cells below a heading.
   *
   * @throws NoSuchElementException if there is no such heading
   */
  public List<Cell> column(String heading) {
    int column = headings.indexOf(heading);
    if (column < 0) {
      throw new NoSuchElementException("no column is called " + heading + ": " + headings);
    }
    return rows.stream().map(row -> row.get(column)).toList();
  }
}
