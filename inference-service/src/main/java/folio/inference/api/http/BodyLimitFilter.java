package folio.inference.api.http;

import folio.inference.api.problem.ProblemWriter;
import folio.inference.generation.MemoryBudget;
import io.quarkus.runtime.configuration.MemorySize;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.HttpHeaders;
import java.time.Duration;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** The filters that set the limits of each request's body before it is read. */
@Singleton
final class BodyLimitFilter {
  private final ProblemWriter problems;
  private final BodyLimits limits;

  /**
   * Creates a filter with the limits of every body.
   *
   * @param memory the budget that counts the bytes of bodies that are not complete
   * @param size the largest body
   * @param timeout the longest time from the last header to the body's last byte
   */
  BodyLimitFilter(
      ProblemWriter problems,
      MemoryBudget memory,
      @ConfigProperty(name = "folio.limits.body-size") MemorySize size,
      @ConfigProperty(name = "folio.limits.request-timeout") Duration timeout) {
    this.problems = problems;
    this.limits = new BodyLimits(size.asLongValue(), timeout, memory);
  }

  /** Starts the body's timeout. */
  void startTimeout(RoutingContext http) {
    RequestBody.expect(http, limits, problems);
    http.next();
  }

  /** Rejects a request whose Content-Length exceeds the limit. */
  void rejectLarge(RoutingContext http) {
    String length = http.request().getHeader(HttpHeaders.CONTENT_LENGTH);
    // The server has rejected a Content-Length that is not a number.
    if (length == null || Long.parseLong(length) <= limits.bytes()) {
      http.next();
      return;
    }
    RequestBody.of(http).closeAfterAnswer();
    problems.answer(http, limits.tooLarge(length + " bytes"));
  }
}
