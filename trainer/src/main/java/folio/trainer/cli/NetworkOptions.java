package folio.trainer.cli;

import folio.model.network.CharGruConfig;
import folio.model.network.NetworkKind;
import folio.model.network.Nonlinearity;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of {@code train} that describe the network; their defaults come from the preset. */
final class NetworkOptions {
  /** The legal values of {@code --head-activation}. */
  enum HeadActivation {
    AUTO,
    NONE,
    RELU
  }

  @Option(
      names = "--network",
      paramLabel = "KIND",
      description =
          "plain (stacked GRU layers) or residual (each layer's output is added to its input).")
  private NetworkKind network;

  @Option(names = "--layers", paramLabel = "N", description = "The number of GRU layers, 1 to 64.")
  private int layers;

  @Option(
      names = "--hidden-size",
      paramLabel = "N",
      description = "The number of units in each layer, 1 to 65536.")
  private int hiddenSize;

  @Option(
      names = "--embedding-size",
      paramLabel = "N",
      description =
          "The number of values in an embedding, 1 to 65536. 0 means the hidden size in a plain"
              + " network, 128 in a residual one.")
  private int embeddingSize;

  @Option(
      names = "--embedding-activation",
      paramLabel = "NAME",
      description = "The activation after the embedding: none, relu or tanh.")
  private Nonlinearity embeddingActivation;

  @Option(
      names = "--head-activation",
      paramLabel = "NAME",
      description =
          "The activation before the output layer: none, relu or auto (relu in a plain network,"
              + " none in a residual one).")
  private HeadActivation headActivation;

  @Option(
      names = "--projection-size",
      paramLabel = "N",
      description =
          "The number of values of a linear projection before the output layer, 1 to 65536; 0 means"
              + " no projection.")
  private int projectionSize;

  @Option(
      names = "--tied",
      paramLabel = "true|false",
      arity = "1",
      showDefaultValue = CommandLine.Help.Visibility.ALWAYS,
      description = "Whether the output layer shares the embedding's weights: true or false.")
  private boolean tied;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  /**
   * Returns the network of a checkpoint, for a vocabulary of one character.
   *
   * @throws ParameterException if an option on the command line describes another one
   */
  CharGruConfig config(CharGruConfig parent) {
    CharGruConfig own = config();
    check("--network", own.network(), parent.network());
    check("--layers", own.layers(), parent.layers());
    check("--hidden-size", own.hiddenSize(), parent.hiddenSize());
    check("--embedding-size", own.embeddingSize(), parent.embeddingSize());
    check("--embedding-activation", own.embeddingActivation(), parent.embeddingActivation());
    check("--head-activation", own.headActivation(), parent.headActivation());
    check("--projection-size", own.projectionSize(), parent.projectionSize());
    check("--tied", own.tied(), parent.tied());
    return parent.withVocabularySize(1);
  }

  private void check(String option, Object own, Object ofParent) {
    boolean given = command.commandLine().getParseResult().hasMatchedOption(option);
    if (given && !Objects.equals(own, ofParent)) {
      throw new ParameterException(
          command.commandLine(),
          option
              + " is "
              + written(own)
              + ", but the checkpoint of --from has "
              + written(ofParent)
              + "; leave "
              + option
              + " out, or begin without --from");
    }
  }

  private static String written(Object value) {
    return value == null ? "0" : value.toString().toLowerCase(Locale.ROOT);
  }

  /** Returns the values of the options that describe a network, by name. */
  static Map<String, String> settings(CharGruConfig config) {
    return Map.of(
        "network", config.network().toString(),
        "layers", String.valueOf(config.layers()),
        "hidden-size", String.valueOf(config.hiddenSize()),
        "embedding-size", String.valueOf(config.embeddingSize()),
        "embedding-activation", config.embeddingActivation().toString(),
        "head-activation", config.headActivation().toString(),
        "projection-size", written(config.projectionSize()),
        "tied", String.valueOf(config.tied()));
  }

  /**
   * Returns the network that the options describe, for a vocabulary of one character.
   *
   * @throws IllegalArgumentException if a value is illegal; the message names it and the legal
   *     range
   */
  CharGruConfig config() {
    int embedding = embeddingSize == 0 ? network.defaultEmbeddingSize(hiddenSize) : embeddingSize;
    Nonlinearity head =
        switch (headActivation) {
          case AUTO -> network.defaultHeadActivation();
          case NONE -> Nonlinearity.NONE;
          case RELU -> Nonlinearity.RELU;
        };
    return new CharGruConfig(
        network,
        1,
        embedding,
        hiddenSize,
        layers,
        embeddingActivation,
        head,
        projectionSize == 0 ? null : projectionSize,
        tied);
  }
}
