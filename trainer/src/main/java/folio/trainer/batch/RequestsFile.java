package folio.trainer.batch;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A file of requests: one JSON object a line. */
public final class RequestsFile {
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private RequestsFile() {}

  /**
   * Returns the requests of a file in order; blank lines are skipped.
   *
   * @throws BatchException if the file cannot be read, has no request, or has a line that is not a
   *     JSON object
   */
  public static List<BatchRequest> read(Path file) {
    List<BatchRequest> requests = new ArrayList<>();
    List<String> lines = lines(file);
    for (int i = 0; i < lines.size(); i++) {
      String body = lines.get(i).strip();
      if (!body.isEmpty()) {
        String place = file + " line " + (i + 1);
        checkObject(place, body);
        requests.add(new BatchRequest(requests.size(), place, body));
      }
    }
    if (requests.isEmpty()) {
      throw new BatchException(
          "--requests " + file + " has no request; each line is a body of POST /generate");
    }
    return requests;
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (NoSuchFileException e) {
      throw new BatchException("--requests " + file + ": no such file", e);
    } catch (CharacterCodingException e) {
      throw new BatchException("--requests " + file + " is not UTF-8", e);
    } catch (IOException e) {
      throw new BatchException("--requests " + file + " cannot be read: " + e.getMessage(), e);
    }
  }

  private static void checkObject(String place, String body) {
    try {
      if (!JSON.readTree(body).isObject()) {
        throw new BatchException(place + " is not a JSON object, such as {\"prompt\": \"ROMEO:\"}");
      }
    } catch (JsonProcessingException e) {
      throw new BatchException(place + " is not JSON: " + e.getOriginalMessage(), e);
    }
  }
}
