package folio.benchmark.cli;

import folio.benchmark.subject.TemporaryStore;
import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointDraft.Precision;
import folio.model.network.CharGruConfig;
import folio.model.vocabulary.Vocabulary;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** The untrained network that the option {@code --network} names. */
final class UntrainedNetwork {
  private static final long SEED = 1;

  private UntrainedNetwork() {}

  /**
   * Publishes the network in float32, with the vocabulary of the embedded checkpoint.
   *
   * @param name the value of {@code --network}
   * @param command the command that has the option
   * @return the version of the checkpoint
   * @throws ParameterException if the name is not legal
   */
  static String publish(TemporaryStore store, String name, CommandLine command) {
    Vocabulary vocabulary = Checkpoint.embedded().vocabulary();
    CharGruConfig config;
    try {
      config = NetworkName.parse(name).config(vocabulary.size());
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command, "--network is " + name + "; " + e.getMessage(), e);
    }
    return store.publish(
        new TemporaryStore.UntrainedModel(config, vocabulary, Precision.FLOAT32, SEED));
  }
}
