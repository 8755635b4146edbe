package folio.inference.api.generate;

import com.fasterxml.jackson.annotation.JsonProperty;
import folio.inference.api.problem.ProblemResponses;
import folio.inference.generation.GenerationLimits;
import folio.inference.generation.GenerationRequest;
import folio.model.sampling.SamplingParameters;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.LinkedHashMap;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The route {@code GET /parameters}: the ranges of the fields that a page offers as controls. */
@Path("/parameters")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "generate")
public final class ParametersResource {
  /** The largest useful top_k: no vocabulary of characters gains from a larger one. */
  private static final int MAX_USEFUL_TOP_K = 100;

  private final GenerationLimits limits;

  /** Creates the route for a service with {@code limits}. */
  ParametersResource(GenerationLimits limits) {
    this.limits = limits;
  }

  /**
   * The legal range of a field.
   *
   * @param step the increment that a control should use
   * @param fallback the value of an absent field
   */
  @Schema(name = "Parameter", description = "The range of a numeric field.")
  public record Range(
      @Schema(description = "The lowest useful value.", examples = "0") double minimum,
      @Schema(description = "The highest useful value.", examples = "2") double maximum,
      @Schema(description = "The increment that a control should use.", examples = "0.01")
          double step,
      @Schema(name = "default", description = "The value of an absent field.", examples = "1")
          @JsonProperty("default")
          double fallback) {}

  /**
   * Returns the ranges of the numeric fields of {@code POST /generate} and of {@code top} of {@code
   * POST /score}; {@code prompt} is a length in characters.
   */
  @GET
  @Operation(
      operationId = "listParameters",
      summary = "List the numeric parameters",
      description =
          "Returns the range, the step and the default of each numeric field of `POST /generate`, and"
              + " of `top` of `POST /score`, for this service. `prompt` is a length in characters.")
  @APIResponse(responseCode = "200", description = "The ranges, by the name of the field.")
  @APIResponse(responseCode = "406", ref = ProblemResponses.NOT_ACCEPTABLE)
  @APIResponse(responseCode = "default", ref = ProblemResponses.ANY_PROBLEM)
  public Map<String, Range> list() {
    SamplingParameters defaults = SamplingParameters.DEFAULT;
    double fine = SamplingParameters.LOWEST_TEMPERATURE;
    Map<String, Range> ranges = new LinkedHashMap<>();
    ranges.put(
        "temperature",
        new Range(0, SamplingParameters.HIGHEST_TEMPERATURE, fine, defaults.temperature()));
    ranges.put("top_p", new Range(fine, 1, fine, defaults.topP()));
    ranges.put("min_p", new Range(0, 1, fine, defaults.minP()));
    ranges.put("top_k", new Range(0, MAX_USEFUL_TOP_K, 1, defaults.topK()));
    ranges.put(
        "repetition_penalty",
        new Range(
            fine,
            SamplingParameters.HIGHEST_REPETITION_PENALTY,
            fine,
            defaults.repetitionPenalty()));
    int length = Math.min(GenerateBody.DEFAULT_MAX_TOKENS, limits.maxTokens());
    ranges.put("max_tokens", new Range(1, limits.maxTokens(), 1, length));
    ranges.put("prompt", new Range(0, limits.maxPromptTokens(), 1, 0));
    ranges.put("top", new Range(0, GenerationRequest.MAX_LOGPROBS, 1, ScoreBody.DEFAULT_TOP));
    return ranges;
  }
}
