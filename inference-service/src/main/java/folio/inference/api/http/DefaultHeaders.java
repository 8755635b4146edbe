package folio.inference.api.http;

import io.vertx.ext.web.RoutingContext;
import java.util.UUID;
import java.util.regex.Pattern;

/** The headers of every answer. */
final class DefaultHeaders {
  private static final Pattern SAFE_ID = Pattern.compile("[A-Za-z0-9._:/+=-]{1,128}");
  private static final Pattern PAGE = Pattern.compile("/(index\\.html|page/.*)?");

  /** The page loads and calls only this service, and no other page may frame it. */
  private static final String PAGE_POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
          + " img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  /** Swagger UI has scripts and styles in its page. */
  private static final Pattern SWAGGER_UI = Pattern.compile("/q/swagger-ui(/.*)?");

  private static final String SWAGGER_UI_POLICY =
      "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline';"
          + " connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none';"
          + " frame-ancestors 'none'";

  private DefaultHeaders() {}

  /**
   * Sets the headers of every answer: an {@code X-Request-Id}, which is the client's if it is safe
   * to log and else a new one, and the browsers' security headers.
   */
  static void set(RoutingContext http) {
    String received = http.request().getHeader(ResponseHeaders.REQUEST_ID);
    String id =
        received != null && SAFE_ID.matcher(received).matches()
            ? received
            : UUID.randomUUID().toString();
    http.response().putHeader(ResponseHeaders.REQUEST_ID, id);
    http.response().putHeader("X-Content-Type-Options", "nosniff");
    http.response().putHeader("Referrer-Policy", "no-referrer");
    if (PAGE.matcher(http.normalizedPath()).matches()) {
      http.response().putHeader("Content-Security-Policy", PAGE_POLICY);
    } else if (SWAGGER_UI.matcher(http.normalizedPath()).matches()) {
      http.response().putHeader("Content-Security-Policy", SWAGGER_UI_POLICY);
    }
  }
}
