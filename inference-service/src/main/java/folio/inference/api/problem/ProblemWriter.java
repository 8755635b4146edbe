package folio.inference.api.problem;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;

/** Writes the error answer of a request that has not reached JAX-RS. */
@Singleton
public final class ProblemWriter {
  private final ObjectMapper json;

  /** Creates a writer that uses the mapper of all other answers. */
  ProblemWriter(ObjectMapper json) {
    this.json = json;
  }

  /** Ends the response with a problem, in OpenAI's shape below {@code /v1}. */
  public void answer(RoutingContext http, Problem problem) {
    boolean openAi = OpenAiError.appliesTo(http.normalizedPath());
    http.response()
        .setStatusCode(problem.status())
        .putHeader(
            HttpHeaders.CONTENT_TYPE, openAi ? MediaType.APPLICATION_JSON : Problem.MEDIA_TYPE)
        .end(write(openAi ? OpenAiError.of(problem) : problem));
  }

  private String write(Object body) {
    try {
      return json.writeValueAsString(body);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a record of numbers and strings is always writable", e);
    }
  }
}
