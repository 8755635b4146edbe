package folio.inference.fused;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import folio.inference.decoding.Decoder;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.sampling.SamplingParameters;
import folio.model.storage.Sha256;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;

/** A process for tests that decodes on a GPU for a few seconds and prints a digest of its texts. */
final class DecodingProcess {
  private static final int STREAMS = 64;
  private static final int LAUNCHES = 300;
  private static final int STEPS = 50;

  /** A network that needs nearly every multiprocessor of an H100. */
  static final CharGruConfig CONFIG = CharGruConfig.residual(65, 32, 512, 8);

  private DecodingProcess() {}

  public static void main(String[] arguments) {
    Decoder.prepareThread(Device.gpu());
    System.out.println(digest());
  }

  /** Decodes with a model of its own and returns the digest. */
  static String digest() {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        CharGru network = CharGru.initialize(manager, CONFIG, new SplittableRandom(9));
        FusedDecoderFactory model =
            FusedDecoders.load(manager, network, network.config().vocabularySize(), STREAMS)
                .orElseThrow()) {
      return digest(model);
    }
  }

  /** Decodes 64 streams of a model in the calling thread and returns the digest. */
  static String digest(FusedDecoderFactory model) {
    StringBuilder texts = new StringBuilder();
    try (FusedDecoder streams = model.createDecoder().orElseThrow()) {
      int[] last = new int[STREAMS];
      for (int stream = 0; stream < STREAMS; stream++) {
        streams.join(new BitSet());
      }
      for (int launch = 0; launch < LAUNCHES; launch++) {
        List<FusedDecoder.StepPlan> plans = new ArrayList<>();
        for (int i = 0; i < STREAMS; i++) {
          plans.add(
              new FusedDecoder.StepPlan(
                  i, SamplingParameters.DEFAULT, last[i], launch * STEPS, new int[0], STEPS));
        }
        streams.launch(plans, STEPS);
        int[][] ids = streams.finish().ids();
        for (int i = 0; i < STREAMS; i++) {
          texts.append(Arrays.toString(ids[i]));
          last[i] = ids[i][STEPS - 1];
        }
      }
    }
    return Sha256.hex(texts.toString().getBytes(StandardCharsets.UTF_8));
  }
}
