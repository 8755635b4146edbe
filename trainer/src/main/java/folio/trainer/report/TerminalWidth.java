package folio.trainer.report;

import java.io.IOException;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;

/** The width of this process's terminal, which changes when its window is resized. */
final class TerminalWidth {
  /** The width without a terminal, or if it cannot be read. */
  static final int DEFAULT = 80;

  /** A bar or a text in fewer columns would be illegible. */
  private static final int LEAST = 30;

  private static final Terminal TERMINAL = open();

  private TerminalWidth() {}

  private static Terminal open() {
    try {
      return TerminalBuilder.builder()
          .dumb(true) // without a terminal there is no warning
          .nativeSignals(false)
          .signalHandler(Terminal.SignalHandler.SIG_DFL)
          .build();
    } catch (IOException e) {
      return null;
    }
  }

  /** Returns the number of columns now. */
  static int columns() {
    int columns = TERMINAL == null ? 0 : TERMINAL.getWidth();
    return columns <= 0 ? DEFAULT : Math.max(LEAST, columns);
  }
}
