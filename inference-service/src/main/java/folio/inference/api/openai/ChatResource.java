package folio.inference.api.openai;

import folio.inference.api.problem.Problem;
import folio.inference.api.problem.ProblemException;
import io.smallrye.mutiny.Uni;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Response.Status;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** The route that OpenAI's chat clients try; it tells them which route there is. */
@Path("/v1/chat/completions")
public final class ChatResource {
  /** Fails for every request. */
  @POST
  @Operation(hidden = true) // it is no part of the API
  public Uni<Void> reject() {
    return Uni.createFrom()
        .failure(
            new ProblemException(
                Problem.of(
                    Status.NOT_FOUND,
                    "no_chat",
                    "there is no chat: the models continue a text. Use POST /v1/completions with a"
                        + " prompt instead of messages")));
  }
}
