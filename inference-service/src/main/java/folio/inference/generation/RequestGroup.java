package folio.inference.generation;

import java.util.List;

/**
 * Requests that share a prompt and a model, such as the choices of one prompt. They get their slots
 * at the same time.
 *
 * @param requests at least one request
 * @param client the name of the client, by which slots are shared fairly; empty if it is unknown
 */
public record RequestGroup(List<GenerationRequest> requests, String client) {
  /** Copies the list. */
  public RequestGroup {
    requests = List.copyOf(requests);
  }

  /** Creates a group of an unknown client. */
  public RequestGroup(List<GenerationRequest> requests) {
    this(requests, "");
  }

  /** Returns a group of one request of an unknown client. */
  public static RequestGroup of(GenerationRequest request) {
    return new RequestGroup(List.of(request));
  }

  /** Returns the same requests as those of a client. */
  public RequestGroup from(String name) {
    return new RequestGroup(requests, name);
  }
}
