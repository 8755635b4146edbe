package folio.inference.api.problem;

import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import org.jboss.resteasy.reactive.server.ServerResponseFilter;

/** Gives problems below {@code /v1} the shape that clients expect there. */
public final class OpenAiErrorFilter {
  /** Looks at every response of a resource. */
  @ServerResponseFilter
  public void reshape(ContainerRequestContext request, ContainerResponseContext response) {
    if (response.getEntity() instanceof Problem problem
        && OpenAiError.isMeant(request.getUriInfo().getPath())) {
      response.setEntity(OpenAiError.of(problem));
      response.getHeaders().putSingle(HttpHeaders.CONTENT_TYPE, MediaType.APPLICATION_JSON);
    }
  }
}
