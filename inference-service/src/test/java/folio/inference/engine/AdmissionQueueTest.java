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
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class AdmissionQueueTest {
  private static final WorkerSettings ONE_WORKER = new WorkerSettings(Device.cpu(), 1, 4);

  private final AdmissionQueue queue = new AdmissionQueue(2, 2, 3, ONE_WORKER);

  private static QueuedRequest queued(int maxTokens) {
    GenerationRequest request = GenerationRequest.builder("a", maxTokens).seed(1).build();
    return from("", request);
  }

  private static QueuedRequest from(String client, GenerationRequest request) {
    QueuedRequest.Choice choice = new QueuedRequest.Choice(request, new GenerationStream());
    return new QueuedRequest(List.of(choice), 0, client);
  }

  private static QueuedRequest from(String client, int maxTokens) {
    return from(client, queued(maxTokens).choices().get(0).request());
  }

  private static QueuedRequest group(int choices) {
    QueuedRequest one = queued(1);
    return new QueuedRequest(Collections.nCopies(choices, one.choices().get(0)), 0, "");
  }

  private static int maxTokens(QueuedRequest queued) {
    return queued.choices().get(0).request().maxTokens();
  }

  private static void fill(AdmissionQueue queue, int requests) {
    for (int i = 1; i <= requests; i++) {
      assertThat(queue.offer(queued(i))).isTrue();
    }
  }

  /** Lets workers take every request that they can, and returns their indices in order. */
  private static List<Integer> takers(AdmissionQueue queue, int workers) {
    List<Integer> takers = new ArrayList<>();
    while (IntStream.range(0, workers).anyMatch(queue::hasNextFor)) {
      int taker = IntStream.range(0, workers).filter(queue::hasNextFor).findFirst().orElseThrow();
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

    assertThat(queue.offer(queued(6))).isFalse();
    assertThat(queue.size()).isEqualTo(5);
  }

  @Test
  void countsRunningRequestsTowardsTheBound() {
    fill(queue, 5);
    assertThat(queue.poll(0)).isNotNull();
    assertThat(queue.offer(queued(6))).isFalse();
    queue.releaseSlot(0, "");
    assertThat(queue.offer(queued(6))).isTrue();
  }

  @Test
  void servesInTheOrderOfArrival() {
    fill(queue, 5);
    queue.removeIf(each -> maxTokens(each) == 2);

    assertThat(maxTokens(queue.poll(0))).isEqualTo(1);
    assertThat(maxTokens(queue.poll(0))).isEqualTo(3);
  }

  @Test
  void neverGivesMoreRequestsThanThereAreSlots() {
    fill(queue, 5);

    assertThat(takers(queue, 1)).containsExactly(0, 0);
    assertThat(queue.running()).isEqualTo(2);
    queue.releaseSlot(0, "");
    assertThat(takers(queue, 1)).containsExactly(0);
  }

  @Test
  void fewRequestsShareAWorkerAndManyAreSpreadEvenly() {
    AdmissionQueue wide = new AdmissionQueue(9, 9, 0, new WorkerSettings(Device.cpu(), 3, 2));
    fill(wide, 9);

    assertThat(takers(wide, 3)).containsExactly(0, 0, 1, 1, 2, 2, 0, 1, 2);
    assertThat(wide.maxPerWorker()).as("16 choices, or all").isEqualTo(9);
    assertThat(new AdmissionQueue(64, 64, 0, new WorkerSettings(Device.cpu(), 2, 4)).maxPerWorker())
        .isEqualTo(32);
    assertThat(
            new AdmissionQueue(64, 64, 0, new WorkerSettings(Device.cpu(), 32, 4)).maxPerWorker())
        .isEqualTo(16);
  }

  @Test
  void requestsShareAWorkerUpToItsFusedSlots() {
    AdmissionQueue wide = new AdmissionQueue(9, 9, 0, new WorkerSettings(Device.cpu(), 3, 2));
    wide.setFusedSlotsSource(() -> 6);
    fill(wide, 9);

    assertThat(takers(wide, 3)).containsExactly(0, 0, 0, 0, 0, 0, 1, 1, 1);
  }

  @Test
  void choosesTheLeastLoadedWorkerAfterSlotsWereReleased() {
    AdmissionQueue wide = new AdmissionQueue(8, 8, 8, new WorkerSettings(Device.cpu(), 2, 2));
    fill(wide, 12);
    takers(wide, 2);
    wide.releaseSlot(1, "");
    wide.releaseSlot(1, "");
    wide.releaseSlot(0, "");

    assertThat(takers(wide, 2)).containsExactly(1, 0, 1);
  }

  @Test
  void wakesTheWorkerThatIsToTakeTheNextRequest() {
    AdmissionQueue wide = new AdmissionQueue(4, 4, 0, new WorkerSettings(Device.cpu(), 2, 1));
    List<Integer> woken = new ArrayList<>();
    wide.setNextListener(woken::add);
    fill(wide, 2);
    assertThat(woken).containsOnly(0);
    wide.poll(0);
    assertThat(woken).endsWith(1);
  }

  @Test
  @Timeout(20)
  void isIdleOnceEveryClientHasItsEnd() throws Exception {
    fill(queue, 1);
    assertThat(queue.awaitIdle(Duration.ofMillis(1))).isFalse();
    queue.poll(0);
    queue.releaseSlot(0, "");
    assertThat(queue.running()).isZero();
    assertThat(queue.awaitIdle(Duration.ofMillis(1))).isFalse();
    CompletableFuture<Boolean> idle = new CompletableFuture<>();
    Thread waiting = new Thread(() -> idle.complete(awaitIdle()));
    waiting.start();
    while (waiting.getState() != Thread.State.TIMED_WAITING) {
      Thread.onSpinWait();
    }
    queue.sequenceEnded();

    assertThat(idle.get(10, TimeUnit.SECONDS)).as("it does not wait until its time is up").isTrue();
  }

  private boolean awaitIdle() {
    try {
      return queue.awaitIdle(Duration.ofMinutes(1));
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void releasesTheSlotOfARequestThatIsNotRunAfterAll() {
    fill(queue, 1);
    queue.releaseUnused(0, queue.poll(0));

    assertThat(queue.running()).isZero();
    assertThat(awaitIdle()).isTrue();
  }

  @Test
  void choicesWaitUntilAllOfThemHaveSlots() {
    fill(queue, 1);
    assertThat(queue.offer(group(2))).isTrue();
    queue.poll(0);

    assertThat(queue.poll(0)).as("one slot is free").isNull();
    queue.releaseSlot(0, "");
    queue.sequenceEnded();
    assertThat(queue.poll(0).slots()).isEqualTo(2);
    assertThat(queue.running()).isEqualTo(2);
    queue.releaseUnused(0, group(2));
    assertThat(awaitIdle()).isTrue();
  }

  @Test
  void countsEveryChoice() {
    assertThat(queue.offer(group(2))).isTrue();
    assertThat(queue.offer(group(2))).isTrue();
    assertThat(queue.size()).isEqualTo(4);

    assertThat(queue.offer(group(2))).as("five may run and wait").isFalse();
    assertThat(queue.offer(queued(1))).isTrue();
    queue.removeIf(each -> each.slots() == 2);
    assertThat(queue.size()).isEqualTo(1);
  }

  @Test
  void choicesGoToAWorkerThatHasRoomForAllOfThem() {
    AdmissionQueue two = new AdmissionQueue(40, 40, 8, new WorkerSettings(Device.cpu(), 2, 4));
    fill(two, 3);
    assertThat(takers(two, 2)).containsExactly(0, 0, 0);

    assertThat(two.offer(group(16))).isTrue();
    assertThat(two.offer(group(15))).isTrue();

    assertThat(takers(two, 2)).containsExactly(1, 0);
    assertThat(two.offer(group(5))).isTrue();
    assertThat(takers(two, 2)).as("worker 0 has room for 2, worker 1 for 4").isEmpty();
  }

  @Test
  void aBoundedNumberOvertakesChoicesThatDoNotFit() {
    fill(queue, 1);
    queue.poll(0);
    assertThat(queue.offer(group(2))).isTrue();
    int passing = 0;
    while (passing < 1000) {
      assertThat(queue.offer(queued(1))).isTrue();
      QueuedRequest next = queue.poll(0);
      if (next == null) {
        break;
      }
      assertThat(next.slots()).isEqualTo(1);
      queue.releaseSlot(0, "");
      queue.sequenceEnded();
      passing++;
    }

    assertThat(passing).isEqualTo(64);
    queue.releaseSlot(0, "");
    queue.sequenceEnded();
    assertThat(queue.poll(0).slots()).as("then the choices are next").isEqualTo(2);
  }

  @Test
  void addsAllRequestsOrNone() {
    assertThat(queue.offer(List.of(group(2), group(2), group(2)))).isFalse();
    assertThat(queue.size()).isZero();
    assertThat(queue.offer(List.of(group(2), group(2), queued(1)))).isTrue();
    assertThat(queue.size()).isEqualTo(queue.maxRequests());
  }

  @Test
  void givesAFreeSlotToTheClientWithTheFewest() {
    AdmissionQueue wide = new AdmissionQueue(4, 4, 8, ONE_WORKER);
    for (int tokens : List.of(1, 2, 3, 4, 5)) {
      assertThat(wide.offer(from("many", tokens))).isTrue();
    }
    assertThat(wide.offer(from("few", 6))).isTrue();
    assertThat(wide.offer(from("few", 7))).isTrue();
    List<Integer> taken = new ArrayList<>();
    for (QueuedRequest next = wide.poll(0); next != null; next = wide.poll(0)) {
      taken.add(maxTokens(next));
    }

    assertThat(taken).containsExactly(1, 6, 2, 7);
    wide.releaseSlot(0, "few");
    assertThat(maxTokens(wide.poll(0))).isEqualTo(3);
  }

  @Test
  void neverGivesAClientMoreSlotsThanItsLimit() {
    AdmissionQueue wide = new AdmissionQueue(4, 2, 8, ONE_WORKER);
    for (int tokens : List.of(1, 2, 3)) {
      assertThat(wide.offer(from("many", tokens))).isTrue();
    }
    assertThat(takers(wide, 1)).containsExactly(0, 0);

    assertThat(wide.offer(from("few", 4))).isTrue();
    assertThat(maxTokens(wide.poll(0))).isEqualTo(4);
    assertThat(wide.poll(0)).as("a slot is free, but not for this client").isNull();
    wide.releaseSlot(0, "many");
    assertThat(maxTokens(wide.poll(0))).isEqualTo(3);
    assertThat(wide.maxGroupSize()).isEqualTo(2);
  }
}
