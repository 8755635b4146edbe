package folio.inference.fused;

import static folio.inference.fused.FakeKernel.SLOTS;
import static folio.inference.fused.FakeKernel.STATE;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Tests what {@link FusedStreams} asks of the driver, with a fake kernel on the host. */
class FusedStreamsTest {
  private final FakeKernel kernel = new FakeKernel();

  @AfterEach
  void close() {
    kernel.close();
  }

  @Test
  void decodesStreamsThatJoinAndLeaveAsIfAlone() {
    try (FusedDecoders decoders = kernel.decoders();
        FusedDecoder decoder = decoders.createDecoder().orElseThrow()) {
      decoder.warm();
      List<FakeStream> running = new ArrayList<>();
      SplittableRandom random = new SplittableRandom(5);
      int begun = 0;
      int ended = 0;
      while (ended < 60) {
        for (int joining = random.nextInt(6); joining > 0 && decoder.freeSlots() > 0; joining--) {
          FakeStream stream = new FakeStream(begun++);
          kernel.join(decoder, stream);
          running.add(stream);
        }
        if (running.isEmpty()) {
          continue;
        }
        int steps = random.nextInt(1, 40);
        decoder.launch(plans(running, steps), steps);
        int[][] ids = decoder.finish().ids();
        for (int slot = running.size() - 1; slot >= 0; slot--) {
          FakeStream stream = running.get(slot);
          stream.receive(ids[slot]);
          if (stream.received.size() == stream.length) {
            assertThat(stream.received).isEqualTo(stream.expected);
            assertThat(decoder.state(slot)[STATE - 1]).isEqualTo(stream.lastState);
            decoder.remove(slot);
            FakeStream last = running.remove(running.size() - 1);
            if (slot < running.size()) {
              running.set(slot, last);
            }
            ended++;
          }
        }
      }
      assertThat(begun).as("more streams than slots").isGreaterThan(3 * SLOTS);
    }
    assertThat(kernel.driver.allocations()).isZero();
  }

  @Test
  void reusesItsSlotsAfterAllStreamsAreRemoved() {
    try (FusedDecoders decoders = kernel.decoders();
        FusedDecoder decoder = decoders.createDecoder().orElseThrow()) {
      for (int i = 0; i < SLOTS; i++) {
        assertThat(decoder.freeSlots()).isEqualTo(SLOTS - i);
        kernel.join(decoder, new FakeStream(i));
      }
      assertThat(decoder.freeSlots()).isZero();
      decoder.clear();
      FakeStream stream = new FakeStream(99);
      kernel.join(decoder, stream);
      decoder.launch(List.of(stream.plan(20)), 20);

      FusedDecoder.LaunchResult result = decoder.finish();
      assertThat(result.ids()[0]).containsExactly(stream.expected(0, 20));
      assertThat(result.nanos()).isEqualTo(4_000_000_000L);
    }
  }

  @Test
  void aLaunchInFlightDoesNotChangeWhenStreamsJoinOrAreRemoved() {
    try (FusedDecoders decoders = kernel.decoders();
        FusedDecoder decoder = decoders.createDecoder().orElseThrow()) {
      List<FakeStream> three = List.of(new FakeStream(1), new FakeStream(2), new FakeStream(3));
      three.forEach(stream -> kernel.join(decoder, stream));
      decoder.launch(plans(three, 10), 10);
      decoder.remove(0);
      FakeStream joining = new FakeStream(4);
      kernel.join(decoder, joining);
      int[][] ids = decoder.finish().ids();

      for (int slot = 0; slot < 3; slot++) {
        FakeStream stream = three.get(slot);
        stream.receive(ids[slot]);
        assertThat(stream.received).isEqualTo(stream.expected.subList(0, 10));
      }
      decoder.launch(plans(List.of(three.get(2), three.get(1), joining), 10), 10);
      ids = decoder.finish().ids();
      assertThat(ids[0]).containsExactly(three.get(2).expected(10, 20));
      assertThat(ids[1]).containsExactly(three.get(1).expected(10, 20));
      assertThat(ids[2]).containsExactly(joining.expected(0, 10));
    }
  }

  private static List<FusedDecoder.StepPlan> plans(List<FakeStream> streams, int steps) {
    return streams.stream().map(stream -> stream.plan(steps)).toList();
  }

  /** The second of three streams wants no logits, and the next launch has more steps. */
  @Test
  void returnsTheLogitsOfTheStreamsThatAskForThem() {
    try (FusedDecoders decoders = kernel.decoders();
        FusedDecoder decoder = decoders.createDecoder().orElseThrow()) {
      List<FakeStream> three = List.of(new FakeStream(0), new FakeStream(1), new FakeStream(2));
      three.forEach(stream -> kernel.join(decoder, stream));
      for (int steps : new int[] {3, 9}) {
        List<FusedDecoder.StepPlan> plans = new ArrayList<>(plans(three, steps));
        plans.set(0, plans.get(0).withLogits());
        plans.set(2, plans.get(2).withLogits());
        decoder.launch(plans, steps);
        FusedDecoder.LaunchResult result = decoder.finish();

        assertThat(result.logits()[1]).isNull();
        for (int slot : new int[] {0, 2}) {
          float[] logits = result.logits()[slot];
          assertThat(logits).hasSize(steps * FakeKernel.VOCABULARY);
          for (int i = 0; i < logits.length; i++) {
            int step = i / FakeKernel.VOCABULARY;
            assertThat(logits[i])
                .isEqualTo(FakeKernel.logit(slot, step, i % FakeKernel.VOCABULARY));
          }
        }
      }
    }
  }
}
