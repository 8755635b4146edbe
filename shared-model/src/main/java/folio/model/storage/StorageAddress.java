package folio.model.storage;

import java.net.URI;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A parser of the addresses by which users name a storage. */
public final class StorageAddress {
  private static final Pattern S3 =
      Pattern.compile("s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?");

  /** A URI scheme of at least two letters; a single letter is a Windows drive. */
  private static final Pattern SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]+:.*");

  private StorageAddress() {}

  /**
   * Returns the storage at an address: a folder's path, {@code file:///FOLDER} or {@code
   * s3://BUCKET/PREFIX}. This method does not access the storage.
   *
   * @param environment the environment variables, which may name the endpoint of S3
   * @throws IllegalArgumentException if the address has none of these forms
   */
  public static Storage open(String address, Map<String, String> environment) {
    Matcher s3 = S3.matcher(address);
    if (s3.matches()) {
      String prefix = s3.group(2) == null ? "" : s3.group(2).replaceAll("/+$", "");
      S3Bucket bucket =
          S3Bucket.connect(s3.group(1), prefix.isEmpty() ? "" : prefix + "/", environment);
      return new S3Storage(bucket, S3Storage.LEFTOVER_AGE);
    }
    try {
      if (address.startsWith("file:")) {
        return new DirectoryStorage(Path.of(URI.create(address)));
      }
      if (!SCHEME.matcher(address).matches()) {
        return new DirectoryStorage(UserPath.of(address));
      }
    } catch (IllegalArgumentException | FileSystemNotFoundException e) {
      throw new IllegalArgumentException(invalid(address) + ": " + e.getMessage(), e);
    }
    throw new IllegalArgumentException(invalid(address));
  }

  private static String invalid(String address) {
    return "the address is "
        + address
        + "; it must be a folder, file:///FOLDER or s3://BUCKET/PREFIX";
  }
}
