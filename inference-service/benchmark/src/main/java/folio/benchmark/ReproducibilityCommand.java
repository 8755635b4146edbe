package folio.benchmark;

import ai.djl.Device;
import folio.inference.engine.InferenceEngine;
import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointDraft.Precision;
import folio.model.network.CharGruConfig;
import folio.model.vocabulary.Vocabulary;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code reproducibility}. */
@Command(
    name = "reproducibility",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    sortOptions = false,
    description =
        "Tells how many requests get the same text, and the same bits, among 63 others as alone.")
final class ReproducibilityCommand implements Callable<Integer> {
  private static final int SLOTS = 64;
  private static final int MAX_REQUESTS = 100_000;
  private static final Duration QUEUE_TIMEOUT = Duration.ofHours(1);

  @Spec private CommandSpec spec;

  @Option(
      names = "--network",
      defaultValue = "residual-3x512",
      description = "An untrained plain-LxH or residual-LxH; or embedded.")
  private String network;

  @Option(names = "--requests", defaultValue = "200")
  private int requests;

  @Option(names = "--characters", defaultValue = "500", description = "Of each request.")
  private int characters;

  @Mixin private MachineOptions machine;

  /** For picocli. */
  ReproducibilityCommand() {}

  @Override
  public Integer call() throws IOException {
    machine.check("--requests", requests, 1, MAX_REQUESTS);
    machine.check("--characters", characters, 2, MAX_REQUESTS);
    Device device = machine.start();
    InferenceEngine.Settings settings =
        new InferenceEngine.Settings(SLOTS, machine.workers(device), 2 * requests, QUEUE_TIMEOUT);
    try (TemporaryStore store = new TemporaryStore()) {
      Checkpoint served = served(store);
      try (EngineUnderTest engine =
          new EngineUnderTest(served, settings, machine.loader(device, settings.slots()))) {
        Reproducibility outcome =
            Reproducibility.measure(
                engine::submit, served.vocabulary().characters(), requests, characters);
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

  private Checkpoint served(TemporaryStore store) {
    if (network.equals("embedded")) {
      return Checkpoint.embedded();
    }
    Vocabulary vocabulary = Checkpoint.embedded().vocabulary();
    CharGruConfig config;
    try {
      config = NetworkName.parse(network).config(vocabulary.size());
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          spec.commandLine(), "--network is " + network + "; " + e.getMessage(), e);
    }
    return store
        .store()
        .open(
            store.publish(new TemporaryStore.Untrained(config, vocabulary, Precision.FLOAT32, 1)));
  }
}
