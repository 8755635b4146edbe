package folio.trainer.cli;

import ai.djl.ndarray.NDManager;
import folio.model.checkpoint.Checkpoint;
import folio.model.network.CharGru;
import folio.model.sampling.OutOfRangeException;
import folio.model.sampling.SamplingParameters;
import folio.model.sampling.StopTexts;
import folio.model.text.PrintableText;
import folio.model.vocabulary.UnknownCharacterException;
import folio.model.vocabulary.UnknownCharacters;
import folio.trainer.evaluation.StopFilter;
import folio.trainer.evaluation.TextGenerator;
import folio.trainer.evaluation.TrainedModel;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
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
    description = "Generates text with a checkpoint, character by character.",
    footer = {"", "Example: ./folio sample --prompt ROMEO: --temperature 0.8 --seed 42"})
final class SampleCommand implements Callable<Integer> {
  private static final int MAX_CHARACTERS = 10_000_000;
  private static final int MAX_TEXTS = 10_000;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "VERSION",
      defaultValue = "current",
      description = StoreOptions.ANY_CHECKPOINT)
  private String version;

  @Option(
      names = "--prompt-file",
      paramLabel = "FILE",
      description = "A file in UTF-8 whose whole text is the prompt.")
  private Path promptFile;

  @Option(
      names = {"-n", "--texts"},
      paramLabel = "N",
      description =
          "The number of texts, 1 to 10,000. Text i has the seed --seed + i. For a model of"
              + " documents, each text is one document.")
  private Integer texts;

  @Option(
      names = "--stop",
      paramLabel = "TEXT",
      description = "A text that ends the generation and is not printed; repeat it for up to 8.")
  private List<String> stops = List.of();

  @Option(
      names = "--prompt",
      paramLabel = "TEXT",
      defaultValue = "",
      description =
          "The text to continue, in characters of the model's vocabulary. An empty one means a line"
              + " break.")
  private String prompt;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      defaultValue = "500",
      description = "The number of characters to generate, 1 to 10 million.")
  private int maxTokens;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      defaultValue = "1",
      description =
          "The divisor of the logits, 0.01 to 2; 0 always takes the most likely character.")
  private double temperature;

  @Option(
      names = "--top-k",
      paramLabel = "N",
      defaultValue = "0",
      description = "Sample from the N most likely characters, 1 or more; 0 means all.")
  private int topK;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      defaultValue = "1",
      description =
          "Sample from the most likely characters that together have this probability, above 0, up to"
              + " 1.")
  private double topP;

  @Option(
      names = "--min-p",
      paramLabel = "FRACTION",
      defaultValue = "0",
      description =
          "Drop characters less likely than this fraction of the most likely one, 0 to 1.")
  private double minP;

  @Option(
      names = "--repetition-penalty",
      paramLabel = "FACTOR",
      defaultValue = "1",
      description =
          "A factor above 0, up to 2: above 1, characters seen before become less likely; 1 means no"
              + " penalty.")
  private double repetitionPenalty;

  @Option(
      names = "--unknown",
      paramLabel = "KIND",
      defaultValue = "reject",
      description =
          "What happens to characters of the prompt that the model does not know: reject, skip or"
              + " replace (by the unknown entry of its vocabulary).")
  private UnknownCharacters unknown;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description =
          "The seed of the random numbers, a whole number of 64 bits (default: a new one each time).")
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
    new Range("-n", 1, MAX_TEXTS).check(texts == null ? 1 : texts, spec);
    String start = promptFile == null ? prompt : read(promptFile);
    Checkpoint checkpoint = checkpoints.openAny(version);
    List<String> ends = ends(checkpoint);
    PrintWriter out = spec.commandLine().getOut();
    try (NDManager manager = NDManager.newBaseManager(device.start());
        CharGru network = checkpoint.load(manager)) {
      TextGenerator generator =
          new TextGenerator(TrainedModel.of(manager, network, checkpoint.description()));
      int[] ids = generator.promptOrDefault(start, unknown);
      long firstSeed = chosenSeed();
      int count = texts == null ? 1 : texts;
      for (int i = 0; i < count; i++) {
        if (count > 1) {
          out.printf("--- text %d of %d, seed %d%n", i + 1, count, firstSeed + i);
        }
        out.print(shown(start));
        StopFilter filter =
            new StopFilter(
                ends,
                text -> {
                  out.print(shown(text));
                  out.flush();
                });
        generator.generateUntil(
            new TextGenerator.Request(ids, maxTokens, parameters, firstSeed + i), filter);
        filter.end();
        out.println();
      }
      out.flush();
    } catch (UnknownCharacterException e) {
      throw usageError("--prompt: " + e.getMessage() + " of " + checkpoint.version(), e);
    }
    return CommandLine.ExitCode.OK;
  }

  /** Returns the texts that end each text. */
  private List<String> ends(Checkpoint checkpoint) {
    try {
      StopTexts.check(stops);
    } catch (OutOfRangeException e) {
      throw usageError(describe(e), e);
    }
    List<String> ends = new ArrayList<>(stops);
    String separator = checkpoint.description().documentSeparator();
    if (separator != null && texts != null) {
      ends.add(separator);
    }
    return ends;
  }

  private String read(Path file) {
    if (!prompt.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(), "--prompt and --prompt-file are given; a text needs one of them");
    }
    try {
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      throw usageError("--prompt-file is " + file + "; there is no such file", e);
    } catch (CharacterCodingException e) {
      throw usageError("--prompt-file is " + file + "; it must be a text in UTF-8", e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns a text as it is printed: on a terminal, escape sequences of a corpus must not act. */
  private static String shown(String text) {
    return CommandLine.Help.Ansi.AUTO.enabled() ? PrintableText.escapeLines(text) : text;
  }

  /** Returns the message of an error with the option's name in place of the parameter's. */
  static String describe(OutOfRangeException e) {
    return "--" + e.field().replace('_', '-') + " is " + e.value() + "; it must be " + e.legal();
  }

  private long chosenSeed() {
    return seed != null ? seed : new SecureRandom().nextLong() >>> 1;
  }

  private ParameterException usageError(String message, Exception cause) {
    return new ParameterException(spec.commandLine(), message, cause);
  }
}
