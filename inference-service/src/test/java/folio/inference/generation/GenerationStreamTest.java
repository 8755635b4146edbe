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
  void returnsALongTextInSeveralEvents() {
    String pairs = "\uD83D\uDE00".repeat(10_000);
    stream.append("a" + pairs, List.of());
    StringBuilder read = new StringBuilder();
    for (GenerationEvent event = stream.poll(); event != null; event = stream.poll()) {
      String text = ((GenerationEvent.Text) event).text();
      assertThat(text).hasSizeBetween(1, 8192).doesNotEndWith("\uD83D");
      read.append(text);
    }

    assertThat(read).hasToString("a" + pairs);
  }

  @Test
  void returnsEachCharacterWithItsEntry() {
    for (int i = 0; i < 100; i++) {
      stream.append(Integer.toString(i % 10), List.of(entry(i)));
    }
    int read = 0;
    for (GenerationEvent event = stream.poll(); event != null; event = stream.poll()) {
      GenerationEvent.Text text = (GenerationEvent.Text) event;
      assertThat(text.logprobs()).hasSizeBetween(1, 32).hasSize(text.text().length());
      assertThat(text.logprobs().get(0).rank()).isEqualTo(read);
      read += text.logprobs().size();
    }

    assertThat(read).isEqualTo(100);
  }

  private static TokenLogprob entry(int rank) {
    return new TokenLogprob("a", -1, rank, List.of());
  }

  @Test
  void endsWithAnErrorIfItHoldsMostOfAnExceededBudget() {
    MemoryBudget budget = new MemoryBudget(1000);
    GenerationStream large = new GenerationStream(budget);
    GenerationStream small = new GenerationStream(budget);
    large.start(new GenerationStream.Started("v", 7));
    large.append("a".repeat(300), List.of());
    small.append("b".repeat(150), List.of());
    assertThat(budget.bytes()).isEqualTo(900);
    assertThat(large.abandoned()).isFalse();
    small.append("b".repeat(100), List.of());

    assertThat(large.abandoned()).isTrue();
    large.append("a", List.of());
    large.end(end());
    assertThat(large.poll())
        .isInstanceOfSatisfying(
            GenerationEvent.Failed.class,
            failed -> assertThat(failed.message()).contains("memory budget", "incomplete"));
    assertThat(large.poll()).isNull();
    assertThat(large.ended().toCompletableFuture()).isCompleted();
    assertThat(small.poll()).isEqualTo(new GenerationEvent.Text("b".repeat(250), List.of()));
    assertThat(budget.bytes()).isZero();
    assertThat(budget.evictions()).isEqualTo(1);
  }

  @Test
  void isRejectedIfItExceedsTheBudgetBeforeItsFirstCharacter() {
    GenerationStream scoring = new GenerationStream(new MemoryBudget(500));
    for (int i = 0; i < 10; i++) {
      scoring.append("", List.of(entry(1)));
    }

    assertThatThrownBy(() -> scoring.started().toCompletableFuture().join())
        .hasCauseInstanceOf(RejectedException.class)
        .hasMessageContaining("memory budget");
  }

  @Test
  void keepsCountingWhatItsReaderCollectsOrHasInFlight() {
    MemoryBudget budget = new MemoryBudget(1000);
    GenerationStream collected = new GenerationStream(budget);
    collected.retain();
    collected.append("abc", List.of());
    assertThat(collected.poll()).isNotNull();
    collected.addInFlight(100);
    assertThat(budget.bytes()).isEqualTo(106);
    collected.addInFlight(-100);
    assertThat(budget.bytes()).isEqualTo(6);
    collected.cancel();

    assertThat(budget.bytes()).isZero();
  }

  @Test
  void isDisconnectedIfItsClientDoesNotReadWhatIsInFlight() {
    MemoryBudget budget = new MemoryBudget(1000);
    GenerationStream silent = new GenerationStream(budget);
    AtomicInteger disconnects = new AtomicInteger();
    silent.onDisconnect(disconnects::incrementAndGet);
    silent.addInFlight(900);
    assertThat(disconnects).hasValue(0);
    silent.addInFlight(200);

    assertThat(disconnects).hasValue(1);
    assertThat(budget.bytes()).isZero();
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
