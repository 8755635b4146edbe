package folio.inference.api;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** The errors that the service under test logs from now until it is closed. */
public final class RecordedErrors extends Handler implements AutoCloseable {
  private final Logger root = Logger.getLogger("");
  private final List<String> messages = new CopyOnWriteArrayList<>();

  /** Starts to record. */
  public RecordedErrors() {
    root.addHandler(this);
  }

  /** Returns the messages of all errors so far. */
  public List<String> messages() {
    return messages;
  }

  @Override
  public void publish(LogRecord log) {
    if (log.getLevel().intValue() >= Level.SEVERE.intValue()) {
      messages.add(log.getLoggerName() + ": " + log.getMessage());
    }
  }

  @Override
  public void flush() {
    // every record is kept at once
  }

  @Override
  public void close() {
    root.removeHandler(this);
  }
}
