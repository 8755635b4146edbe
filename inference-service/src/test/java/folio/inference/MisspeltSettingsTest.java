package folio.inference;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MisspeltSettingsTest {
  @Test
  void namesTheNearestSetting() {
    assertThat(
            MisspeltSettings.find(
                List.of("FOLIO_SLOTZ", "FOLIO_KEY", "FOLIO_TURN_TIMEOUTS", "FOLIO_QUEUECAPACITY")))
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "FOLIO_SLOTZ", "FOLIO_SLOTS",
                "FOLIO_KEY", "FOLIO_KEYS",
                "FOLIO_TURN_TIMEOUTS", "FOLIO_TURN_TIMEOUT",
                "FOLIO_QUEUECAPACITY", "FOLIO_QUEUE_CAPACITY"));
  }

  @Test
  void passesSettingsAndVariablesOfOtherPrograms() {
    assertThat(
            MisspeltSettings.find(
                List.of(
                    "FOLIO_SLOTS",
                    "FOLIO_CACHE",
                    "FOLIO_API_KEY",
                    "FOLIO_PYTHON",
                    "FOLIO_DEMO_TIMEOUT",
                    "FOLIO_PORT",
                    "FOLIO_SERVICE_HOST",
                    "FOLIO_PORT_8080_TCP",
                    "SLOTS")))
        .isEmpty();
  }
}
