package folio.inference.api.generate;

import folio.inference.api.http.ResponseHeaders;
import io.vertx.ext.web.RoutingContext;

/**
 * The facts about the response to a request that its trace records.
 *
 * @param id the id that the client receives
 * @param streams whether the client reads the text while it is generated
 */
public record ResponseFacts(String id, boolean streams) {
  /** Returns the facts about a response whose id is its {@code X-Request-Id}. */
  static ResponseFacts of(RoutingContext http, boolean streams) {
    return new ResponseFacts(http.response().headers().get(ResponseHeaders.REQUEST_ID), streams);
  }
}
