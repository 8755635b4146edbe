package folio.inference.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class GenerationStreamTest {
  private final GenerationStream stream = new GenerationStream();

  private static GenerationEvent.Finished end() {
    Timings timings = new Timings(Duration.ZERO, Duration.ZERO, Duration.ZERO);
    return new GenerationEvent.Finished(
        FinishReason.LENGTH, "v", 1, new Usage(1, 3), timings, null);
  }

  @Test
  void mergesUnreadText() {
    stream.append("a", List.of());
    stream.append("b", List.of());
    assertThat(stream.poll()).isEqualTo(new GenerationEvent.Text("ab", List.of()));
    assertThat(stream.poll()).isNull();
    stream.append("c", List.of());
    stream.end(end());

    assertThat(stream.poll()).isEqualTo(new GenerationEvent.Text("c", List.of()));
    assertThat(stream.poll()).isEqualTo(end());
    assertThat(stream.poll()).isNull();
  }

  @Test
  void notifiesALateReaderOfEarlierText() {
    AtomicInteger calls = new AtomicInteger();
    stream.append("a", List.of());
    stream.onReadable(calls::incrementAndGet);
    assertThat(calls).hasValue(1);
    stream.append("b", List.of());
    stream.end(end());

    assertThat(calls).hasValue(3);
    assertThat(stream.ended().toCompletableFuture()).isCompleted();
  }

  @Test
  void startsOrIsRejected() {
    stream.start(new GenerationStream.Started("v", 7));
    assertThat(stream.started().toCompletableFuture().join().seed()).isEqualTo(7);

    GenerationStream rejected = new GenerationStream();
    rejected.reject(new Rejection.UnknownModel("v"));
    assertThatThrownBy(() -> rejected.started().toCompletableFuture().join())
        .hasCauseInstanceOf(RejectedException.class)
        .hasMessageContaining("no model of version v is resident");
  }
}
