package folio.inference.api.http;

import folio.inference.api.problem.Problem;
import folio.inference.api.problem.ProblemWriter;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response.Status;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The filters that every request passes before it reaches a resource, in their order. */
@Singleton
public final class HttpFilters {
  private static final Pattern GENERATE = Pattern.compile("/generate([/;].*)?");
  private static final Pattern COMPLETIONS = Pattern.compile("/v1/completions([/;].*)?");

  /** A client that accepts problems alone expects JSON. */
  private static final List<String> ACCEPTED_BY_GENERATE =
      Stream.concat(MediaTypes.GENERATED.stream(), Stream.of(Problem.MEDIA_TYPE)).toList();

  private static final String METRICS = "/metrics";
  private static final String OPEN_METRICS = "application/openmetrics-text";

  /**
   * The health of a group of checks. Folio has no groups, but Quarkus creates a registry for every
   * name that a client asks for.
   */
  private static final Pattern HEALTH_GROUP = Pattern.compile("/q/health/group(/.*)?");

  /** The priority of the first filter; Quarkus calls filters by descending priority. */
  private static final int FIRST = 1000;

  /**
   * A priority below that of Quarkus's CORS filter, 300: a browser sends its preflight request
   * without a key.
   */
  private static final int AFTER_CORS = 290;

  private final ConnectionLimit connections;
  private final ApiKeyFilter keys;
  private final BodyLimitFilter bodies;
  private final RequestSyntaxFilter syntax;
  private final MethodFilter methods;
  private final PageValidators pages;
  private final ProblemWriter problems;

  /** Creates the chain from the filters that reject requests before they are parsed. */
  HttpFilters(
      ConnectionLimit connections,
      ApiKeyFilter keys,
      BodyLimitFilter bodies,
      RequestSyntaxFilter syntax,
      MethodFilter methods,
      PageValidators pages,
      ProblemWriter problems) {
    this.connections = connections;
    this.keys = keys;
    this.bodies = bodies;
    this.syntax = syntax;
    this.methods = methods;
    this.pages = pages;
    this.problems = problems;
  }

  void register(@Observes Filters filters) {
    filters.register(
        http -> {
          DefaultHeaders.set(http);
          http.next();
        },
        FIRST);
    filters.register(bodies::startTimeout, FIRST - 1);
    filters.register(connections::admit, FIRST - 2);
    filters.register(syntax::check, FIRST - 3);
    filters.register(bodies::rejectLarge, FIRST - 4);
    filters.register(this::rejectHealthGroup, FIRST - 5);
    filters.register(methods::check, FIRST - 6);
    filters.register(this::rejectInvalidContentType, FIRST - 7);
    filters.register(this::chooseMediaType, FIRST - 8);
    filters.register(keys::admit, AFTER_CORS);
    filters.register(pages::validate, AFTER_CORS - 1);
  }

  private void rejectHealthGroup(RoutingContext http) {
    if (HEALTH_GROUP.matcher(http.normalizedPath()).matches()) {
      problems.answer(
          http, Problem.of(Status.NOT_FOUND, "not_found", "there are no health groups"));
    } else {
      http.next();
    }
  }

  /** Answers 415 to a body that is not JSON, also if JAX-RS could not parse its Content-Type. */
  private void rejectInvalidContentType(RoutingContext http) {
    String type = http.request().getHeader(HttpHeaders.CONTENT_TYPE);
    if (type == null || isJson(type) || (!MethodFilter.takesBody(http) && isMediaType(type))) {
      http.next();
      return;
    }
    String value = Problem.shorten(type);
    problems.answer(
        http,
        Problem.of(
                Status.UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "Content-Type is " + value + "; it must be " + MediaType.APPLICATION_JSON)
            .about(HttpHeaders.CONTENT_TYPE, value, MediaType.APPLICATION_JSON));
  }

  private static boolean isJson(String type) {
    return isMediaType(type)
        && MediaType.APPLICATION_JSON_TYPE.isCompatible(MediaType.valueOf(type));
  }

  private static boolean isMediaType(String type) {
    try {
      return MediaType.valueOf(type) != null;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /**
   * Replaces {@code Accept} by the one type that is chosen. JAX-RS would choose arbitrarily among
   * equals, and would find that no type matches only after the text has been generated.
   */
  private void chooseMediaType(RoutingContext http) {
    boolean post = http.request().method().equals(HttpMethod.POST);
    if (METRICS.equals(http.normalizedPath())) {
      chooseMetricsFormat(http);
      return;
    }
    if (post && COMPLETIONS.matcher(http.normalizedPath()).matches()) {
      // The body's field stream chooses the type of a completion.
      http.request().headers().set(HttpHeaders.ACCEPT, MediaType.SERVER_SENT_EVENTS);
    }
    if (!post || !GENERATE.matcher(http.normalizedPath()).matches()) {
      http.next();
      return;
    }
    List<String> accept = http.request().headers().getAll(HttpHeaders.ACCEPT);
    new AcceptHeader(accept)
        .best(ACCEPTED_BY_GENERATE)
        .ifPresentOrElse(
            form -> {
              boolean problem = form.equals(Problem.MEDIA_TYPE);
              http.request()
                  .headers()
                  .set(HttpHeaders.ACCEPT, problem ? MediaType.APPLICATION_JSON : form);
              http.next();
            },
            () -> problems.answer(http, notAcceptable(String.join(", ", accept))));
  }

  /**
   * Replaces {@code Accept} by a value that Quarkus understands: its route has the plain format
   * only, but its handler writes OpenMetrics for any type.
   */
  private static void chooseMetricsFormat(RoutingContext http) {
    List<String> accept = http.request().headers().getAll(HttpHeaders.ACCEPT);
    new AcceptHeader(accept)
        .best(List.of(OPEN_METRICS, MediaType.TEXT_PLAIN))
        .ifPresent(
            format ->
                http.request()
                    .headers()
                    .set(
                        HttpHeaders.ACCEPT,
                        format.equals(OPEN_METRICS) ? MediaType.WILDCARD : MediaType.TEXT_PLAIN));
    http.next();
  }

  private static Problem notAcceptable(String accept) {
    String legal = String.join(", ", MediaTypes.GENERATED);
    return Problem.of(
            Status.NOT_ACCEPTABLE,
            "not_acceptable",
            "Accept matches no available media type; it must match one of " + legal)
        .about(HttpHeaders.ACCEPT, Problem.shorten(accept), legal);
  }
}
