package folio.trainer.corpus;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.json.JsonMapper;
import folio.model.storage.DurableFiles;
import folio.model.storage.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.function.Consumer;

/**
 * Copies of downloaded texts. A copy is checked with its server before it is used, and replaced if
 * the text at the address has changed. A copy is replaced in one step, and only by a valid text.
 */
final class CachedDownloads {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  /** The number of hex digits of a text's digest in the name of its copy under another name. */
  private static final int DIGEST_DIGITS = 8;

  private final Path folder;
  private final boolean refresh;
  private final TextFormat format;
  private final Consumer<String> notes;

  /**
   * Creates the cache.
   *
   * @param folder the folder of the copies, which is created at the first download
   * @param refresh whether every text is downloaded anew
   * @param format the format in which a download must be text to be kept
   * @param notes receives a line about each download and each copy
   */
  CachedDownloads(Path folder, boolean refresh, TextFormat format, Consumer<String> notes) {
    this.folder = folder;
    this.refresh = refresh;
    this.format = format;
    this.notes = notes;
  }

  /**
   * The file next to a copy.
   *
   * @param sha256 the digest of the copy that the validators belong to
   */
  @JsonIgnoreProperties(ignoreUnknown = true)
  private record Origin(String sha256, WebText.Validators validators) {}

  private record Copy(Path file, String sha256, WebText.Validators validators) {}

  /**
   * Returns the copy of the text at an address. It is downloaded, unless the server cannot be
   * reached or says that the text is unchanged.
   *
   * @param name the name that the user entered
   * @param key the name of the copy without its extension
   * @throws CorpusException if there is neither a valid text at the address nor a copy
   */
  Path open(String name, String key, WebText text) {
    Path file = folder.resolve(key + ".txt");
    Copy copy = read(name, file, text);
    if (copy != null && text.sha256() != null && !refresh) {
      return file; // its digest is known, so the server has nothing to add
    }
    boolean conditional = copy != null && !refresh;
    Path download = folder.resolve(key + ".txt-" + ProcessHandle.current().pid());
    try {
      Files.createDirectories(folder);
      WebText.Answer answer =
          text.get(conditional ? copy.validators() : WebText.Validators.NONE, download);
      if (answer.unchanged()) {
        notes.accept(text.address() + " is unchanged; using the copy in " + file);
        return file;
      }
      checkIsText(name, download);
      keep(key, answer, download, copy);
      return file;
    } catch (IOException e) {
      if (!conditional) {
        throw new CorpusException(e.getMessage() + "; name a file with --corpus FILE", e);
      }
      return instead(copy, e);
    } catch (CorpusException e) {
      if (!conditional) {
        throw e;
      }
      return instead(copy, e);
    } finally {
      delete(download);
    }
  }

  private static void delete(Path download) {
    try {
      Files.deleteIfExists(download);
    } catch (IOException e) {
      // It stays in the cache folder, and the next download of this process replaces it.
    }
  }

  private Path instead(Copy copy, Exception reason) {
    notes.accept("warning: " + reason.getMessage() + "; using the copy in " + copy.file());
    return copy.file();
  }

  /** Returns a copy, or null if there is none or it is not a valid text. */
  private Copy read(String name, Path file, WebText text) {
    try {
      if (!Files.exists(file) || text.problem("", file) != null) {
        return null;
      }
      String sha256 = Sha256.hex(file);
      Origin origin = origin(file);
      if (origin != null && sha256.equals(origin.sha256())) {
        return new Copy(file, sha256, origin.validators());
      }
      checkIsText(name, file);
      return new Copy(file, sha256, WebText.Validators.NONE);
    } catch (CorpusException e) {
      return null;
    } catch (IOException e) {
      throw unusable(file, e);
    }
  }

  /** Throws an exception if a file is not text that can be read in the format. */
  private void checkIsText(String name, Path file) {
    new CorpusReader(format, note -> {}, codePoint -> {}, null)
        .read(
            List.of(new CorpusReader.Source(name, new TextFiles.TextFile(file, false))),
            ReadProgress.NONE);
  }

  private static Path originFile(Path copy) {
    return copy.resolveSibling(copy.getFileName().toString().replaceFirst("\\.txt$", ".json"));
  }

  private static Origin origin(Path copy) {
    try {
      Origin origin = JSON.readValue(Files.readAllBytes(originFile(copy)), Origin.class);
      return origin == null || origin.validators() == null ? null : origin;
    } catch (IOException e) {
      return null; // an earlier release wrote the copy alone; the text is then downloaded again
    }
  }

  private void keep(String key, WebText.Answer answer, Path download, Copy earlier)
      throws IOException {
    Path file = folder.resolve(key + ".txt");
    String sha256 = Sha256.hex(download);
    boolean changed = earlier != null && !earlier.sha256().equals(sha256);
    String kept = "";
    if (changed) {
      // A run that began with the earlier text can only be resumed with that text.
      String digest = earlier.sha256().substring(0, DIGEST_DIGITS);
      Path other = folder.resolve(key + "-" + digest + ".txt");
      Files.move(file, other, StandardCopyOption.ATOMIC_MOVE);
      kept = "; the earlier text is in " + other;
    }
    Files.move(download, file, StandardCopyOption.ATOMIC_MOVE);
    DurableFiles.replace(
        originFile(file), JSON.writeValueAsBytes(new Origin(sha256, answer.validators())));
    notes.accept(
        answer.address()
            + (changed ? " has changed; downloaded to " : " was downloaded to ")
            + file
            + kept);
  }

  private static CorpusException unusable(Path file, IOException e) {
    return new CorpusException("the corpus cannot be cached in " + file + ": " + e.getMessage(), e);
  }
}
