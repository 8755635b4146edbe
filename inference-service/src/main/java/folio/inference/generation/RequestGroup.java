package folio.inference.generation;

import java.util.List;

/**
 * Requests that share a prompt and a model, such as the choices of one prompt. They get their slots
 * at the same time.
 *
 * @param requests at least one request
 */
public record RequestGroup(List<GenerationRequest> requests) {
  /** Copies the list. */
  public RequestGroup {
    requests = List.copyOf(requests);
  }

  /** Returns a group of one request. */
  public static RequestGroup of(GenerationRequest request) {
    return new RequestGroup(List.of(request));
  }
}
