package folio.inference.fused;

import folio.model.sampling.SamplingParameters;
import java.util.List;
import java.util.SplittableRandom;

/** Step plans for tests, which depend on nothing but a stream's number. */
final class StepPlanFixtures {
  private static final List<SamplingParameters> SAMPLINGS =
      List.of(
          SamplingParameters.DEFAULT,
          SamplingParameters.DEFAULT.withTemperature(0),
          new SamplingParameters(0.8, 5, 1, 0, 1),
          new SamplingParameters(1.2, 0, 0.9, 0, 1.3),
          new SamplingParameters(0.7, 40, 0.95, 0.9, 0.8), // logits of random networks are close
          new SamplingParameters(1, 0, 1, 0.9, 1),
          new SamplingParameters(1, 30, 0.9, 0.1, 1e-320)); // infinite logits

  private StepPlanFixtures() {}

  /** Returns the plan of a stream's first launch. */
  static FusedDecoder.StepPlan plan(int stream, int vocabulary, int[] forced, int length) {
    return plan(stream, stream % vocabulary, 0, forced, length);
  }

  static FusedDecoder.StepPlan plan(int stream, int last, int position, int[] forced, int length) {
    SamplingParameters sampling = SAMPLINGS.get(stream % SAMPLINGS.size());
    return new FusedDecoder.StepPlan(100L + stream, sampling, last, position, forced, length);
  }

  /** Returns the forced ids with which a stream begins. */
  static int[] forced(int stream, int vocabulary) {
    return new SplittableRandom(stream).ints(stream % 5 * 60L, 0, vocabulary).toArray();
  }
}
