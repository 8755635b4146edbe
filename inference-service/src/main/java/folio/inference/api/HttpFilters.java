package folio.inference.api;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import java.util.UUID;
import java.util.regex.Pattern;

/** What happens to every request before it reaches a resource. */
@Singleton
public final class HttpFilters {
  private static final String REQUEST_ID = "X-Request-Id";
  private static final Pattern HARMLESS = Pattern.compile("[A-Za-z0-9._:/+=-]{1,128}");

  /** Highest first. */
  private static final int FIRST = 1000;

  private final Connections connections;
  private final RequestBodies bodies;

  /** With those who refuse requests before they are understood. */
  HttpFilters(Connections connections, RequestBodies bodies) {
    this.connections = connections;
    this.bodies = bodies;
  }

  void register(@Observes Filters filters) {
    filters.register(HttpFilters::identify, FIRST);
    filters.register(bodies::expect, FIRST - 1);
    filters.register(connections::admit, FIRST - 2);
    filters.register(bodies::refuseLarge, FIRST - 3);
    filters.register(HttpFilters::streamByDefault, FIRST - 4);
  }

  /** An {@code X-Request-Id} for every answer: the client's if it is harmless, else a new one. */
  private static void identify(RoutingContext http) {
    String given = http.request().getHeader(REQUEST_ID);
    String id =
        given != null && HARMLESS.matcher(given).matches() ? given : UUID.randomUUID().toString();
    http.response().putHeader(REQUEST_ID, id);
    http.next();
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
}
