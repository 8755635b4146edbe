package folio.trainer.cli;

import ai.djl.ndarray.NDManager;
import folio.model.checkpoint.Checkpoint;
import folio.model.network.CharGru;
import folio.model.sampling.OutOfRangeException;
import folio.model.sampling.SamplingParameters;
import folio.model.vocabulary.UnknownCharacterException;
import folio.trainer.evaluation.TextGenerator;
import java.io.PrintWriter;
import java.security.SecureRandom;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code sample}: generates text with a checkpoint. */
@Command(
    name = "sample",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    sortOptions = false,
    description = "Generates text with a checkpoint, character by character.")
final class SampleCommand implements Callable<Integer> {
  private static final int MAX_CHARACTERS = 10_000_000;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "VERSION",
      defaultValue = "current",
      description = "A version, current or embedded.")
  private String version;

  @Option(names = "--prompt", defaultValue = "", description = "The text to continue.")
  private String prompt;

  @Option(
      names = "--max-tokens",
      defaultValue = "500",
      description = "The number of characters to generate.")
  private int maxTokens;

  @Option(
      names = "--temperature",
      defaultValue = "1",
      description = "0 always takes the most likely character; otherwise 0.01 to 2.")
  private double temperature;

  @Option(
      names = "--top-k",
      defaultValue = "0",
      description = "Sample from so many of the most likely characters; 0 means all.")
  private int topK;

  @Option(
      names = "--top-p",
      defaultValue = "1",
      description = "Sample from the most likely characters with this total probability.")
  private double topP;

  @Option(
      names = "--min-p",
      defaultValue = "0",
      description = "Drop characters below this part of the highest probability.")
  private double minP;

  @Option(
      names = "--repetition-penalty",
      defaultValue = "1",
      description = "Lower the probability of characters seen before; 1 means not at all.")
  private double repetitionPenalty;

  @Option(
      names = "--seed",
      description = "The seed of the random numbers (default: a new one each time).")
  private Long seed;

  @Mixin private StoreOptions checkpoints;
  @Mixin private DeviceOptions device;

  @Override
  public Integer call() {
    new Range("--max-tokens", 1, MAX_CHARACTERS).check(maxTokens, spec);
    SamplingParameters parameters;
    try {
      parameters = new SamplingParameters(temperature, topK, topP, minP, repetitionPenalty);
    } catch (OutOfRangeException e) {
      throw usageError(describe(e), e);
    }
    Checkpoint checkpoint = checkpoints.open(version);
    PrintWriter out = spec.commandLine().getOut();
    try (NDManager manager = NDManager.newBaseManager(device.start());
        CharGru network = checkpoint.load(manager)) {
      TextGenerator generator = new TextGenerator(manager, network, checkpoint.vocabulary());
      int[] start = generator.promptOrDefault(prompt);
      out.print(prompt);
      generator.generate(
          new TextGenerator.Request(start, maxTokens, parameters, chosenSeed()),
          codePoint -> {
            out.print(Character.toString(codePoint));
            out.flush();
          });
      out.println();
      out.flush();
    } catch (UnknownCharacterException e) {
      throw usageError("--prompt: " + e.getMessage() + " of " + checkpoint.version(), e);
    }
    return CommandLine.ExitCode.OK;
  }

  /** Returns the message of an error with the option's name in place of the parameter's. */
  static String describe(OutOfRangeException e) {
    return "--" + e.field().replace('_', '-') + " is " + e.value() + "; legal: " + e.legal();
  }

  private long chosenSeed() {
    return seed != null ? seed : new SecureRandom().nextLong() >>> 1;
  }

  private ParameterException usageError(String message, Exception cause) {
    return new ParameterException(spec.commandLine(), message, cause);
  }
}
