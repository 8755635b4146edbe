package folio.trainer.report;

/** Colours of text: those of a terminal, or none. */
public enum Ansi {
  /** Escape sequences colour the text. */
  ON("\u001b[31m", "\u001b[33m", "\u001b[0m"),
  /** The text stays plain. */
  OFF("", "", "");

  private final String red;
  private final String yellow;
  private final String reset;

  Ansi(String red, String yellow, String reset) {
    this.red = red;
    this.yellow = yellow;
    this.reset = reset;
  }

  /** Returns whether text is coloured. */
  boolean enabled() {
    return this == ON;
  }

  /** Returns a text in red. */
  String red(String text) {
    return red + text + reset;
  }

  /** Returns a text in yellow. */
  String yellow(String text) {
    return yellow + text + reset;
  }
}
