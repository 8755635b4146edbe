package folio.inference.api.http;

import jakarta.ws.rs.core.HttpHeaders;
import org.jboss.resteasy.reactive.RestResponse;
import org.jboss.resteasy.reactive.RestResponse.ResponseBuilder;

/** The response headers that no library names. */
public final class ResponseHeaders {
  /** The version of the model that generated the answer. */
  public static final String MODEL_VERSION = "X-Model-Version";

  /** The id of the request: the client's own, or one that the service chose. */
  public static final String REQUEST_ID = "X-Request-Id";

  /** The buffering that nginx and compatible proxies may do. */
  private static final String ACCEL_BUFFERING = "X-Accel-Buffering";

  private ResponseHeaders() {}

  /** Returns a response with status 200 that proxies neither buffer nor cache. */
  public static <T> ResponseBuilder<T> unbuffered(T body) {
    return RestResponse.ResponseBuilder.ok(body)
        .header(ACCEL_BUFFERING, "no")
        .header(HttpHeaders.CACHE_CONTROL, "no-cache");
  }
}
