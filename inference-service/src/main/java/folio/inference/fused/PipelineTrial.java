package folio.inference.fused;

import folio.model.sampling.SamplingParameters;
import folio.runtime.cuda.CudaException;
import folio.runtime.cuda.CudaStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
import org.jboss.logging.Logger;

/**
 * A trial of the pipeline against large batches: both must generate the same texts from the same
 * states, and their measured times decide which of them decodes how many streams.
 */
final class PipelineTrial {
  private static final Logger LOG = Logger.getLogger(PipelineTrial.class);

  /** The numbers of streams that are tried, as far as a large batch has as many slots. */
  private static final int[] STREAMS = {16, 32, 64, 128, 192, 256};

  private static final int STEPS = 16;

  /** Launches of each form and number, of which the fastest counts. */
  private static final int LAUNCHES = 4;

  /** The texts that a form generated, the state of its last stream, and its fastest launch. */
  private record Run(int[][] ids, float[] lastState, long nanos) {
    boolean generatedTheSame(Run other) {
      return Arrays.deepEquals(ids, other.ids) && Arrays.equals(lastState, other.lastState);
    }
  }

  private final FusedModel model;
  private final CudaStream stream;

  private PipelineTrial(FusedModel model, CudaStream stream) {
    this.model = model;
    this.stream = stream;
  }

  /**
   * Tries the pipeline of a model, and has it decode the numbers of streams for which it is faster.
   *
   * @throws CudaException if a launch fails, or if the pipeline generates another text
   */
  static void run(FusedModel model, CudaStream stream) {
    PipelineTrial trial = new PipelineTrial(model, stream);
    int from = trial.fewestStreams();
    model.decodeByPipelineFrom(from);
    if (from > model.slots()) {
      model.dropPipeline();
      LOG.infof("Pipeline dropped reason=not_faster slots=%d", model.slots());
    } else {
      LOG.infof("Pipeline tried decodes_from_streams=%d slots=%d", from, model.slots());
    }
  }

  /** Returns the fewest streams from which on the pipeline is faster for all numbers tried. */
  private int fewestStreams() {
    int fewest = model.batchSlots() + 1;
    int[] tried = IntStream.of(STREAMS).filter(n -> n <= model.batchSlots()).toArray();
    if (tried.length == 0) {
      throw new CudaException("a large batch has too few slots for a comparison");
    }
    for (int i = tried.length - 1; i >= 0; i--) {
      int streams = tried[i];
      Run batch = decode(streams, Integer.MAX_VALUE);
      Run pipeline = decode(streams, 1);
      if (!pipeline.generatedTheSame(batch)) {
        throw new CudaException("the pipeline generates another text for " + streams + " streams");
      }
      if (pipeline.nanos() >= batch.nanos()) {
        break;
      }
      fewest = streams;
    }
    return fewest;
  }

  private Run decode(int streams, int pipelineFrom) {
    model.decodeByPipelineFrom(pipelineFrom);
    try (FusedStreams decoder = new FusedStreams(model, stream)) {
      List<FusedDecoder.StepPlan> plans = new ArrayList<>();
      for (int i = 0; i < streams; i++) {
        decoder.join(new BitSet());
        plans.add(
            new FusedDecoder.StepPlan(i, SamplingParameters.DEFAULT, 0, 0, new int[0], STEPS));
      }
      int[][] ids = null;
      long fastest = Long.MAX_VALUE;
      for (int launch = 0; launch < LAUNCHES; launch++) {
        decoder.launch(plans, STEPS);
        FusedDecoder.LaunchResult result = decoder.finish();
        ids = result.ids();
        fastest = Math.min(fastest, result.nanos());
      }
      return new Run(ids, decoder.state(streams - 1), fastest);
    }
  }
}
