package folio.benchmark.throughput;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EventReaderTest {
  private final EventReader reader = new EventReader();
  private final List<Integer> events = new ArrayList<>();

  private void read(String text) {
    reader.read(text.getBytes(StandardCharsets.UTF_8), events::add);
  }

  @Test
  void countsCharactersInsteadOfBytesOrEscapes() {
    read("data: {\"index\":0,\"text\":\"T\"}\n\n");
    read("data: {\"index\":0,\"text\":\"\\n\\\"é漢😀\"}\n\n");
    read("data: {\"text\": \"\\u00e9\"}\n\ndata: {\"text\": \"\\ud83d\\ude00a\"}\n\n");

    assertThat(events).containsExactly(1, 5, 1, 2);
    assertThat(reader.error()).isNull();
    assertThat(reader.done()).isFalse();
  }

  @Test
  void readsEventsThatArriveInPieces() {
    String event = "data: {\"index\":0,\"text\":\"" + "x".repeat(500) + "\"}\n\n";
    event.chars().forEach(c -> read(Character.toString(c)));

    assertThat(events).containsExactly(500);
  }

  @Test
  void recognisesTheEndOfTheStream() {
    read("data: {\"index\":0,\"text\":\"\",\"finish_reason\":\"length\",\"seed\":1}\n\n");
    read("data: [DONE]\n\n");

    assertThat(events).isEmpty();
    assertThat(reader.error()).isNull();
    assertThat(reader.done()).isTrue();
  }

  @Test
  void reportsAnErrorEvent() {
    read("data: {\"index\":0,\"text\":\"\",\"finish_reason\":\"error\",\"error\":\"no\"}\n\n");

    assertThat(reader.error()).contains("\"error\":\"no\"");
  }

  @Test
  void reportsALineThatIsNotAnEvent() {
    read("Internal Server Error\n");

    assertThat(reader.error()).isEqualTo("Internal Server Error");
  }
}
