package folio.inference.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.quarkus.runtime.configuration.MemorySize;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import java.math.BigInteger;
import java.util.UUID;
import java.util.regex.Pattern;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** What happens to every request before it reaches a resource. */
@Singleton
public final class HttpFilters {
  private static final String REQUEST_ID = "X-Request-Id";
  private static final Pattern HARMLESS = Pattern.compile("[A-Za-z0-9._:/+=-]{1,128}");
  private static final int FIRST = 1000;
  private static final int SECOND = 999;
  private static final int THIRD = 998;

  private final long maxBodySize;
  private final ObjectMapper json;

  /**
   * With the limit that the server itself keeps, where it answers without a problem document.
   *
   * @param maxBodySize largest body
   */
  HttpFilters(
      @ConfigProperty(name = "quarkus.http.limits.max-body-size") MemorySize maxBodySize,
      ObjectMapper json) {
    this.maxBodySize = maxBodySize.asLongValue();
    this.json = json;
  }

  void register(@Observes Filters filters) {
    filters.register(HttpFilters::identify, FIRST);
    filters.register(this::refuseLargeBodies, SECOND);
    filters.register(HttpFilters::streamByDefault, THIRD);
  }

  /** An {@code X-Request-Id} for every answer: the client's if it is harmless, else a new one. */
  private static void identify(RoutingContext http) {
    String given = http.request().getHeader(REQUEST_ID);
    String id =
        given != null && HARMLESS.matcher(given).matches() ? given : UUID.randomUUID().toString();
    http.response().putHeader(REQUEST_ID, id);
    http.next();
  }

  private void refuseLargeBodies(RoutingContext http) {
    String length = http.request().getHeader("Content-Length");
    if (length == null || new BigInteger(length).compareTo(BigInteger.valueOf(maxBodySize)) <= 0) {
      http.next();
      return;
    }
    Problem problem =
        Problem.of(
                413,
                "Content Too Large",
                "body_too_large",
                "the body has " + length + " bytes; legal: up to " + maxBodySize)
            .about("the body", length + " bytes", "up to " + maxBodySize + " bytes");
    http.response()
        .setStatusCode(413)
        .putHeader("Content-Type", Problem.MEDIA_TYPE)
        .putHeader("Connection", "close")
        .end(write(problem));
  }

  /** Who takes anything gets events: of several equal types JAX-RS would take any. */
  private static void streamByDefault(RoutingContext http) {
    String accept = http.request().getHeader(HttpHeaders.ACCEPT);
    boolean anything = accept == null || accept.isBlank() || accept.strip().equals("*/*");
    if (anything && http.request().path().equals("/generate")) {
      http.request().headers().set(HttpHeaders.ACCEPT, MediaType.SERVER_SENT_EVENTS);
    }
    http.next();
  }

  private String write(Problem problem) {
    try {
      return json.writeValueAsString(problem);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("records of numbers and text can be written", e);
    }
  }
}
