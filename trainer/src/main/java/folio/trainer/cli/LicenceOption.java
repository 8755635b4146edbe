package folio.trainer.cli;

import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The option that states the licence of the corpus in the manifest and the model card. */
final class LicenceOption {
  private static final String NAME = "corpus-licence";

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--" + NAME,
      paramLabel = "LICENCE",
      description =
          "The licence of the text, such as CC-BY-SA-4.0 or 'public domain', for the model card of"
              + " the checkpoint.")
  private String licence;

  /**
   * Returns the licence, or null if the user named none.
   *
   * @throws ParameterException if it is blank
   */
  String value() {
    if (licence != null && licence.isBlank()) {
      throw new ParameterException(
          command.commandLine(),
          "--" + NAME + " is blank; it must name a licence, such as CC-BY-SA-4.0");
    }
    return licence;
  }

  /** Returns the option by its name without dashes, for a run that is resumed. */
  Map<String, String> again() {
    return licence == null ? Map.of() : Map.of(NAME, licence);
  }
}
