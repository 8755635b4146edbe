package folio.inference.observability;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.logging.Level;
import org.jboss.logmanager.ExtLogRecord;
import org.junit.jupiter.api.Test;

class PrintableLogFilterTest {
  @Test
  void escapesTextsAndKeepsNumbersAndBooleans() {
    ExtLogRecord log =
        new ExtLogRecord(
            Level.INFO, "n=%d on=%b text=%s", ExtLogRecord.FormatStyle.PRINTF, "folio.Test");
    log.setLoggerName("folio.Test");
    log.setParameters(new Object[] {3, false, "a\nb"});

    assertThat(new PrintableLogFilter().isLoggable(log)).isTrue();
    assertThat(log.getParameters()).containsExactly(3, false, "a\\u000ab");
  }
}
