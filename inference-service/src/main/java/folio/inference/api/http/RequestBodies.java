package folio.inference.api.http;

import folio.inference.api.problem.ProblemWriter;
import io.quarkus.runtime.configuration.MemorySize;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.HttpHeaders;
import java.time.Duration;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** Gives each request's body its limits, before anybody reads it. */
@Singleton
final class RequestBodies {
  private final ProblemWriter problems;
  private final RequestBody.Limits limits;

  /**
   * With the limits of a body.
   *
   * @param size largest body
   * @param timeout longest time from the last header to the last byte
   */
  RequestBodies(
      ProblemWriter problems,
      @ConfigProperty(name = "folio.limits.body-size") MemorySize size,
      @ConfigProperty(name = "folio.limits.request-timeout") Duration timeout) {
    this.problems = problems;
    this.limits = new RequestBody.Limits(size.asLongValue(), timeout);
  }

  void expect(RoutingContext http) {
    RequestBody.expect(http, limits);
    http.next();
  }

  void refuseLarge(RoutingContext http) {
    String length = http.request().getHeader(HttpHeaders.CONTENT_LENGTH);
    // The server has checked the digits.
    if (length == null || Long.parseLong(length) <= limits.bytes()) {
      http.next();
      return;
    }
    RequestBody.of(http).closeAfterAnswer();
    problems.answer(http, limits.tooLarge(length + " bytes"));
  }
}
