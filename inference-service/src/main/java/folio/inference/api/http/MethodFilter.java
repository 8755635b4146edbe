package folio.inference.api.http;

import folio.inference.api.problem.Problem;
import folio.inference.api.problem.ProblemWriter;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.Response.Status;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The filter of methods that a path does not have. (JAX-RS names no legal methods, promises HEAD
 * where there is no GET, and does not see the routes of Quarkus, which accept any method.)
 */
@Singleton
final class MethodFilter {
  private static final Pattern POSTED =
      Pattern.compile("/(generate|score|v1/(chat/)?completions)/?(;.*)?");

  private static final Pattern READ =
      Pattern.compile(
          "/(index\\.html|page/.*|metrics|q/.*|(parameters|checkpoints|activations)/?(;.*)?|runs([/;].*)?|(v1/)?models([/;].*)?)?");

  private static final int NO_CONTENT = Status.NO_CONTENT.getStatusCode();
  private static final List<String> POST = List.of("POST", "OPTIONS");
  private static final List<String> GET = List.of("GET", "HEAD", "OPTIONS");

  private final ProblemWriter problems;

  MethodFilter(ProblemWriter problems) {
    this.problems = problems;
  }

  /** Returns whether the path and the method of a request are those of a resource with a body. */
  static boolean takesBody(RoutingContext http) {
    return http.request().method().equals(HttpMethod.POST)
        && POSTED.matcher(http.normalizedPath()).matches();
  }

  /** Passes the request on if its path has its method; answers OPTIONS itself. */
  void check(RoutingContext http) {
    String path = http.normalizedPath();
    List<String> legal =
        POSTED.matcher(path).matches() ? POST : READ.matcher(path).matches() ? GET : List.of();
    String method = http.request().method().name();
    boolean preflight =
        http.request().headers().contains(HttpHeaders.ACCESS_CONTROL_REQUEST_METHOD);
    if (legal.isEmpty() || preflight) {
      http.next();
      return;
    }
    String allow = String.join(", ", legal);
    if (http.request().method().equals(HttpMethod.OPTIONS)) {
      http.response().putHeader(HttpHeaders.ALLOW, allow).setStatusCode(NO_CONTENT).end();
    } else if (legal.contains(method)) {
      http.next();
    } else {
      http.response().putHeader(HttpHeaders.ALLOW, allow);
      String value = Problem.shorten(method);
      problems.answer(
          http,
          Problem.of(
                  Status.METHOD_NOT_ALLOWED,
                  "method_not_allowed",
                  "the method is " + value + "; it must be one of " + allow)
              .about("the method", value, allow));
    }
  }
}
