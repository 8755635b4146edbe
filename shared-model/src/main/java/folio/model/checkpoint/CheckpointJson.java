package folio.model.checkpoint;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import folio.model.network.CharGruConfig;
import folio.model.network.NetworkKind;
import folio.model.network.Nonlinearity;
import folio.model.vocabulary.Vocabulary;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The codec of a checkpoint's three JSON files. */
final class CheckpointJson {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          .build();

  private CheckpointJson() {}

  /**
   * The fields of {@code vocabulary.json}. The file of a vocabulary without an unknown entry does
   * not have the last one, so that earlier releases can read it.
   */
  record VocabularyFile(
      int format,
      List<String> characters,
      @JsonInclude(JsonInclude.Include.NON_NULL) Integer unknownId) {}

  /** The fields of {@code config.json}. */
  record ConfigFile(
      int format,
      String network,
      int vocabularySize,
      int embeddingSize,
      int hiddenSize,
      int layers,
      String embeddingActivation,
      String headActivation,
      Integer projectionSize,
      boolean tied) {}

  static byte[] write(CheckpointManifest manifest) {
    return toBytes(manifest);
  }

  static byte[] write(Vocabulary vocabulary) {
    return toBytes(
        new VocabularyFile(
            CheckpointManifest.FORMAT,
            vocabulary.characters(),
            vocabulary.hasUnknownEntry() ? vocabulary.unknownId() : null));
  }

  static byte[] write(CharGruConfig config) {
    return toBytes(
        new ConfigFile(
            CheckpointManifest.FORMAT,
            lowerCase(config.network()),
            config.vocabularySize(),
            config.embeddingSize(),
            config.hiddenSize(),
            config.layers(),
            lowerCase(config.embeddingActivation()),
            lowerCase(config.headActivation()),
            config.projectionSize(),
            config.tied()));
  }

  /**
   * Reads {@code manifest.json}.
   *
   * @throws CheckpointException if the file is not JSON of this format, or lacks a field that a
   *     loader needs
   */
  static CheckpointManifest readManifest(byte[] json) {
    // A later release may add fields that this release can ignore. It raises the format number if
    // they cannot be ignored.
    CheckpointManifest manifest =
        read(CheckpointFiles.MANIFEST, json, CheckpointManifest.class, false);
    if (manifest.files() == null || manifest.canary() == null) {
      throw new CheckpointException("manifest.json: files and canary are required");
    }
    Canary canary = manifest.canary();
    if (manifest.documentSeparator() != null && manifest.documentSeparator().isEmpty()) {
      throw new CheckpointException(
          "manifest.json: document_separator is empty; it must have at least one character");
    }
    if (canary.text() == null || canary.toleranceNats() == null) {
      throw new CheckpointException("manifest.json: canary needs text and tolerance_nats");
    }
    int length = canary.text().codePointCount(0, canary.text().length());
    if (length > Canary.MAX_TEXT_LENGTH) {
      throw new CheckpointException(
          "manifest.json: the text of canary has "
              + length
              + " characters; it must have at most "
              + Canary.MAX_TEXT_LENGTH);
    }
    return manifest;
  }

  /**
   * Reads {@code vocabulary.json}.
   *
   * @throws CheckpointException if the file is not JSON of this format or not a legal vocabulary
   */
  static Vocabulary readVocabulary(byte[] json) {
    VocabularyFile file = read(CheckpointFiles.VOCABULARY, json, VocabularyFile.class, true);
    if (file.characters() == null) {
      throw new CheckpointException("vocabulary.json: characters are required");
    }
    try {
      Vocabulary characters = Vocabulary.ofCharacters(file.characters());
      if (file.unknownId() == null) {
        return characters;
      }
      if (file.unknownId() != characters.size()) {
        throw new IllegalArgumentException(
            "unknown_id is "
                + file.unknownId()
                + "; it must be "
                + characters.size()
                + ", the number of characters");
      }
      return characters.withUnknownEntry();
    } catch (IllegalArgumentException e) {
      throw new CheckpointException("vocabulary.json: " + e.getMessage(), e);
    }
  }

  /**
   * Reads {@code config.json}.
   *
   * @throws CheckpointException if the file is not JSON of this format or not a legal architecture
   */
  static CharGruConfig readConfig(byte[] json) {
    ConfigFile file = read(CheckpointFiles.CONFIG, json, ConfigFile.class, true);
    try {
      return new CharGruConfig(
          parse("network", file.network(), NetworkKind.class),
          file.vocabularySize(),
          file.embeddingSize(),
          file.hiddenSize(),
          file.layers(),
          parse("embedding_activation", file.embeddingActivation(), Nonlinearity.class),
          parse("head_activation", file.headActivation(), Nonlinearity.class),
          file.projectionSize(),
          file.tied());
    } catch (IllegalArgumentException e) {
      throw new CheckpointException("config.json: " + e.getMessage(), e);
    }
  }

  private static <E extends Enum<E>> E parse(String field, String value, Class<E> type) {
    for (E constant : type.getEnumConstants()) {
      if (lowerCase(constant).equals(value)) {
        return constant;
      }
    }
    String choices =
        Arrays.stream(type.getEnumConstants())
            .map(CheckpointJson::lowerCase)
            .collect(Collectors.joining(", "));
    throw new IllegalArgumentException(field + " is " + value + "; it must be one of " + choices);
  }

  private static String lowerCase(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  private static <T> T read(String name, byte[] json, Class<T> type, boolean rejectUnknown) {
    try {
      // The format is checked first, because a file of another format has other fields.
      Map<?, ?> fields = MAPPER.readValue(json, Map.class);
      if (fields == null
          || !Integer.valueOf(CheckpointManifest.FORMAT).equals(fields.get("format"))) {
        throw new CheckpointException(
            name
                + ": format is "
                + (fields == null ? null : fields.get("format"))
                + "; this release reads format "
                + CheckpointManifest.FORMAT);
      }
      ObjectReader reader = MAPPER.readerFor(type);
      return rejectUnknown
          ? reader.with(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).readValue(json)
          : reader.without(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).readValue(json);
    } catch (JsonProcessingException e) {
      throw new CheckpointException(name + ": " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new CheckpointException(name + ": " + e.getMessage(), e);
    }
  }

  private static byte[] toBytes(Object value) {
    try {
      return MAPPER.writeValueAsBytes(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("Jackson cannot write a record of numbers and text", e);
    }
  }
}
