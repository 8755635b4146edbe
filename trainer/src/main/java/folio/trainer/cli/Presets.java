package folio.trainer.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Properties;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The presets of {@code train}: named sets of hyperparameters. An option that is missing from the
 * command line takes its value from the preset.
 */
final class Presets implements IDefaultValueProvider {
  /** The names of all presets; the first one is the default. */
  static final List<String> NAMES =
      List.of("quick", "quality", "post-gru", "karpathy", "residual-8");

  private static final String OPTION = "--preset";

  private final Properties values;

  private Presets(Properties values) {
    this.values = values;
  }

  /** Returns the preset that a command line names; its options need not be parsed yet. */
  static Presets in(List<String> arguments) {
    String name = NAMES.get(0);
    for (int i = 0; i < arguments.size(); i++) {
      if (arguments.get(i).equals(OPTION) && i + 1 < arguments.size()) {
        name = arguments.get(i + 1);
      } else if (arguments.get(i).startsWith(OPTION + "=")) {
        name = arguments.get(i).substring(OPTION.length() + 1);
      }
    }
    Properties values = new Properties();
    load("defaults", values);
    if (NAMES.contains(name)) {
      load(name, values); // TrainCommand rejects an unknown name
    }
    values.setProperty("preset", name);
    return new Presets(values);
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
