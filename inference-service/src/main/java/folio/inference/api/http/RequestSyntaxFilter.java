package folio.inference.api.http;

import folio.inference.api.problem.Problem;
import folio.inference.api.problem.ProblemWriter;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.Response.Status;
import java.util.List;

/**
 * The filter of requests whose framing or headers contradict themselves. Servers and proxies read
 * such requests in different ways, so they are rejected. The server itself rejects some of them,
 * but without a problem document.
 */
@Singleton
final class RequestSyntaxFilter {
  private static final String CHUNKED = "chunked";

  private final ProblemWriter problems;

  RequestSyntaxFilter(ProblemWriter problems) {
    this.problems = problems;
  }

  /** Adds the handler of requests that the router rejects before any filter: those without Host. */
  void register(@Observes Router router) {
    router.route().order(Integer.MIN_VALUE).failureHandler(this::answerRejected);
  }

  private void answerRejected(RoutingContext http) {
    boolean withoutHost =
        http.statusCode() == Status.BAD_REQUEST.getStatusCode()
            && !http.request().headers().contains(HttpHeaders.HOST);
    if (withoutHost && !http.response().headWritten()) {
      DefaultHeaders.set(http);
      http.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
      http.addEndHandler(end -> http.request().connection().close());
      problems.answer(http, malformed("Host", "absent", "one host"));
    } else {
      http.next();
    }
  }

  /** Rejects a request that is ambiguous, and ends the connection of an HTTP/1.0 client. */
  void check(RoutingContext http) {
    HttpServerRequest request = http.request();
    List<String> codings = request.headers().getAll(HttpHeaders.TRANSFER_ENCODING);
    if (!codings.isEmpty() && !String.join(",", codings).strip().equalsIgnoreCase(CHUNKED)) {
      reject(http, unknownCoding(String.join(", ", codings)));
    } else if (isRepeated(request, HttpHeaders.HOST)) {
      reject(http, malformed("Host", "given twice", "given once"));
    } else if (isRepeated(request, HttpHeaders.AUTHORIZATION)) {
      reject(http, malformed("Authorization", "given twice", "given once"));
    } else {
      if (request.version() == HttpVersion.HTTP_1_0) {
        // Such a client knows no chunks: a stream ends for it when the connection does.
        RequestBody.of(http).closeAfterAnswer();
      }
      http.next();
    }
  }

  private static boolean isRepeated(HttpServerRequest request, CharSequence header) {
    return request.headers().getAll(header).size() > 1;
  }

  private void reject(RoutingContext http, Problem problem) {
    RequestBody.of(http).closeAfterAnswer();
    problems.answer(http, problem);
  }

  private static Problem malformed(String header, String value, String legal) {
    return Problem.of(
            Status.BAD_REQUEST,
            BodyLimits.MALFORMED,
            "the header " + header + " is " + value + "; it must be " + legal)
        .about(header, value, legal);
  }

  private static Problem unknownCoding(String codings) {
    String value = Problem.shorten(codings);
    return Problem.of(
            Status.NOT_IMPLEMENTED,
            "unknown_transfer_encoding",
            "Transfer-Encoding is " + value + "; it must be " + CHUNKED)
        .about("Transfer-Encoding", value, CHUNKED);
  }
}
