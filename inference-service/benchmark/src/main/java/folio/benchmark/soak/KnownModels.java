package folio.benchmark.soak;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import folio.benchmark.process.BenchmarkException;
import folio.model.vocabulary.Vocabulary;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;

/** The vocabularies of the models that answer requests. Safe for use by any thread. */
public interface KnownModels {
  /** Returns characters that every model has, at least two. */
  String alphabet();

  /** Returns the vocabulary of a version, or null if it is unknown. */
  Vocabulary vocabulary(String version);

  /** Returns the models that a publisher publishes, future ones included. */
  static KnownModels of(CheckpointPublisher publisher) {
    return new KnownModels() {
      @Override
      public String alphabet() {
        return CheckpointPublisher.SHARED_ALPHABET;
      }

      @Override
      public Vocabulary vocabulary(String version) {
        return publisher.vocabulary(version);
      }
    };
  }

  /**
   * Requests the current model of a running service and returns it as the only known model.
   *
   * @throws BenchmarkException if the service does not return a model
   */
  static KnownModels of(URI service) {
    try (InputStream response = service.resolve("/models/current").toURL().openStream()) {
      JsonNode model = new JsonMapper().readTree(response);
      List<String> characters = new ArrayList<>();
      model.get("characters").forEach(character -> characters.add(character.asText()));
      return single(model.get("version").asText(), Vocabulary.ofCharacters(characters));
    } catch (IOException | RuntimeException e) {
      throw new BenchmarkException(
          "--url is " + service + ", which does not serve a model: " + e, e);
    }
  }

  private static KnownModels single(String knownVersion, Vocabulary vocabulary) {
    String alphabet =
        vocabulary.decode(
            vocabulary.characters().stream()
                .filter(character -> character.length() == 1)
                .mapToInt(character -> vocabulary.id(character.codePointAt(0)))
                .toArray());
    return new KnownModels() {
      @Override
      public String alphabet() {
        return alphabet;
      }

      @Override
      public Vocabulary vocabulary(String version) {
        return version.equals(knownVersion) ? vocabulary : null;
      }
    };
  }
}
