package folio.inference.api.problem;

import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import org.jboss.resteasy.reactive.server.ServerResponseFilter;

/** A response filter that gives problems below {@code /v1} the shape of OpenAI's errors. */
public final class OpenAiErrorFilter {
  /** Replaces the entity of a response if it is a problem and the path is below {@code /v1}. */
  @ServerResponseFilter
  public void reshape(ContainerRequestContext request, ContainerResponseContext response) {
    if (response.getEntity() instanceof Problem problem
        && OpenAiError.appliesTo(request.getUriInfo().getPath())) {
      response.setEntity(OpenAiError.of(problem));
      response.getHeaders().putSingle(HttpHeaders.CONTENT_TYPE, MediaType.APPLICATION_JSON);
    }
  }
}
