package folio.inference.fused;

import static folio.inference.fused.FakeKernel.VOCABULARY;

import folio.model.sampling.SamplingParameters;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;

/** A stream with the ids that {@link FakeKernel} must generate for it and those received so far. */
final class FakeStream {
  final int[] forced;
  final long seed;
  final SamplingParameters sampling;
  final int length;
  final BitSet seen = new BitSet();
  final List<Integer> expected = new ArrayList<>();
  final List<Integer> received = new ArrayList<>();

  /** The last number of the state that the stream joins with; 0: it joins without a state. */
  final float firstState;

  /** The last number of the state after all ids. */
  final float lastState;

  FakeStream(int index) {
    forced = new SplittableRandom(index).ints(index % 4 * 9L, 0, VOCABULARY).toArray();
    seed = 1000L + index;
    sampling = SamplingParameters.DEFAULT.withTemperature(0.5 + index % 3 * 0.25);
    length = forced.length + 20 + index * 7 % 90;
    firstState = index % 3;
    seen.set(index % VOCABULARY);
    float state = firstState;
    BitSet bits = (BitSet) seen.clone();
    int last = 1;
    for (int k = -forced.length; k < length - forced.length; k++) {
      last =
          k < 0
              ? forced[forced.length + k]
              : FakeKernel.next(seed, k, last, sampling.temperature(), state, bits.cardinality());
      state += last;
      bits.set(last);
      expected.add(last);
    }
    lastState = state;
  }

  /** Plans the steps that follow the received ids. */
  FusedDecoder.StepPlan plan(int maxSteps) {
    int done = received.size();
    int last = done == 0 ? 1 : received.get(done - 1);
    int steps = Math.min(maxSteps, length - done);
    int from = Math.min(done, forced.length);
    return new FusedDecoder.StepPlan(
        seed,
        sampling,
        last,
        Math.max(0, done - forced.length),
        Arrays.copyOfRange(forced, from, Math.min(from + steps, forced.length)),
        steps);
  }

  void receive(int[] ids) {
    for (int id : ids) {
      received.add(id);
    }
  }

  int[] expected(int from, int to) {
    return expected.subList(from, to).stream().mapToInt(id -> id).toArray();
  }
}
