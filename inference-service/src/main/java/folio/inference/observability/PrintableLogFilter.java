package folio.inference.observability;

import folio.model.text.PrintableText;
import io.quarkus.logging.LoggingFilter;
import java.util.Arrays;
import java.util.logging.Filter;
import java.util.logging.LogRecord;
import org.jboss.logmanager.ExtLogRecord;

/**
 * The filter of Folio's log records. It escapes line breaks and other invisible characters:
 * messages quote files and requests, and a line break in them would forge a line.
 */
@LoggingFilter(name = "printable")
public final class PrintableLogFilter implements Filter {
  private static final String LOGGERS = "folio.";

  @Override
  public boolean isLoggable(LogRecord log) {
    if (log instanceof ExtLogRecord record && record.getLoggerName().startsWith(LOGGERS)) {
      Object[] parameters = record.getParameters();
      if (parameters != null) {
        record.setParameters(
            Arrays.stream(parameters).map(PrintableLogFilter::printable).toArray());
      }
      record.setMessage(PrintableText.escape(record.getMessage()), record.getFormatStyle());
    }
    return true;
  }

  /** Returns the text of a parameter, but numbers and booleans as their formats need them. */
  private static Object printable(Object parameter) {
    return parameter instanceof Number || parameter instanceof Boolean
        ? parameter
        : PrintableText.escape(String.valueOf(parameter));
  }
}
