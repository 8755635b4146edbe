package folio.inference.engine;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AdmissionQueueTest {
  private static final WorkerSettings ONE_LANE = new WorkerSettings(Device.cpu(), 1, 4);

  private final AdmissionQueue queue = new AdmissionQueue(2, 3, ONE_LANE);

  private static QueuedRequest waiting(int maxTokens) {
    GenerationRequest request = GenerationRequest.builder("a", maxTokens).seed(1).build();
    return new QueuedRequest(request, new GenerationStream(), 0);
  }

  private static QueuedRequest together(int choices) {
    QueuedRequest one = waiting(1);
    return new QueuedRequest(Collections.nCopies(choices, one.choices().get(0)), 0);
  }

  private static int maxTokens(QueuedRequest waiting) {
    return waiting.choices().get(0).request().maxTokens();
  }

  private static void fill(AdmissionQueue queue, int requests) {
    for (int i = 1; i <= requests; i++) {
      assertThat(queue.offer(waiting(i))).isTrue();
    }
  }

  /** Which lane takes each request, one after another. */
  private static List<Integer> takers(AdmissionQueue queue, int workers) {
    List<Integer> takers = new ArrayList<>();
    while (IntStream.range(0, workers).anyMatch(queue::waitsFor)) {
      int taker = IntStream.range(0, workers).filter(queue::waitsFor).findFirst().orElseThrow();
      assertThat(IntStream.range(0, workers).filter(worker -> worker != taker))
          .allSatisfy(other -> assertThat(queue.poll(other)).isNull());
      assertThat(queue.poll(taker)).isNotNull();
      takers.add(taker);
    }
    return takers;
  }

  @Test
  void rejectsWhenFull() {
    fill(queue, 5);

    assertThat(queue.offer(waiting(6))).isFalse();
    assertThat(queue.size()).isEqualTo(5);
  }

  @Test
  void whatRunsStillCounts() {
    fill(queue, 5);
    assertThat(queue.poll(0)).isNotNull();
    assertThat(queue.offer(waiting(6))).isFalse();
    queue.left(0);
    assertThat(queue.offer(waiting(6))).isTrue();
  }

  @Test
  void isFirstComeFirstServed() {
    fill(queue, 5);
    queue.removeIf(each -> maxTokens(each) == 2);

    assertThat(maxTokens(queue.poll(0))).isEqualTo(1);
    assertThat(maxTokens(queue.poll(0))).isEqualTo(3);
  }

  @Test
  void givesNoMoreThanThereAreSlots() {
    fill(queue, 5);

    assertThat(takers(queue, 1)).containsExactly(0, 0);
    assertThat(queue.running()).isEqualTo(2);
    queue.left(0);
    assertThat(takers(queue, 1)).containsExactly(0);
  }

  @Test
  void fewRequestsShareALaneAndManyAreSpreadEvenly() {
    AdmissionQueue wide = new AdmissionQueue(9, 0, new WorkerSettings(Device.cpu(), 3, 2));
    fill(wide, 9);

    assertThat(takers(wide, 3)).containsExactly(0, 0, 1, 1, 2, 2, 0, 1, 2);
    assertThat(wide.maxPerWorker()).as("sixteen choices, or all").isEqualTo(9);
    assertThat(new AdmissionQueue(64, 0, new WorkerSettings(Device.cpu(), 2, 4)).maxPerWorker())
        .isEqualTo(32);
    assertThat(new AdmissionQueue(64, 0, new WorkerSettings(Device.cpu(), 32, 4)).maxPerWorker())
        .isEqualTo(16);
  }

  @Test
  void aChipDecodesThoseOfOneLaneTogether() {
    AdmissionQueue wide = new AdmissionQueue(9, 0, new WorkerSettings(Device.cpu(), 3, 2));
    wide.fused(() -> 6);
    fill(wide, 9);

    assertThat(takers(wide, 3)).containsExactly(0, 0, 0, 0, 0, 0, 1, 1, 1);
  }

  @Test
  void theSmallestLaneIsNextAfterSomeHaveLeft() {
    AdmissionQueue wide = new AdmissionQueue(8, 8, new WorkerSettings(Device.cpu(), 2, 2));
    fill(wide, 12);
    takers(wide, 2);
    wide.left(1);
    wide.left(1);
    wide.left(0);

    assertThat(takers(wide, 2)).containsExactly(1, 0, 1);
  }

  @Test
  void wakesTheLaneThatIsNext() {
    AdmissionQueue wide = new AdmissionQueue(4, 0, new WorkerSettings(Device.cpu(), 2, 1));
    List<Integer> woken = new ArrayList<>();
    wide.onNext(woken::add);
    fill(wide, 2);
    assertThat(woken).containsOnly(0);
    wide.poll(0);
    assertThat(woken).endsWith(1);
  }

  @Test
  void isIdleOnceEveryClientKnowsHowItEnded() throws Exception {
    fill(queue, 1);
    assertThat(queue.awaitIdle(Duration.ofMillis(1))).isFalse();
    queue.poll(0);
    queue.left(0);
    assertThat(queue.running()).isZero();
    assertThat(queue.awaitIdle(Duration.ofMillis(1))).isFalse();
    CompletableFuture<Boolean> idle = CompletableFuture.supplyAsync(this::awaitIdle);
    queue.ended();

    assertThat(idle.join()).isTrue();
  }

  private boolean awaitIdle() {
    try {
      return queue.awaitIdle(Duration.ofMinutes(1));
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aRequestThatIsNotRunAfterAllLeavesItsSlot() {
    fill(queue, 1);
    queue.returned(0, queue.poll(0));

    assertThat(queue.running()).isZero();
    assertThat(awaitIdle()).isTrue();
  }

  @Test
  void choicesWaitForSlotsForAllOfThem() {
    fill(queue, 1);
    assertThat(queue.offer(together(2))).isTrue();
    queue.poll(0);

    assertThat(queue.poll(0)).as("one slot is free").isNull();
    queue.left(0);
    queue.ended();
    assertThat(queue.poll(0).slots()).isEqualTo(2);
    assertThat(queue.running()).isEqualTo(2);
    queue.returned(0, together(2));
    assertThat(awaitIdle()).isTrue();
  }

  @Test
  void everyChoiceCounts() {
    assertThat(queue.offer(together(2))).isTrue();
    assertThat(queue.offer(together(2))).isTrue();
    assertThat(queue.size()).isEqualTo(4);

    assertThat(queue.offer(together(2))).as("five may run and wait").isFalse();
    assertThat(queue.offer(waiting(1))).isTrue();
    queue.removeIf(each -> each.slots() == 2);
    assertThat(queue.size()).isEqualTo(1);
  }

  @Test
  void choicesGoToALaneThatHasRoomForAllOfThem() {
    AdmissionQueue two = new AdmissionQueue(40, 8, new WorkerSettings(Device.cpu(), 2, 4));
    fill(two, 3);
    assertThat(takers(two, 2)).containsExactly(0, 0, 0);

    assertThat(two.offer(together(16))).isTrue();
    assertThat(two.offer(together(15))).isTrue();

    assertThat(takers(two, 2)).containsExactly(1, 0);
    assertThat(two.offer(together(5))).isTrue();
    assertThat(takers(two, 2)).as("two rows are free in lane 0, four in lane 1").isEmpty();
  }

  @Test
  void aBoundedNumberPassesChoicesThatDoNotFit() {
    fill(queue, 1);
    queue.poll(0);
    assertThat(queue.offer(together(2))).isTrue();
    int passing = 0;
    while (passing < 1000) {
      assertThat(queue.offer(waiting(1))).isTrue();
      QueuedRequest next = queue.poll(0);
      if (next == null) {
        break;
      }
      assertThat(next.slots()).isEqualTo(1);
      queue.left(0);
      queue.ended();
      passing++;
    }

    assertThat(passing).isEqualTo(64);
    queue.left(0);
    queue.ended();
    assertThat(queue.poll(0).slots()).as("then it is their turn").isEqualTo(2);
  }

  @Test
  void offersAllOrNone() {
    assertThat(queue.offer(List.of(together(2), together(2), together(2)))).isFalse();
    assertThat(queue.size()).isZero();
    assertThat(queue.offer(List.of(together(2), together(2), waiting(1)))).isTrue();
    assertThat(queue.size()).isEqualTo(queue.most());
  }
}
