package folio.inference.api.problem;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;

/** Answers with problem documents where a request has not reached JAX-RS. */
@Singleton
public final class ProblemWriter {
  private final ObjectMapper json;

  /** With the mapper of all answers. */
  ProblemWriter(ObjectMapper json) {
    this.json = json;
  }

  public void answer(RoutingContext http, Problem problem) {
    http.response()
        .setStatusCode(problem.status())
        .putHeader(
            HttpHeaders.CONTENT_TYPE,
            OpenAiError.isMeant(http.normalizedPath())
                ? MediaType.APPLICATION_JSON
                : Problem.MEDIA_TYPE)
        .end(write(OpenAiError.isMeant(http.normalizedPath()) ? OpenAiError.of(problem) : problem));
  }

  private String write(Object problem) {
    try {
      return json.writeValueAsString(problem);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("records of numbers and text can be written", e);
    }
  }
}
