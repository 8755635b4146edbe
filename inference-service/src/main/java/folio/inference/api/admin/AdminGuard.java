package folio.inference.api.admin;

import folio.inference.api.problem.Problem;
import folio.inference.api.problem.ProblemWriter;
import io.netty.util.NetUtil;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response.Status;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * The check that a request to the admin server comes from an operator and not from a web page that
 * an operator's browser shows. A browser adds {@code Origin} to every POST of a page. A page that
 * binds its own name to the server's address (DNS rebinding) is recognized by that name.
 */
@Singleton
final class AdminGuard {
  private static final String BEARER = "Bearer ";

  private final ProblemWriter problems;
  private final Optional<String> token;

  /**
   * Creates a guard.
   *
   * @param token the token that every request must carry; empty if none is required
   */
  AdminGuard(
      ProblemWriter problems, @ConfigProperty(name = "folio.admin.token") Optional<String> token) {
    this.problems = problems;
    this.token = token;
  }

  /** Passes a request on, or answers 401 or 403. */
  void check(RoutingContext http) {
    HttpServerRequest request = http.request();
    if (request.getHeader("Origin") != null) {
      reject(http, "foreign_origin", "the admin server answers no web page, but Origin is set");
    } else if (token.isPresent()) {
      checkToken(http, request.getHeader(HttpHeaders.AUTHORIZATION));
    } else if (!isLocal(request.authority() == null ? "" : request.authority().host())) {
      reject(
          http,
          "foreign_host",
          "Host is a name; it must be localhost or an IP address, unless folio.admin.token is set");
    } else {
      http.next();
    }
  }

  private void checkToken(RoutingContext http, String authorization) {
    // The name of the scheme is case-insensitive, see RFC 9110, 11.1.
    if (authorization != null
        && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())
        && matches(authorization.substring(BEARER.length()).strip())) {
      http.next();
      return;
    }
    http.response().putHeader(HttpHeaders.WWW_AUTHENTICATE, "Bearer");
    problems.answer(
        http,
        Problem.of(
            Status.UNAUTHORIZED,
            "unknown_token",
            "the admin server's token is required, as Authorization: Bearer TOKEN; the request has"
                + " none, or another one"));
  }

  /** Compares in a time that does not depend on the number of equal characters. */
  private boolean matches(String received) {
    byte[] expected = token.orElseThrow().getBytes(StandardCharsets.UTF_8);
    return MessageDigest.isEqual(expected, received.getBytes(StandardCharsets.UTF_8));
  }

  private static boolean isLocal(String host) {
    String address = host.replaceAll("^\\[|]$", "");
    return host.equalsIgnoreCase("localhost")
        || NetUtil.isValidIpV4Address(address)
        || NetUtil.isValidIpV6Address(address);
  }

  private void reject(RoutingContext http, String reason, String detail) {
    problems.answer(http, Problem.of(Status.FORBIDDEN, reason, detail));
  }
}
