package folio.inference.api.problem;

import static java.util.stream.Collectors.joining;

import folio.inference.generation.Rejection;
import io.quarkus.smallrye.openapi.OpenApiFilter;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.OASFilter;
import org.eclipse.microprofile.openapi.models.OpenAPI;
import org.eclipse.microprofile.openapi.models.media.Schema;
import org.eclipse.microprofile.openapi.models.responses.APIResponse;

/**
 * The values of a problem's {@code reason} in the OpenAPI document, by response. Runs after {@link
 * ProblemResponses}, which adds the responses.
 */
@OpenApiFilter(stages = OpenApiFilter.RunStage.BUILD, priority = ProblemReasons.LATE)
public final class ProblemReasons implements OASFilter {
  /** A priority below the default; filters of a higher priority run first. */
  static final int LATE = 0;

  private static final Map<String, List<String>> REASONS =
      Map.ofEntries(
          Map.entry(
              ProblemResponses.BAD_REQUEST,
              List.of(
                  "out_of_range",
                  "unknown_field",
                  "wrong_type",
                  "malformed_json",
                  "malformed_request",
                  Rejection.UNKNOWN_CHARACTER,
                  "forged_state",
                  "expired_state",
                  "malformed_state")),
          Map.entry(ProblemResponses.UNAUTHORIZED, List.of("unauthorized")),
          Map.entry(ProblemResponses.UNKNOWN_MODEL, List.of(Rejection.UNKNOWN_MODEL)),
          Map.entry(ProblemResponses.UNKNOWN_RUN, List.of("unknown_run")),
          Map.entry(ProblemResponses.METHOD_NOT_ALLOWED, List.of("method_not_allowed")),
          Map.entry(ProblemResponses.NOT_ACCEPTABLE, List.of("not_acceptable")),
          Map.entry(ProblemResponses.REQUEST_TIMEOUT, List.of("request_timeout")),
          Map.entry(ProblemResponses.STATE_GONE, List.of("state_model_gone")),
          Map.entry(ProblemResponses.BODY_TOO_LARGE, List.of("body_too_large")),
          Map.entry(ProblemResponses.UNSUPPORTED_MEDIA_TYPE, List.of("unsupported_media_type")),
          Map.entry(
              ProblemResponses.TOO_MANY_REQUESTS,
              List.of(Rejection.QUEUE_FULL, Rejection.QUEUE_TIMEOUT, "too_often", "too_many")),
          Map.entry(
              ProblemResponses.UNKNOWN_TRANSFER_ENCODING, List.of("unknown_transfer_encoding")),
          Map.entry(ProblemResponses.ENGINE_FAILED, List.of(ProblemMapper.INTERNAL_ERROR)),
          Map.entry(
              ProblemResponses.UNAVAILABLE,
              List.of(
                  Rejection.NO_MODEL,
                  Rejection.DRAINING,
                  Rejection.OUT_OF_MEMORY,
                  "too_many_connections")));

  @Override
  public void filterOpenAPI(OpenAPI document) {
    Map<String, APIResponse> responses = document.getComponents().getResponses();
    REASONS.forEach((name, reasons) -> addReasons(responses.get(name), reasons));
    Schema reason =
        document
            .getComponents()
            .getSchemas()
            .get(Problem.class.getSimpleName())
            .getProperties()
            .get("reason");
    reason.setDescription(
        reason.getDescription()
            + " The metric `folio_requests_rejected_total` counts the rejections of the engine, by"
            + " these reasons: "
            + names(Rejection.REASONS, ", ")
            + '.');
  }

  private static void addReasons(APIResponse response, List<String> reasons) {
    response.setDescription(
        response.getDescription() + " `reason` is " + names(reasons, " or ") + '.');
  }

  private static String names(List<String> reasons, String separator) {
    return reasons.stream().map(name -> '`' + name + '`').collect(joining(separator));
  }
}
