package folio.inference.fused;

import folio.model.sampling.SamplingParameters;
import java.util.List;
import java.util.SplittableRandom;

/** What streams on a chip are asked for in tests; all of it depends on a stream's number. */
final class FusedOrders {
  private static final List<SamplingParameters> SAMPLINGS =
      List.of(
          SamplingParameters.DEFAULT,
          SamplingParameters.DEFAULT.withTemperature(0),
          new SamplingParameters(0.8, 5, 1, 0, 1),
          new SamplingParameters(1.2, 0, 0.9, 0, 1.3),
          new SamplingParameters(0.7, 40, 0.95, 0.9, 0.8), // random networks' logits are close
          new SamplingParameters(1, 0, 1, 0.9, 1),
          new SamplingParameters(1, 30, 0.9, 0.1, 1e-320)); // infinite logits

  private FusedOrders() {}

  /** What a stream does first. */
  static FusedDecoder.Order order(int stream, int vocabulary, int[] given, int length) {
    return order(stream, stream % vocabulary, 0, given, length);
  }

  static FusedDecoder.Order order(int stream, int last, int position, int[] given, int length) {
    SamplingParameters sampling = SAMPLINGS.get(stream % SAMPLINGS.size());
    return new FusedDecoder.Order(100L + stream, sampling, last, position, given, length);
  }

  /** What is given to a stream of many characters before it draws. */
  static int[] given(int stream, int vocabulary) {
    return new SplittableRandom(stream).ints(stream % 5 * 60L, 0, vocabulary).toArray();
  }
}
