package folio.trainer.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.trainer.corpus.EncodedText;
import folio.trainer.corpus.StreamSequences;
import folio.trainer.group.GradientExchange;
import folio.trainer.group.GradientExchanges;
import folio.trainer.group.Membership;
import folio.trainer.group.ProcessGroup;
import java.io.IOException;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that a group of processes, here threads, trains as one process with the same batches. */
class GroupTrainingTest {
  private static final int[] TEXT =
      IntStream.range(0, 3000).map(i -> (i % 7 * 3 + i % 5) % 11).toArray();

  private static final int ROWS = 6;
  private static final int STEPS = 100;

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void hasTheLossesOfOneProcess(int size) throws IOException {
    List<Double> alone = losses(Part.WHOLE, null);
    int port = freePort();
    ExecutorService threads = Executors.newFixedThreadPool(size);
    try {
      List<CompletableFuture<List<Double>>> running = new ArrayList<>();
      for (int rank = 0; rank < size; rank++) {
        Membership membership = new Membership(rank, size, rank, "127.0.0.1", port);
        running.add(CompletableFuture.supplyAsync(() -> losses(membership), threads));
      }
      for (CompletableFuture<List<Double>> each : running) {
        List<Double> losses = each.join();
        for (int i = 0; i < STEPS; i++) {
          assertThat(losses.get(i))
              .as("loss of step %d", i)
              .isCloseTo(alone.get(i), within(1e-4 * alone.get(i)));
        }
      }
      assertThat(alone.get(STEPS - 1)).isLessThan(alone.get(0) - 0.1);
    } finally {
      threads.shutdownNow();
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static List<Double> losses(Membership membership) {
    try (ProcessGroup group =
            ProcessGroup.form(membership, "a test", ProcessGroup.Timeouts.DEFAULT, lost -> {});
        GradientExchange exchange = GradientExchanges.between(group, Device.cpu())) {
      List<Double> losses = losses(new Part(membership.rank(), membership.size()), exchange);
      group.leave();
      return losses;
    }
  }

  private static List<Double> losses(Part part, GradientExchange exchange) {
    CharGruConfig config = CharGruConfig.residual(11, 16, 32, 2);
    StreamSequences batches = new StreamSequences(TEXT.length, ROWS, 20, 0.1, 1);
    try (NDManager manager = NDManager.newBaseManager();
        CharGru network = CharGru.initialize(manager, config, new SplittableRandom(3));
        AdamW optimizer =
            new AdamW(manager, network.parameters(), new AdamW.Settings(0.9, 0.99, 0.01));
        TrainStep step =
            new TrainStep(
                manager,
                network,
                EncodedText.of(TEXT),
                new TrainStep.StepConfig(
                    optimizer,
                    new GradientClipper(1),
                    DropoutRates.NONE,
                    1,
                    1,
                    Precision.FLOAT32,
                    part,
                    exchange))) {
      List<Double> losses = new ArrayList<>();
      for (int i = 0; i < STEPS; i++) {
        step.run(i, batches.batch(i), 0.002);
        losses.add(step.progress(i + 1).lossNats());
      }
      return losses;
    }
  }
}
