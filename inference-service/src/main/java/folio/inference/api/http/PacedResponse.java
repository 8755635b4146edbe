package folio.inference.api.http;

import io.vertx.core.Vertx;
import io.vertx.core.impl.ContextInternal;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.function.LongConsumer;
import org.jboss.resteasy.reactive.server.core.ResteasyReactiveRequestContext;
import org.jboss.resteasy.reactive.server.spi.ServerHttpResponse;
import org.jboss.resteasy.reactive.server.spi.ServerRequestContext;

/**
 * A response that is written as fast as its client reads it. Once the socket accepts no more bytes,
 * nothing is written until the client has read about 32 KiB of those that wait. The connection of a
 * client that needs longer than a limit for them is closed. Owned by the request's event loop.
 */
final class PacedResponse {
  private static final long NONE = -1;

  private final ResteasyReactiveRequestContext http;
  private final ServerHttpResponse response;
  private final ContextInternal context;
  private final Duration limit;
  private final Runnable continueWriting;
  private boolean congested;
  private long timer = NONE;

  private PacedResponse(
      ResteasyReactiveRequestContext http, Duration limit, Runnable continueWriting) {
    this.http = http;
    this.response = http.serverResponse();
    this.context = (ContextInternal) Vertx.currentContext();
    this.limit = limit;
    this.continueWriting = continueWriting;
    // The timer holds the whole request, which may end while it runs.
    http.serverRequest()
        .unwrap(RoutingContext.class)
        .addEndHandler(end -> context.owner().cancelTimer(timer));
  }

  /**
   * Suspends a request and returns its response, of which nothing is written.
   *
   * @param limit the longest time that written bytes wait for the client
   * @param continueWriting called when the client has read enough for the next write
   */
  static PacedResponse begin(ServerRequestContext http, Duration limit, Runnable continueWriting) {
    // RESTEasy's own file writers cast as well: only the implementation can suspend a request.
    ResteasyReactiveRequestContext context = (ResteasyReactiveRequestContext) http;
    context.suspend();
    return new PacedResponse(context, limit, continueWriting);
  }

  /** Returns whether bytes may be written now. */
  boolean writable() {
    return !congested && !response.closed();
  }

  /**
   * Writes bytes.
   *
   * @param inFlight receives the number of bytes now, and the negative number once the socket has
   *     accepted them
   */
  void write(byte[] bytes, LongConsumer inFlight) {
    inFlight.accept(bytes.length);
    response.write(bytes).whenComplete((done, failure) -> inFlight.accept(-bytes.length));
    if (response.isWriteQueueFull()) {
      congested = true;
      timer = context.setTimer(limit.toMillis(), late -> abort());
      response.addDrainHandler(this::drained);
    }
  }

  private void drained() {
    context.owner().cancelTimer(timer);
    congested = false;
    continueWriting.run();
  }

  /** Writes the last bytes. */
  void end(byte[] bytes) {
    response.end(bytes);
    http.resume();
  }

  /** Breaks the response off, so that the client cannot take it for complete. */
  void abort() {
    response.reset();
    http.resume();
  }
}
