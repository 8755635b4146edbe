package folio.inference.api.http;

import io.smallrye.mutiny.Uni;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.container.ContainerRequestContext;
import java.io.ByteArrayInputStream;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;

/** A request filter that gives JAX-RS each body when it is complete. */
public final class BodyFilter {
  /** Waits for the body of a POST, without blocking, and sets it as the request's entity. */
  @ServerRequestFilter
  public Uni<Void> awaitBody(ContainerRequestContext request, RoutingContext http) {
    if (!request.getMethod().equals(HttpMethod.POST)) {
      return Uni.createFrom().voidItem();
    }
    return RequestBody.of(http)
        .read()
        .invoke(body -> request.setEntityStream(new ByteArrayInputStream(body.getBytes())))
        .replaceWithVoid();
  }
}
