package folio.trainer;

import folio.trainer.corpus.Corpus;
import folio.trainer.corpus.CorpusSource;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Which text. */
final class CorpusOptions {
  @Option(
      names = "--corpus",
      paramLabel = "TEXT",
      defaultValue = "tinyshakespeare",
      description = "tinyshakespeare (downloaded once), a UTF-8 file, or a URL.")
  private String name;

  Corpus open() {
    String cache = System.getenv("FOLIO_CACHE");
    Path folder =
        cache == null
            ? Path.of(System.getProperty("user.home"), ".cache", "folio")
            : Path.of(cache);
    return new CorpusSource(folder).open(name);
  }
}
