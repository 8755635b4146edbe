package folio.trainer.batch;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.type.LogicalType;
import folio.model.sampling.OutOfRangeException;
import folio.model.sampling.SamplingParameters;
import folio.model.sampling.StopTexts;
import folio.model.vocabulary.UnknownCharacters;
import java.math.BigDecimal;
import java.util.List;

/**
 * The body of a request that is answered in this process, with the fields of {@code POST
 * /generate}. An absent field is null.
 */
record LocalBody(
    String prompt,
    @JsonProperty("max_tokens") BigDecimal maxTokens,
    Double temperature,
    @JsonProperty("top_k") BigDecimal topK,
    @JsonProperty("top_p") Double topP,
    @JsonProperty("min_p") Double minP,
    @JsonProperty("repetition_penalty") Double repetitionPenalty,
    BigDecimal seed,
    List<String> stop,
    Boolean echo,
    @JsonProperty("ignore_eos") Boolean ignoreEos,
    @JsonProperty("unknown") String unknownName,
    String model,
    JsonNode logprobs,
    @JsonProperty("keep_state") JsonNode keepState,
    JsonNode state) {

  private static final int DEFAULT_MAX_TOKENS = 256;
  private static final int HIGHEST_MAX_TOKENS = 10_000_000;

  private static final JsonMapper JSON = mapper();

  private static JsonMapper mapper() {
    JsonMapper.Builder builder =
        JsonMapper.builder().disable(MapperFeature.ALLOW_COERCION_OF_SCALARS);
    for (CoercionInputShape shape :
        List.of(CoercionInputShape.Integer, CoercionInputShape.Float, CoercionInputShape.Boolean)) {
      builder.withCoercionConfig(
          LogicalType.Textual, config -> config.setCoercion(shape, CoercionAction.Fail));
    }
    return builder.build();
  }

  /**
   * Reads a request.
   *
   * @throws BatchException if a field is unknown, has the wrong type, or needs a service
   */
  static LocalBody of(BatchRequest request) {
    LocalBody body;
    try {
      body = JSON.readValue(request.body(), LocalBody.class);
    } catch (UnrecognizedPropertyException e) {
      throw new BatchException(
          request.place() + ": " + e.getPropertyName() + " is not a field of POST /generate", e);
    } catch (JsonMappingException e) {
      String field = e.getPath().isEmpty() ? "" : e.getPath().get(0).getFieldName();
      throw new BatchException(request.place() + ": " + field + " has the wrong type", e);
    } catch (JsonProcessingException e) {
      throw new BatchException(request.place() + ": " + e.getOriginalMessage(), e);
    }
    body.refuseWithoutService(request.place());
    return body;
  }

  private void refuseWithoutService(String place) {
    refuse(place, "logprobs", logprobs != null && !logprobs.isNull());
    refuse(place, "keep_state", keepState != null && keepState.asBoolean(!keepState.isNull()));
    refuse(place, "state", state != null && !state.isNull());
  }

  private static void refuse(String place, String field, boolean set) {
    if (set) {
      throw new BatchException(place + ": " + field + " needs a service; name one with --url");
    }
  }

  /**
   * Returns the sampling parameters.
   *
   * @throws OutOfRangeException naming the first field that is out of its range
   */
  SamplingParameters sampling() {
    SamplingParameters defaults = SamplingParameters.DEFAULT;
    return new SamplingParameters(
        or(temperature, defaults.temperature()),
        (int) whole("top_k", topK, defaults.topK(), Integer.MAX_VALUE),
        or(topP, defaults.topP()),
        or(minP, defaults.minP()),
        or(repetitionPenalty, defaults.repetitionPenalty()));
  }

  /** Returns the largest number of characters to generate; see {@link #sampling} for errors. */
  int length() {
    int length = (int) whole("max_tokens", maxTokens, DEFAULT_MAX_TOKENS, HIGHEST_MAX_TOKENS);
    if (length < 1) {
      throw new OutOfRangeException("max_tokens", length, "1 to " + HIGHEST_MAX_TOKENS);
    }
    return length;
  }

  /** Returns the seed, or a fallback if there is none; see {@link #sampling} for errors. */
  long seedOr(long fallback) {
    return whole("seed", seed, fallback, Long.MAX_VALUE);
  }

  /** Returns the texts that end the generation; see {@link #sampling} for errors. */
  List<String> stops() {
    List<String> stops = or(stop, List.of());
    StopTexts.check(stops);
    return stops;
  }

  /** Returns what happens to unknown characters of the prompt; see {@link #sampling} for errors. */
  UnknownCharacters unknown() {
    return UnknownCharacters.named(or(unknownName, "reject"))
        .orElseThrow(
            () -> new OutOfRangeException("unknown", unknownName, UnknownCharacters.NAMES));
  }

  private static long whole(String field, BigDecimal value, long fallback, long highest) {
    if (value == null) {
      return fallback;
    }
    long lowest = -highest - (highest == Long.MAX_VALUE ? 1 : 0);
    BigDecimal top = BigDecimal.valueOf(highest);
    BigDecimal bottom = BigDecimal.valueOf(lowest);
    // The range is checked first: the whole number of 1e999999999 would fill the memory.
    if (value.compareTo(top) > 0
        || value.compareTo(bottom) < 0
        || value.stripTrailingZeros().scale() > 0) {
      throw new OutOfRangeException(field, value, "a whole number up to " + highest);
    }
    return value.longValueExact();
  }

  private static <T> T or(T value, T fallback) {
    return value == null ? fallback : value;
  }
}
