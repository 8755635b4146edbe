package folio.trainer.cli;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** The options that a preset chooses for a text; options on the command line override them. */
final class PresetChoices {
  /** Options that override the choice of another one, by name. */
  private static final Map<String, String> DECIDED_BY =
      Map.of("--epochs", "steps", "--minutes", "steps", "--from", "layers");

  private PresetChoices() {}

  /**
   * Gives the options of {@code train} the values that its preset chooses for a text.
   *
   * @param train the command, which is being executed
   * @param characters the length of the training text
   * @return a line that says what was chosen; empty if nothing was
   */
  static Optional<String> apply(CommandSpec train, long characters) {
    Presets defaults = (Presets) train.commandLine().getDefaultValueProvider();
    Map<String, String> choices = defaults.choices(characters);
    if (choices.isEmpty()) {
      return Optional.empty();
    }
    ParseResult words = train.root().commandLine().getParseResult();
    Presets.parseAgain(train, defaults.with(choices), words.originalArgs());
    Map<String, String> chosen = new TreeMap<>(choices);
    chosen.keySet().removeIf(option -> words.subcommand().hasMatchedOption("--" + option));
    DECIDED_BY.forEach(
        (option, choice) -> {
          if (words.subcommand().hasMatchedOption(option)) {
            chosen.remove(choice);
          }
        });
    if (chosen.isEmpty()) {
      return Optional.empty();
    }
    String options =
        chosen.entrySet().stream()
            .map(choice -> "--" + choice.getKey() + " " + choice.getValue())
            .collect(Collectors.joining(" "));
    return Optional.of(
        String.format("chosen for %,d characters of training text: %s", characters, options));
  }
}
