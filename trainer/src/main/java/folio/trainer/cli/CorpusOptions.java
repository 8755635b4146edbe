package folio.trainer.cli;

import folio.model.storage.FileCache;
import folio.trainer.corpus.Corpus;
import folio.trainer.corpus.CorpusSource;
import java.io.PrintWriter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options that name the text. */
final class CorpusOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--corpus",
      paramLabel = "TEXT",
      defaultValue = "tinyshakespeare",
      description = "The text: tinyshakespeare (downloaded once), a UTF-8 file or an http(s) URL.")
  private String name;

  @Option(
      names = "--refresh",
      description = "Download the text of --corpus again, also if the cached copy is up to date.")
  private boolean refresh;

  /**
   * Reads the text, and downloads it first where needed.
   *
   * @throws folio.trainer.corpus.CorpusException if it cannot be read or is not a text
   */
  Corpus open() {
    PrintWriter err = command.commandLine().getErr();
    return new CorpusSource(
            FileCache.folderOf(System.getenv()), refresh, note -> err.println("folio: " + note))
        .open(name);
  }
}
