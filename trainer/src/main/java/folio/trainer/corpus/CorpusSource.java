package folio.trainer.corpus;

import folio.model.storage.DurableFiles;
import folio.model.storage.Sha256;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Map;

/**
 * A source of corpora: texts with a known name, at a URL or in a file. Downloads are cached in a
 * folder, so each text is downloaded once.
 */
public final class CorpusSource {
  private record Known(URI address, String sha256) {}

  private static final Map<String, Known> KNOWN =
      Map.of(
          "tinyshakespeare",
          new Known(
              URI.create(
                  "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"),
              "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"));

  /** The time limit of a download. */
  private static final Duration TIMEOUT = Duration.ofMinutes(5);

  /** The number of hex digits of a URL's digest in the name of its cached file. */
  private static final int URL_KEY_DIGITS = 16;

  private final Path cache;

  /**
   * Creates a source with a cache.
   *
   * @param cache the folder of the downloads, which is created at the first download
   */
  public CorpusSource(Path cache) {
    this.cache = cache;
  }

  /**
   * Returns the text at a known name, a URL or a file's path.
   *
   * @throws CorpusException if the text cannot be read, if the digest of a known name differs, or
   *     if the bytes are not text
   */
  public Corpus open(String name) {
    Known known = KNOWN.get(name);
    if (known != null) {
      return Corpus.of(name, cached(name, known));
    }
    if (name.startsWith("https://") || name.startsWith("http://")) {
      String key = Sha256.hex(name.getBytes(StandardCharsets.UTF_8)).substring(0, URL_KEY_DIGITS);
      return Corpus.of(name, cached(key, new Known(address(name), null)));
    }
    return Corpus.of(name, readFile(Path.of(name)));
  }

  private static URI address(String name) {
    try {
      return URI.create(name);
    } catch (IllegalArgumentException e) {
      throw new CorpusException("--corpus " + name + " is not a valid URL: " + e.getMessage(), e);
    }
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

  private byte[] cached(String key, Known known) {
    Path file = cache.resolve(key + ".txt");
    try {
      if (Files.exists(file)) {
        byte[] bytes = Files.readAllBytes(file);
        if (known.sha256() == null || Sha256.hex(bytes).equals(known.sha256())) {
          return bytes;
        }
      }
      byte[] bytes = download(known.address());
      checkDigest(known, bytes);
      Files.createDirectories(cache);
      // Two processes may download at once, so each writes a temporary file of its own.
      Path own = cache.resolve(key + "-" + ProcessHandle.current().pid());
      DurableFiles.replace(own, bytes);
      Files.move(own, file, StandardCopyOption.ATOMIC_MOVE);
      return bytes;
    } catch (IOException e) {
      throw new CorpusException(
          "the corpus cannot be cached in " + file + ": " + e.getMessage(), e);
    }
  }

  private static void checkDigest(Known known, byte[] bytes) {
    String digest = Sha256.hex(bytes);
    if (known.sha256() != null && !digest.equals(known.sha256())) {
      throw new CorpusException(
          known.address()
              + " is not the text it should be: its SHA-256 is "
              + digest
              + " instead of "
              + known.sha256()
              + "; get the file another way and name it with --corpus FILE");
    }
  }

  private static byte[] download(URI address) {
    HttpClient client =
        HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NORMAL)
            .connectTimeout(TIMEOUT)
            .build();
    HttpRequest request = HttpRequest.newBuilder(address).timeout(TIMEOUT).build();
    try {
      HttpResponse<byte[]> response = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
      if (response.statusCode() != 200) {
        throw new CorpusException(
            address + " answered " + response.statusCode() + "; name a file with --corpus FILE");
      }
      return response.body();
    } catch (IOException e) {
      throw new CorpusException(
          address + " cannot be reached (" + e + "); name a file with --corpus FILE", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CorpusException("the download of " + address + " was interrupted", e);
    }
  }
}
