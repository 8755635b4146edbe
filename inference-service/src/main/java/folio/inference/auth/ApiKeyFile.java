package folio.inference.auth;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import folio.model.storage.RegularFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The reader of the key file, a JSON array of {@link ApiKey}. */
final class ApiKeyFile {
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
          .build();

  private static final long MAX_BYTES = 16 << 20;

  private ApiKeyFile() {}

  /**
   * Reads a key file.
   *
   * @throws ApiKeyFileException if the file cannot be read, is not such an array, or has a name or
   *     a digest twice; the message names the file and the error and contains no digest
   */
  static List<ApiKey> read(Path file) {
    List<ApiKey> keys;
    try {
      keys =
          JSON.readValue(
              new String(RegularFiles.read(file, MAX_BYTES), StandardCharsets.UTF_8),
              new TypeReference<List<ApiKey>>() {});
    } catch (ValueInstantiationException e) {
      throw new ApiKeyFileException(file + ": " + e.getCause().getMessage(), true);
    } catch (JsonProcessingException e) {
      String where =
          e.getLocation() == null ? "" : ", line " + Math.max(1, e.getLocation().getLineNr());
      throw new ApiKeyFileException(
          file
              + where
              + ": it must be a JSON array of objects with name, sha256, requests_per_second and"
              + " concurrent_requests; the first two are required",
          true);
    } catch (NoSuchFileException e) {
      throw new ApiKeyFileException(file + " cannot be read: it does not exist", false);
    } catch (IOException e) {
      throw new ApiKeyFileException(file + " cannot be read: " + e.getMessage(), false);
    }
    if (keys == null) {
      throw new ApiKeyFileException(file + " holds null; it must be a JSON array", true);
    }
    Set<String> names = new HashSet<>();
    Set<String> digests = new HashSet<>();
    for (ApiKey key : keys) {
      if (key == null) {
        throw new ApiKeyFileException(file + ": a key is null", true);
      }
      if (!names.add(key.name())) {
        throw new ApiKeyFileException(file + ": the name " + key.name() + " appears twice", true);
      }
      if (!digests.add(key.sha256().toLowerCase(Locale.ROOT))) {
        throw new ApiKeyFileException(
            file + ": the key of " + key.name() + " is also the key of another client", true);
      }
    }
    return keys;
  }
}
