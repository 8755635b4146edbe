package folio.inference.fused;

import folio.model.sampling.SamplingParameters;
import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.util.List;

/** An encoder of step plans, which mirrors {@code struct Stream} of {@code launch.cuh}. */
final class StreamStruct {
  /**
   * The size of {@code struct Stream}, including four bytes of padding at its end. The kernel
   * asserts it.
   */
  static final int BYTES = 72;

  private StreamStruct() {}

  /** Returns the number of bytes that {@link #encode} writes. */
  static int encodedBytes(List<FusedDecoder.StepPlan> plans) {
    int forced = plans.stream().mapToInt(plan -> plan.forced().length).sum();
    return plans.size() * BYTES + forced * Integer.BYTES;
  }

  /**
   * Encodes a struct for each plan, followed by the forced ids of all plans, int32.
   *
   * @param to receives the bytes from its position to its limit
   */
  static void encode(List<FusedDecoder.StepPlan> plans, ByteBuffer to) {
    int rows = 0;
    int forcedAt = to.position() + plans.size() * BYTES;
    IntBuffer forced = to.slice(forcedAt, to.limit() - forcedAt).order(to.order()).asIntBuffer();
    for (FusedDecoder.StepPlan plan : plans) {
      SamplingParameters sampling = plan.sampling();
      to.putLong(plan.seed())
          .putDouble(sampling.temperature())
          .putDouble(sampling.topP())
          .putDouble(sampling.minP())
          .putDouble(sampling.repetitionPenalty())
          .putInt(sampling.topK())
          .putInt(plan.lastId())
          .putInt(plan.position())
          .putInt(plan.length())
          .putInt(forced.position())
          .putInt(plan.forced().length)
          .putInt(plan.logits() ? rows++ : -1)
          .putInt(0);
      forced.put(plan.forced());
    }
  }
}
