package folio.trainer.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Properties;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Named sets of hyperparameters. An option that is not given takes its value from the preset. */
final class Presets implements IDefaultValueProvider {
  /** In the order in which help shows them. */
  static final List<String> NAMES =
      List.of("quick", "quality", "post-gru", "karpathy", "residual-8");

  private static final String OPTION = "--preset";
  private static final String FALLBACK = NAMES.get(0);

  private final Properties values;

  private Presets(Properties values) {
    this.values = values;
  }

  /** The preset that a command line names, read before its options are parsed. */
  static Presets in(List<String> arguments) {
    String name = FALLBACK;
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
      load(name, values); // an unknown name is refused when the option is parsed
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
