package folio.benchmark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import folio.model.vocabulary.Vocabulary;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;

/** What clients may know of the models that answer them. Safe for use by any thread. */
interface SoakModels {
  /** Characters that every model knows, two at least. */
  String alphabet();

  /** The vocabulary of a version, or null if it is unknown. */
  Vocabulary vocabulary(String version);

  /** Of models that were published here. */
  static SoakModels of(CheckpointChurn churn) {
    return new SoakModels() {
      @Override
      public String alphabet() {
        return CheckpointChurn.SHARED;
      }

      @Override
      public Vocabulary vocabulary(String version) {
        return churn.vocabulary(version);
      }
    };
  }

  /**
   * Of a service that others look after: its current model, as it tells.
   *
   * @throws BenchmarkException if it does not tell
   */
  static SoakModels of(URI service) {
    try (InputStream answer = service.resolve("/models/current").toURL().openStream()) {
      JsonNode model = new JsonMapper().readTree(answer);
      List<String> characters = new ArrayList<>();
      model.get("characters").forEach(character -> characters.add(character.asText()));
      return known(model.get("version").asText(), Vocabulary.ofCharacters(characters));
    } catch (IOException | RuntimeException e) {
      throw new BenchmarkException("--url is " + service + ", which does not serve: " + e, e);
    }
  }

  private static SoakModels known(String knownVersion, Vocabulary vocabulary) {
    String alphabet =
        vocabulary.decode(
            vocabulary.characters().stream()
                .filter(character -> character.length() == 1)
                .mapToInt(character -> vocabulary.id(character.codePointAt(0)))
                .toArray());
    return new SoakModels() {
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
