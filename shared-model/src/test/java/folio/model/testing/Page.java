package folio.model.testing;

import static java.util.stream.Collectors.toSet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.stream.Stream;
import org.commonmark.ext.gfm.tables.TablesExtension;
import org.commonmark.ext.heading.anchor.IdGenerator;
import org.commonmark.node.Heading;
import org.commonmark.node.Node;
import org.commonmark.parser.Parser;

/** A Markdown page in GitHub's dialect. */
public final class Page {
  private static final Parser PARSER =
      Parser.builder().extensions(List.of(TablesExtension.create())).build();

  private final Path file;
  private final List<Node> blocks;

  private Page(Path file, List<Node> blocks) {
    this.file = file;
    this.blocks = blocks;
  }

  /** Reads a page from a file. */
  public static Page read(Path file) {
    try {
      Node document = PARSER.parse(Files.readString(file, StandardCharsets.UTF_8));
      return new Page(file, Section.children(document).toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the file of this page. */
  public Path file() {
    return file;
  }

  /** Returns this page as one section. */
  public Section whole() {
    return new Section(blocks);
  }

  /**
   * Returns what stands below a heading, subsections included.
   *
   * @throws NoSuchElementException if there is no such heading
   */
  public Section section(String title) {
    List<Node> below = new ArrayList<>();
    int level = 0;
    for (Node block : blocks) {
      if (level > 0 && block instanceof Heading next && next.getLevel() <= level) {
        break;
      }
      if (level > 0) {
        below.add(block);
      } else if (block instanceof Heading heading && Section.text(heading).equals(title)) {
        level = heading.getLevel();
      }
    }
    if (level == 0) {
      throw new NoSuchElementException(this + " has no heading \"" + title + '"');
    }
    return new Section(below);
  }

  /** Returns the anchors of the headings, by the rule of GitHub. */
  public Set<String> anchors() {
    IdGenerator ids = IdGenerator.builder().build();
    return headings().map(heading -> ids.generateId(Section.text(heading))).collect(toSet());
  }

  private Stream<Heading> headings() {
    return blocks.stream().filter(Heading.class::isInstance).map(Heading.class::cast);
  }

  /** Returns the path relative to the project's folder. */
  @Override
  public String toString() {
    return Pages.ROOT.relativize(file).toString();
  }
}
