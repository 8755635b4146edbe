package folio.inference.api.http;

import io.smallrye.mutiny.Uni;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.container.ContainerRequestContext;
import java.io.ByteArrayInputStream;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;

/** Gives JAX-RS each body whole. */
public final class BodyFilter {
  /** Waits for the body of a request that may have one. */
  @ServerRequestFilter
  public Uni<Void> await(ContainerRequestContext request, RoutingContext http) {
    if (!request.getMethod().equals(HttpMethod.POST)) {
      return Uni.createFrom().voidItem();
    }
    return RequestBody.of(http)
        .read()
        .invoke(body -> request.setEntityStream(new ByteArrayInputStream(body.getBytes())))
        .replaceWithVoid();
  }
}
