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
 * The runs of a sweep: a line each, {@code NAME: OPTIONS OF TRAIN}. What stands in a line {@code
 * all: OPTIONS} comes before every run's own options, which count more; between them comes what
 * stands in a line {@code GROUP.all: OPTIONS}. Empty lines and lines that begin with {@code #} say
 * nothing.
 *
 * @param runs in the order of the file, their names all different
 */
public record SweepFile(List<Run> runs) {
  private static final Pattern LINE = Pattern.compile("([a-z0-9][a-z0-9.-]*):\\s*(.*)");
  private static final String ALL = "all";

  /** What the sweep itself decides. */
  private static final List<String> RESERVED =
      List.of("--promote", "--run", "--resume", "--checkpoints");

  /**
   * One run.
   *
   * @param name of lower-case letters, digits, dots and dashes; what stands before the first dot is
   *     its group, whose curves share a picture
   * @param options of {@code train}
   */
  public record Run(String name, List<String> options) {
    private Run after(Map<String, List<String>> common) {
      List<String> together = new ArrayList<>(common.getOrDefault(ALL, List.of()));
      together.addAll(common.getOrDefault(group() + "." + ALL, List.of()));
      together.addAll(options);
      return new Run(name, together);
    }

    /** What it shares a picture with. */
    public String group() {
      int dot = name.indexOf('.');
      return dot < 0 ? name : name.substring(0, dot);
    }
  }

  /**
   * Reads a file.
   *
   * @throws SweepException naming the line that is wrong
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
        throw new SweepException(where + "legal is NAME: OPTIONS OF TRAIN, not " + line, null);
      }
      List<String> options = form.group(2).isEmpty() ? List.of() : words(form.group(2));
      check(options, where);
      if (form.group(1).equals(ALL) || form.group(1).endsWith("." + ALL)) {
        common.computeIfAbsent(form.group(1), name -> new ArrayList<>()).addAll(options);
      } else if (names.add(form.group(1))) {
        runs.add(new Run(form.group(1), options));
      } else {
        throw new SweepException(where + "there is a run " + form.group(1) + " already", null);
      }
    }
    if (runs.isEmpty()) {
      throw new SweepException(file + " has no run; a line is NAME: OPTIONS OF TRAIN", null);
    }
    return new SweepFile(runs.stream().map(run -> run.after(common)).toList());
  }

  /**
   * Refuses options that are the sweep's own.
   *
   * @param where the options stand, for the message
   * @throws SweepException naming the first of them
   */
  public static void check(List<String> options, String where) {
    for (String option : options) {
      if (RESERVED.contains(option.replaceFirst("=.*", ""))) {
        throw new SweepException(where + option + " is the sweep's to decide", null);
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
