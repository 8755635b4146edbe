package folio.inference.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import folio.model.sampling.OutOfRangeException;
import folio.model.sampling.SamplingParameters;
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
  void mergesWhatIsNotYetRead() {
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
  void tellsTheReaderOfWhatCameBeforeItListened() {
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
  void startsOrIsRefused() {
    stream.start(new GenerationStream.Started("v", 7));
    assertThat(stream.started().toCompletableFuture().join().seed()).isEqualTo(7);

    GenerationStream refused = new GenerationStream();
    refused.reject(new Rejection.UnknownModel("v"));
    assertThatThrownBy(() -> refused.started().toCompletableFuture().join())
        .hasCauseInstanceOf(RejectedException.class)
        .hasMessageContaining("no model of version v is resident");
  }

  private static GenerationRequest request(String prompt, int maxTokens, List<String> stop) {
    return new GenerationRequest(
        prompt, maxTokens, SamplingParameters.DEFAULT, 1, stop, -1, false, "current");
  }

  @Test
  void aRequestIsValidOrDoesNotExist() {
    GenerationLimits limits = new GenerationLimits(10, 5);

    assertThat(limits.check(request("abcde", 10, List.of("x"))).maxTokens()).isEqualTo(10);
    assertThatThrownBy(() -> limits.check(request("abcdef", 10, List.of())))
        .isInstanceOf(OutOfRangeException.class)
        .hasMessage("prompt is 6 characters; legal: up to 5 characters");
    assertThatThrownBy(() -> limits.check(request("a", 11, List.of())))
        .hasMessage("max_tokens is 11; legal: 1 to 10");
    assertThatThrownBy(() -> limits.check(request("a", 0, List.of())))
        .hasMessage("max_tokens is 0; legal: 1 to 10");
    assertThatThrownBy(() -> request("a", 1, List.of("")))
        .hasMessage("stop is 0 characters; legal: texts of 1 to 64 characters");
    assertThatThrownBy(() -> request("a", 1, java.util.Collections.nCopies(9, "x")))
        .hasMessageContaining("up to 8 texts");
  }
}
