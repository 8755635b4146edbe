package folio.model.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A shell command that a page shows.
 *
 * @param page the page that shows it
 * @param words the program and its arguments without quotes; assignments before it are left out
 */
public record ShellCommand(Page page, List<String> words) {
  /** An operator, which ends a command. */
  private static final Pattern OPERATOR = Pattern.compile("[|&;<>]+");

  /** A text in quotes. */
  private static final Pattern QUOTED = Pattern.compile("'([^']*)'|\"([^\"]*)\"");

  /** A word, parts of which may be quoted, or an operator. */
  private static final Pattern TOKEN =
      Pattern.compile("(?:" + QUOTED + "|[^\\s'\"|&;<>])+|" + OPERATOR);

  /** Returns the commands in the code blocks and between the backticks of every page. */
  public static List<ShellCommand> onAllPages() {
    return Pages.all().stream().flatMap(page -> on(page).stream()).toList();
  }

  /** Returns the commands of the launcher, {@code ./folio}, on every page. */
  public static List<ShellCommand> ofTheLauncher() {
    return onAllPages().stream()
        .filter(command -> command.program().equals("./folio") && command.words.size() > 1)
        .toList();
  }

  /** Returns the commands on a page. */
  static List<ShellCommand> on(Page page) {
    return Stream.of(page.whole().codeLines(), page.whole().codeSpans())
        .flatMap(List::stream)
        .flatMap(line -> split(line).stream())
        .map(ShellCommand::withoutAssignments)
        .filter(words -> !words.isEmpty())
        .map(words -> new ShellCommand(page, words))
        .toList();
  }

  /** Returns the name of the program. */
  public String program() {
    return words.get(0);
  }

  /** Returns the words after the program's name. */
  public String[] arguments() {
    return words.subList(1, words.size()).toArray(String[]::new);
  }

  /**
   * Returns the words of each command in a line of shell code. A comment that begins with two
   * hyphens holds more options of the last command, so that command is returned twice.
   */
  public static List<List<String>> split(String line) {
    List<List<String>> commands = new ArrayList<>();
    List<String> command = new ArrayList<>();
    commands.add(command);
    Matcher tokens = TOKEN.matcher(line);
    while (tokens.find()) {
      String token = tokens.group();
      if (token.equals("#")) {
        String comment = line.substring(tokens.end()).strip();
        if (comment.startsWith("--")) {
          List<String> longer = new ArrayList<>(command);
          longer.addAll(split(comment).get(0));
          commands.add(longer);
        }
        break;
      }
      if (OPERATOR.matcher(token).matches()) {
        command = new ArrayList<>();
        commands.add(command);
      } else {
        command.add(QUOTED.matcher(token).replaceAll("$1$2"));
      }
    }
    return commands;
  }

  private static List<String> withoutAssignments(List<String> words) {
    return words.stream().dropWhile(word -> word.matches("[A-Z_]+=.*")).toList();
  }

  /** Returns the page and the command. */
  @Override
  public String toString() {
    return page + ": " + String.join(" ", words);
  }
}
