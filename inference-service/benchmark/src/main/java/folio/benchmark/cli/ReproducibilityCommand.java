package folio.benchmark.cli;

import ai.djl.Device;
import folio.benchmark.reproducibility.Reproducibility;
import folio.benchmark.subject.InProcessEngine;
import folio.benchmark.subject.MachineSettings;
import folio.benchmark.subject.TemporaryStore;
import folio.inference.engine.InferenceEngine;
import folio.model.checkpoint.Checkpoint;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code reproducibility}. */
@Command(
    name = "reproducibility",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    sortOptions = false,
    description =
        "Runs requests alone and in a batch of 64. Counts the requests that give the same text, and"
            + " the same log-probabilities to the last bit.",
    footer = {"", "Example: ./folio reproducibility --network embedded --requests 100"})
final class ReproducibilityCommand implements Callable<Integer> {
  private static final int SLOTS = 64;
  private static final int MAX_REQUESTS = 100_000;
  private static final Duration QUEUE_TIMEOUT = Duration.ofHours(1);

  @Spec private CommandSpec spec;

  @Option(
      names = "--network",
      paramLabel = "NAME",
      defaultValue = "residual-3x512",
      description =
          "The network: embedded (the trained checkpoint in the jar), or an untrained plain-LxH or"
              + " residual-LxH, with L layers of H units.")
  private String network;

  @Option(
      names = "--requests",
      paramLabel = "N",
      defaultValue = "200",
      description = "The number of requests to compare, 1 to 100000.")
  private int requests;

  @Option(
      names = "--characters",
      paramLabel = "N",
      defaultValue = "500",
      description = "The number of characters that each request generates, 2 to 100000.")
  private int characters;

  @Mixin private MachineOptions machine;

  /** Creates the command; picocli calls it. */
  ReproducibilityCommand() {}

  @Override
  public Integer call() throws IOException {
    machine.check("--requests", requests, 1, MAX_REQUESTS);
    machine.check("--characters", characters, 2, MAX_REQUESTS);
    Device device = machine.start();
    MachineSettings settings = machine.settings();
    InferenceEngine.Settings engineSettings =
        new InferenceEngine.Settings(SLOTS, settings.workers(device), 2 * requests, QUEUE_TIMEOUT);
    try (TemporaryStore store = new TemporaryStore()) {
      Checkpoint checkpoint = checkpoint(store);
      try (InProcessEngine engine =
          new InProcessEngine(checkpoint, engineSettings, settings.loader(device, SLOTS))) {
        Reproducibility outcome =
            Reproducibility.measure(
                engine::submit, checkpoint.vocabulary().characters(), requests, characters);
        spec.commandLine()
            .getOut()
            .printf(
                "%s on %s: of %,d requests of %,d characters, %,d had the same text as alone, %,d"
                    + " the same bits%n",
                network,
                device,
                outcome.compared(),
                characters,
                outcome.sameText(),
                outcome.sameBits());
      }
    }
    return CommandLine.ExitCode.OK;
  }

  private Checkpoint checkpoint(TemporaryStore store) {
    return network.equals("embedded")
        ? Checkpoint.embedded()
        : store.store().open(UntrainedNetwork.publish(store, network, spec.commandLine()));
  }
}
