package folio.trainer.cli;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import folio.trainer.group.ProcessGroup;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The options of rank 0, which the other processes of its group take over. */
final class GroupOptions {
  private static final JsonMapper JSON = new JsonMapper();

  private GroupOptions() {}

  /** Sends the options of this process, which is rank 0, to the others. */
  static void send(ProcessGroup processes, Map<String, String> options) {
    try {
      processes.broadcast(JSON.writeValueAsBytes(options));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the options that rank 0 sends. */
  static Map<String, String> receive(ProcessGroup processes) {
    try {
      return JSON.readValue(processes.broadcast(null), new TypeReference<>() {});
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Parses a command again, with the options of rank 0. Of the command line of this process, only
   * the options count that name the corpus and the device, which may differ from machine to
   * machine.
   *
   * @param command the command, whose fields change
   * @param options the options of rank 0
   * @param more further arguments
   */
  static void parse(CommandSpec command, Map<String, String> options, List<String> more) {
    List<String> arguments = new ArrayList<>(List.of(command.name()));
    for (OptionSpec option : command.commandLine().getParseResult().matchedOptions()) {
      Class<?> group = ((Field) option.userObject()).getDeclaringClass();
      if (group == CorpusOptions.class || group == DeviceOptions.class) {
        option
            .originalStringValues()
            .forEach(value -> arguments.add(option.longestName() + "=" + value));
      }
    }
    arguments.addAll(more);
    Presets.parseAgain(command, Presets.of(options), arguments);
  }
}
