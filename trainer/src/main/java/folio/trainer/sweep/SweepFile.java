package folio.trainer.sweep;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The runs of a sweep, as a file lists them: one line {@code NAME: OPTIONS} a run, with options of
 * {@code train}. The options of a line {@code all: OPTIONS} apply to every run, those of a line
 * {@code GROUP.all: OPTIONS} to the runs of one group. A run's own options override its group's,
 * which override those of all. Empty lines and lines that begin with {@code #} are ignored.
 *
 * @param runs in the order of the file; their names differ
 */
public record SweepFile(List<Run> runs) {
  private static final Pattern LINE = Pattern.compile("([a-z0-9][a-z0-9.-]*):\\s*(.*)");
  private static final String ALL = "all";

  /** The options that the sweep itself sets for every run. */
  private static final List<String> RESERVED =
      List.of("--promote", "--run", "--resume", "--resume-if-saved", "--checkpoints");

  /** The options of which only the most specific ones count, in groups. */
  private static final List<List<String>> EXCLUSIVE =
      List.of(
          List.of("--corpus"),
          List.of("--validation"),
          List.of("--test"),
          List.of("--steps", "--epochs", "--minutes"));

  /**
   * One run.
   *
   * @param name lower-case letters, digits, dots and dashes; the part before the first dot is the
   *     run's group
   * @param options the options of {@code train}, the most general ones first
   */
  public record Run(String name, List<String> options) {
    /** Returns the run with the options of all runs and of its group before its own. */
    private Run after(Map<String, List<String>> common) {
      List<String> ofGroup = common.getOrDefault(group() + "." + ALL, List.of());
      List<String> general = override(common.getOrDefault(ALL, List.of()), ofGroup);
      return new Run(name, override(general, options));
    }

    /** Returns the name of the group, whose runs share a picture. */
    public String group() {
      int dot = name.indexOf('.');
      return dot < 0 ? name : name.substring(0, dot);
    }
  }

  /**
   * Returns options of {@code train} followed by others that override them. Of most options the
   * last one counts. Texts would be joined, and of the options for the length only one may be
   * given, so these are removed if there is another one.
   */
  static List<String> override(List<String> options, List<String> later) {
    List<String> combined = new ArrayList<>(options);
    for (List<String> exclusive : EXCLUSIVE) {
      if (later.stream().anyMatch(option -> exclusive.contains(name(option)))) {
        for (int i = combined.size() - 1; i >= 0; i--) {
          String option = combined.get(i);
          if (exclusive.contains(name(option))) {
            combined.remove(i);
            if (!option.contains("=") && i < combined.size()) {
              combined.remove(i); // its value
            }
          }
        }
      }
    }
    combined.addAll(later);
    return combined;
  }

  private static String name(String option) {
    return option.replaceFirst("=.*", "");
  }

  /**
   * Reads a file.
   *
   * @throws SweepException if the file cannot be read or a line is wrong; the message names the
   *     line
   */
  public static SweepFile read(Path file) {
    Map<String, List<String>> common = new HashMap<>();
    List<Run> runs = new ArrayList<>();
    Set<String> names = new HashSet<>();
    List<String> lines = lines(file);
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      Matcher form = LINE.matcher(line);
      String where = file + ", line " + (i + 1) + ": ";
      if (!form.matches()) {
        throw new SweepException(where + "it must be NAME: OPTIONS OF TRAIN, not " + line, null);
      }
      List<String> options = form.group(2).isEmpty() ? List.of() : words(form.group(2));
      check(options, where);
      if (form.group(1).equals(ALL) || form.group(1).endsWith("." + ALL)) {
        common.computeIfAbsent(form.group(1), name -> new ArrayList<>()).addAll(options);
      } else if (names.add(form.group(1))) {
        runs.add(new Run(form.group(1), options));
      } else {
        throw new SweepException(where + "there is another run named " + form.group(1), null);
      }
    }
    if (runs.isEmpty()) {
      throw new SweepException(
          file + " has no run; add lines such as NAME: OPTIONS OF TRAIN", null);
    }
    return new SweepFile(runs.stream().map(run -> run.after(common)).toList());
  }

  /**
   * Checks that no option is one that the sweep itself sets.
   *
   * @param where the beginning of the message, which says where the options stand
   * @throws SweepException if there is such an option; the message names the first one
   */
  public static void check(List<String> options, String where) {
    for (String option : options) {
      if (RESERVED.contains(name(option))) {
        throw new SweepException(where + option + " is set by the sweep; remove it", null);
      }
    }
  }

  private static List<String> words(String text) {
    return List.of(text.split("\\s+", -1));
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      throw new SweepException(file + " cannot be read: " + e, e);
    }
  }
}
