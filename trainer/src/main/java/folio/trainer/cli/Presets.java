package folio.trainer.cli;

import folio.model.storage.UserPath;
import folio.trainer.run.SavedRun;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The defaults of {@code train}: those of a preset, a named set of hyperparameters, or those of a
 * saved run that is resumed. An option that is missing from the command line takes its value from
 * them.
 */
final class Presets implements IDefaultValueProvider {
  /** The names of all presets; the first one is the default. */
  static final List<String> NAMES =
      List.of("quick", "quality", "post-gru", "karpathy", "residual-8");

  /** The length of the training text for which the help of {@code train} shows defaults. */
  private static final long USUAL_LENGTH = 1_000_000;

  private final Properties values;
  private final boolean resumes;

  private Presets(Properties values, boolean resumes) {
    this.values = values;
    this.resumes = resumes;
  }

  /**
   * Returns the defaults for a command line, whose options need not be parsed yet.
   *
   * @throws folio.trainer.publication.ResumeException if a run is resumed whose state cannot be
   *     read
   */
  static Presets in(List<String> arguments) {
    String name = last(arguments, "--preset", NAMES.get(0));
    Properties values = new Properties();
    load("defaults", values);
    Optional<SavedRun> saved = savedRun(name, arguments);
    if (saved.isEmpty() && NAMES.contains(name)) {
      load(name, values); // TrainCommand rejects an unknown name
      RecipeTable.of(name).ifPresent(table -> values.putAll(table.at(USUAL_LENGTH)));
    }
    values.setProperty("preset", name);
    saved.ifPresent(
        run -> {
          // An older run lacks options that came later. All but one have defaults that describe it.
          values.setProperty("precision", "float32");
          values.putAll(run.options());
        });
    return new Presets(values, saved.isPresent());
  }

  /** Returns the run that a command line resumes, if any. */
  private static Optional<SavedRun> savedRun(String preset, List<String> arguments) {
    if (!arguments.contains("--resume") && !arguments.contains("--resume-if-saved")) {
      return Optional.empty();
    }
    String corpus = last(arguments, "--corpus", CorpusOptions.DEFAULT);
    String folder = last(arguments, "--run", null);
    return SavedRun.in(folder == null ? runFolder(preset, List.of(corpus)) : UserPath.of(folder));
  }

  /** Returns defaults that are the options of a run that has begun. */
  static Presets of(Map<String, String> options) {
    Properties values = new Properties();
    load("defaults", values);
    values.putAll(options);
    return new Presets(values, true);
  }

  /**
   * Returns the options, by name, whose defaults the preset chooses for a training text; none if
   * the preset has the same ones for every text, or if a run is resumed.
   *
   * @param characters the length of the training text
   */
  Map<String, String> choices(long characters) {
    return resumes
        ? Map.of()
        : RecipeTable.of(values.getProperty("preset"))
            .map(table -> table.at(characters))
            .orElse(Map.of());
  }

  /** Returns these defaults with other values for some options. */
  Presets with(Map<String, String> choices) {
    Properties changed = new Properties();
    changed.putAll(values);
    changed.putAll(choices);
    return new Presets(changed, resumes);
  }

  /**
   * Parses a command again, with other defaults. All its options take their values anew.
   *
   * @param command the command, which is being executed
   * @param arguments the whole command line, beginning with the name of the command
   */
  static void parseAgain(CommandSpec command, Presets defaults, List<String> arguments) {
    command.commandLine().setDefaultValueProvider(defaults);
    command.root().commandLine().parseArgs(arguments.toArray(String[]::new));
  }

  /** Returns whether the defaults are those of a saved run. */
  boolean resumes() {
    return resumes;
  }

  /** Returns the value of an option on a command line, the last one if there are several. */
  private static String last(List<String> arguments, String option, String otherwise) {
    String value = otherwise;
    for (int i = 0; i < arguments.size(); i++) {
      if (arguments.get(i).equals(option) && i + 1 < arguments.size()) {
        value = arguments.get(i + 1);
      } else if (arguments.get(i).startsWith(option + "=")) {
        value = arguments.get(i).substring(option.length() + 1);
      }
    }
    return value;
  }

  /** Returns the folder of a run that has no {@code --run}: {@code runs/PRESET-CORPUS}. */
  static Path runFolder(String preset, List<String> corpus) {
    String name = corpus.get(0).replaceFirst("[?#].*$", "").replaceFirst("[/\\\\]+$", "");
    String stem =
        name.substring(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1)
            .replaceFirst("(?<=.)(\\.(txt|gz|zip|zst|md|html?))+$", "");
    String safe = stem.replaceAll("[^\\p{L}\\p{N}._-]+", "-").replaceAll("^[.-]+|-+$", "");
    String others = corpus.size() == 1 ? "" : "-and-" + (corpus.size() - 1) + "-more";
    return Path.of("runs", preset + "-" + (safe.isEmpty() ? "text" : safe) + others);
  }

  private static void load(String name, Properties values) {
    try (InputStream in = Presets.class.getResourceAsStream("/presets/" + name + ".properties")) {
      values.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String defaultValue(ArgSpec argument) {
    return argument instanceof OptionSpec option
        ? values.getProperty(option.longestName().substring(2))
        : null;
  }
}
