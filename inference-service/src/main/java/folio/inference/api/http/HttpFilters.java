package folio.inference.api.http;

import folio.inference.api.problem.Problem;
import folio.inference.api.problem.ProblemMapper;
import folio.inference.api.problem.ProblemWriter;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;

/** What happens to every request before it reaches a resource. */
@Singleton
public final class HttpFilters {
  private static final Pattern HARMLESS = Pattern.compile("[A-Za-z0-9._:/+=-]{1,128}");
  private static final Pattern GENERATE = Pattern.compile("/generate([/;].*)?");
  private static final Pattern COMPLETIONS = Pattern.compile("/v1/completions([/;].*)?");

  private static final Pattern PAGE = Pattern.compile("/(index\\.html|page/.*)?");

  /** The page is made of files of its own alone, asks nobody else, and nobody may frame it. */
  private static final String PAGE_POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
          + " img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  /** Highest first. */
  private static final int FIRST = 1000;

  /** Quarkus asks at 300 whether other origins' pages may: their first question has no key. */
  private static final int AFTER_CORS = 290;

  private final Connections connections;
  private final ApiKeyFilter keys;
  private final RequestBodies bodies;
  private final ProblemWriter problems;

  /** With those who refuse requests before they are understood. */
  HttpFilters(
      Connections connections, ApiKeyFilter keys, RequestBodies bodies, ProblemWriter problems) {
    this.connections = connections;
    this.keys = keys;
    this.bodies = bodies;
    this.problems = problems;
  }

  void register(@Observes Filters filters) {
    filters.register(HttpFilters::identify, FIRST);
    filters.register(bodies::expect, FIRST - 1);
    filters.register(connections::admit, FIRST - 2);
    filters.register(bodies::refuseLarge, FIRST - 3);
    filters.register(this::refuseUnreadableType, FIRST - 4);
    filters.register(this::chooseForm, FIRST - 5);
    filters.register(keys::admit, AFTER_CORS);
  }

  /**
   * An {@code X-Request-Id} for every answer: the client's if it is harmless, else a new one; and
   * what browsers are to refuse.
   */
  private static void identify(RoutingContext http) {
    String given = http.request().getHeader(ResponseHeaders.REQUEST_ID);
    String id =
        given != null && HARMLESS.matcher(given).matches() ? given : UUID.randomUUID().toString();
    http.response().putHeader(ResponseHeaders.REQUEST_ID, id);
    http.response().putHeader("X-Content-Type-Options", "nosniff");
    http.response().putHeader("Referrer-Policy", "no-referrer");
    if (PAGE.matcher(http.normalizedPath()).matches()) {
      http.response().putHeader("Content-Security-Policy", PAGE_POLICY);
    }
    http.next();
  }

  /** JAX-RS takes a type that it cannot parse for a fault of its own. */
  private void refuseUnreadableType(RoutingContext http) {
    String type = http.request().getHeader(HttpHeaders.CONTENT_TYPE);
    if (type == null || isReadable(type)) {
      http.next();
      return;
    }
    problems.answer(
        http,
        Problem.of(
                415,
                "Unsupported Media Type",
                "unsupported_media_type",
                "Content-Type is no media type; legal: " + MediaType.APPLICATION_JSON)
            .about(HttpHeaders.CONTENT_TYPE, ProblemMapper.cut(type), MediaType.APPLICATION_JSON));
  }

  private static boolean isReadable(String type) {
    try {
      return MediaType.valueOf(type) != null;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /**
   * Leaves one type in {@code Accept}. JAX-RS would take any of several equal ones, and would
   * notice that nothing matches only when it writes what has been generated.
   */
  private void chooseForm(RoutingContext http) {
    boolean posts = http.request().method().equals(HttpMethod.POST);
    if (posts && COMPLETIONS.matcher(http.normalizedPath()).matches()) {
      // There the body chooses, whatever the client says that it accepts.
      http.request().headers().set(HttpHeaders.ACCEPT, MediaType.SERVER_SENT_EVENTS);
    }
    if (!posts || !GENERATE.matcher(http.normalizedPath()).matches()) {
      http.next();
      return;
    }
    List<String> accept = http.request().headers().getAll(HttpHeaders.ACCEPT);
    new AcceptHeader(accept)
        .best(MediaTypes.GENERATED)
        .ifPresentOrElse(
            form -> {
              http.request().headers().set(HttpHeaders.ACCEPT, form);
              http.next();
            },
            () -> problems.answer(http, notAcceptable(String.join(", ", accept))));
  }

  private static Problem notAcceptable(String accept) {
    String legal = String.join(", ", MediaTypes.GENERATED);
    return Problem.of(
            406,
            "Not Acceptable",
            "not_acceptable",
            "Accept has none of the types that are offered; legal: " + legal)
        .about(HttpHeaders.ACCEPT, ProblemMapper.cut(accept), legal);
  }
}
