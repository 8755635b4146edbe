package folio.model.storage;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * Versions, which are some named files each, and the name of the current one. A version is there
 * whole or not at all, and never changes. Safe for use by any thread and process; {@code toString}
 * is its address.
 */
public interface Storage {
  /** The form of a version's name, {@code 20261123T184500Z-1a2b3c4d}. */
  Pattern VERSION = Pattern.compile("\\d{8}T\\d{6}Z-[0-9a-f]{8}");

  /** The file that every version has, and that is written last and deleted first. */
  String SEAL = "manifest.json";

  /** The file that names the current version. */
  String CURRENT = "CURRENT";

  /** The content of {@code CURRENT}; nothing if there is no such file. */
  Optional<String> current() throws IOException;

  /** The names of what lies there, in no order: of all versions, and perhaps of other things. */
  List<String> names() throws IOException;

  /** Whether there is such a version. */
  boolean contains(String version) throws IOException;

  /** The content of a version's file. */
  byte[] read(String version, String file) throws IOException;

  /** Whether what is read is worth keeping on a disk. */
  default boolean remote() {
    return false;
  }

  /**
   * Makes it ready to be written to, and tidies up what killed writers left.
   *
   * @param observer is told of every step, on the writing thread
   */
  StorageWriter write(Consumer<PublishStep> observer) throws IOException;
}
