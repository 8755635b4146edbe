package folio.model.testing;

import static java.util.stream.Collectors.joining;

import folio.model.testing.PageTable.Cell;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.commonmark.ext.gfm.tables.TableBlock;
import org.commonmark.ext.gfm.tables.TableRow;
import org.commonmark.node.Code;
import org.commonmark.node.FencedCodeBlock;
import org.commonmark.node.Image;
import org.commonmark.node.Link;
import org.commonmark.node.Node;
import org.commonmark.node.SoftLineBreak;
import org.commonmark.node.Text;

/** A part of a Markdown page. */
public final class Section {
  private final List<Node> blocks;

  /** Creates a section of consecutive blocks. */
  Section(List<Node> blocks) {
    this.blocks = List.copyOf(blocks);
  }

  /** Returns the destinations of links and images. */
  public List<String> links() {
    return nodes()
        .flatMap(
            node ->
                node instanceof Link link
                    ? Stream.of(link.getDestination())
                    : node instanceof Image image ? Stream.of(image.getDestination()) : Stream.of())
        .toList();
  }

  /** Returns the texts between backticks. */
  public List<String> codeSpans() {
    return code(nodes());
  }

  /** Returns the lines of code blocks; a line that ends with a backslash includes the next one. */
  public List<String> codeLines() {
    return nodes()
        .filter(FencedCodeBlock.class::isInstance)
        .map(node -> ((FencedCodeBlock) node).getLiteral().replace("\\\n", " "))
        .flatMap(String::lines)
        .toList();
  }

  /** Returns the tables. */
  public List<PageTable> tables() {
    return nodes().filter(TableBlock.class::isInstance).map(Section::table).toList();
  }

  private Stream<Node> nodes() {
    return blocks.stream().flatMap(Section::withDescendants);
  }

  private static PageTable table(Node table) {
    List<List<Cell>> rows =
        withDescendants(table)
            .filter(TableRow.class::isInstance)
            .map(row -> children(row).map(Section::cell).toList())
            .toList();
    return new PageTable(
        rows.get(0).stream().map(Cell::text).toList(), rows.subList(1, rows.size()));
  }

  private static Cell cell(Node cell) {
    return new Cell(text(cell), code(withDescendants(cell)));
  }

  private static List<String> code(Stream<Node> nodes) {
    return nodes.filter(Code.class::isInstance).map(node -> ((Code) node).getLiteral()).toList();
  }

  /** Returns the children of a node. */
  static Stream<Node> children(Node node) {
    return Stream.iterate(node.getFirstChild(), Objects::nonNull, Node::getNext);
  }

  /** Returns the text of a node without markup. */
  static String text(Node node) {
    return withDescendants(node)
        .map(
            part ->
                part instanceof Text text
                    ? text.getLiteral()
                    : part instanceof Code code
                        ? code.getLiteral()
                        : part instanceof SoftLineBreak ? " " : "")
        .collect(joining());
  }

  private static Stream<Node> withDescendants(Node node) {
    return Stream.concat(Stream.of(node), children(node).flatMap(Section::withDescendants));
  }
}
