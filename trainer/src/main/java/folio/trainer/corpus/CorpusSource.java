package folio.trainer.corpus;

import folio.model.storage.Sha256;
import folio.model.storage.UserPath;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;

/** A source of corpora: texts with a known name, at a URL or in a file. */
public final class CorpusSource {
  private static final Map<String, WebText> KNOWN =
      Map.of(
          "tinyshakespeare",
          new WebText(
              URI.create(
                  "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"),
              "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"));

  /** The number of hex digits of a URL's digest in the name of its cached file. */
  private static final int URL_KEY_DIGITS = 16;

  private final CachedDownloads downloads;

  /**
   * Creates a source with a cache.
   *
   * @param cache the folder of the downloads, which is created at the first download
   * @param refresh whether texts are downloaded anew, even if the server says they are unchanged
   * @param notes receives a line about each download, and about each copy that is used instead
   */
  public CorpusSource(Path cache, boolean refresh, Consumer<String> notes) {
    this.downloads = new CachedDownloads(cache, refresh, notes);
  }

  /**
   * Returns the text at a known name, a URL or a file's path. A URL is requested each time; its
   * copy is used if it is unchanged or cannot be reached.
   *
   * @throws CorpusException if the text cannot be read, if the digest of a known name differs, or
   *     if the bytes are not text
   */
  public Corpus open(String name) {
    WebText known = KNOWN.get(name);
    if (known != null) {
      return downloads.open(name, name, known);
    }
    if (WebText.isUrl(name)) {
      String key = Sha256.hex(name.getBytes(StandardCharsets.UTF_8)).substring(0, URL_KEY_DIGITS);
      return downloads.open(name, key, WebText.at(name));
    }
    Path file = UserPath.of(name);
    return Corpus.of(file.toString(), readFile(file));
  }

  private static byte[] readFile(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw new CorpusException(
          "--corpus "
              + file
              + ": no such file; name a text file, a URL, or one of "
              + KNOWN.keySet(),
          e);
    } catch (IOException e) {
      throw new CorpusException("--corpus " + file + " cannot be read: " + e.getMessage(), e);
    }
  }
}
