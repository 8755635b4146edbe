package folio.inference.doctor;

import java.util.ArrayList;
import java.util.List;

/** The findings about a machine, in the order in which they are printed. Owned by one thread. */
final class Report {
  private static final int NAME_WIDTH = 15;

  private final List<String> findings = new ArrayList<>();
  private final List<String> missing = new ArrayList<>();

  /** Adds a finding. */
  void found(String name, String text) {
    findings.add(String.format("%-" + NAME_WIDTH + "s%s", name, text));
  }

  /**
   * Adds a finding that keeps the service from working as configured.
   *
   * @param remedy what to do, as an imperative clause
   */
  void missing(String name, String text, String remedy) {
    found(name, text);
    missing.add(name + ": " + remedy);
  }

  /** Runs a part of the examination; a failure is a finding, not the end of the report. */
  void section(String name, Runnable part) {
    try {
      part.run();
    } catch (RuntimeException | LinkageError e) {
      missing(name, "failed", String.valueOf(e.getMessage()));
    }
  }

  /** Returns whether nothing is missing. */
  boolean isComplete() {
    return missing.isEmpty();
  }

  /** Returns the findings, one per line, then what is missing. */
  @Override
  public String toString() {
    List<String> lines = new ArrayList<>(findings);
    lines.add("");
    if (isComplete()) {
      lines.add("Nothing is missing.");
    } else {
      lines.add("Missing:");
      missing.forEach(remedy -> lines.add("  " + remedy));
    }
    return String.join("\n", lines);
  }
}
