package folio.inference.api.http;

import folio.inference.api.problem.Problem;
import folio.inference.api.problem.ProblemException;
import folio.inference.api.problem.ProblemWriter;
import folio.inference.generation.MemoryBudget;
import folio.inference.generation.Rejection;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.core.Response.Status;
import java.io.IOException;

/**
 * A request's body while it is received, with a limit of size and of time. It is read on the
 * connection's event loop: a client that sends slowly occupies no thread and no slot, only the
 * memory of the bytes received. (JAX-RS would read a large body on a worker thread, and would
 * reject a body of unknown length without a problem document.)
 */
final class RequestBody {
  private static final String KEY = RequestBody.class.getName();

  private final Context context = Vertx.currentContext();
  private final RoutingContext http;
  private final HttpServerRequest request;
  private final BodyLimits limits;
  private final ProblemWriter problems;
  private final boolean expected;
  private final long timer;
  private final Buffer body = Buffer.buffer();
  private final MemoryBudget.Share memory;
  private UniEmitter<? super Buffer> reader;
  private Runnable onComplete = () -> {};
  private boolean timedOut;
  private boolean answered;
  private boolean unreadable;

  /** The answer to an exceeded memory budget. */
  private final class Memory implements MemoryBudget.Owner {
    @Override
    public void evict() {
      context.runOnContext(
          nothing -> {
            if (reader != null) {
              reject(tooMuchMemory());
            }
          });
    }

    @Override
    public void disconnect() {
      // The rejection has freed the body.
    }

    private static Problem tooMuchMemory() {
      return Problem.of(
          Status.SERVICE_UNAVAILABLE,
          Rejection.OUT_OF_MEMORY,
          "the bodies and answers of all clients exceed their memory budget, and this body is the"
              + " largest; retry later");
    }
  }

  private RequestBody(RoutingContext http, BodyLimits limits, ProblemWriter problems) {
    this.http = http;
    this.problems = problems;
    this.request = http.request();
    this.limits = limits;
    this.memory = limits.memory().open(new Memory());
    this.expected = isExpected(request);
    this.timer =
        expected ? http.vertx().setTimer(limits.timeout().toMillis(), fired -> timeOut()) : -1;
  }

  /** Starts the timeout of a request's body, and ends it with the request. */
  static void expect(RoutingContext http, BodyLimits limits, ProblemWriter problems) {
    RequestBody body = new RequestBody(http, limits, problems);
    http.put(KEY, body);
    if (body.expected) {
      http.request().exceptionHandler(body::receptionFailed);
      http.addEndHandler(
          end -> {
            if (end.succeeded() && !body.timedOut) {
              // The handler of metrics ends the response on another thread.
              body.context.runOnContext(nothing -> body.skipRest());
            } else {
              http.vertx().cancelTimer(body.timer); // the connection is closed
            }
          });
    }
  }

  /**
   * Drops the rest of a body that nobody has read. The timer holds the whole request, so it must
   * not outlive the body: a client that sends many requests would fill the heap with them.
   */
  private void skipRest() {
    if (request.isEnded()) {
      http.vertx().cancelTimer(timer);
    } else {
      // Otherwise Quarkus resumes it at the first handler, and it may end before the second is set.
      request.pause();
      request.handler(dropped -> {});
      request.endHandler(
          end -> {
            http.vertx().cancelTimer(timer);
            disconnectWhenDone();
          });
      request.exceptionHandler(disconnected -> http.vertx().cancelTimer(timer));
      request.resume();
    }
  }

  /** Returns the body of a request; {@link #expect} must have been called. */
  static RequestBody of(RoutingContext http) {
    return http.get(KEY);
  }

  /** Sets the task that runs when the body is complete: at once if the request has none. */
  void onComplete(Runnable task) {
    if (expected) {
      onComplete = task;
    } else {
      task.run();
    }
  }

  /** Returns the limits of this body. */
  BodyLimits limits() {
    return limits;
  }

  /** Under HTTP/1.1 one of two headers announces a body; under HTTP/2 nothing need do so. */
  private static boolean isExpected(HttpServerRequest request) {
    return request.version() == HttpVersion.HTTP_2
        ? !request.isEnded()
        : request.headers().contains(HttpHeaders.CONTENT_LENGTH)
            || request.headers().contains(HttpHeaders.TRANSFER_ENCODING);
  }

  /**
   * Reads the complete body.
   *
   * @return the body, or a {@link ProblemException} if it exceeds a limit; the connection is then
   *     closed after the answer. Never completes if the body is unreadable, which is answered here
   */
  Uni<Buffer> read() {
    if (unreadable) {
      return Uni.createFrom().nothing();
    }
    if (request.isEnded()) {
      onComplete.run();
      return Uni.createFrom().item(body);
    }
    return Uni.createFrom().<Buffer>emitter(this::start);
  }

  private void start(UniEmitter<? super Buffer> emitter) {
    reader = emitter;
    request.handler(this::add);
    request.endHandler(end -> finish());
    if ("100-continue".equalsIgnoreCase(request.getHeader(HttpHeaders.EXPECT))) {
      http.response().writeContinue();
    }
    request.resume();
  }

  /**
   * Handles the end of the connection, or chunks that cannot be read. The server closes the
   * connection when this method returns, so the answer to the latter must be written here.
   */
  private void receptionFailed(Throwable cause) {
    http.vertx().cancelTimer(timer);
    memory.close();
    if (!(cause instanceof IOException) && !http.response().headWritten()) {
      unreadable = true;
      http.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
      problems.answer(http, BodyLimits.unreadable("chunks as in RFC 9112"));
      disconnect();
    }
  }

  private void add(Buffer bytes) {
    memory.add(bytes.length());
    body.appendBuffer(bytes);
    if (body.length() > limits.bytes()) {
      reject(limits.tooLarge("more than " + limits.bytes() + " bytes"));
    }
  }

  private void finish() {
    http.vertx().cancelTimer(timer);
    memory.close();
    onComplete.run();
    UniEmitter<? super Buffer> waiting = reader;
    reader = null;
    waiting.complete(body);
  }

  private void reject(Problem problem) {
    UniEmitter<? super Buffer> waiting = reader;
    reader = null;
    memory.close();
    closeAfterAnswer();
    waiting.fail(new ProblemException(problem));
  }

  private void timeOut() {
    timedOut = true;
    if (reader != null) {
      reject(limits.tooSlow(body.length()));
    } else if (!request.isEnded()) {
      if (http.response().ended()) {
        disconnect();
      } else {
        closeAfterAnswer();
      }
    }
  }

  /**
   * Closes the connection after the answer. Until the body's timeout, the bytes that the client
   * still sends are read and dropped: closing over unread bytes would reset the connection, and the
   * client might never see the answer.
   */
  void closeAfterAnswer() {
    boolean http2 = request.version() == HttpVersion.HTTP_2; // which forbids the header
    if (!http2 && !http.response().headWritten()) {
      // The server replaces an earlier value for clients of HTTP/1.0.
      http.addHeadersEndHandler(
          end -> http.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE));
    }
    http.addEndHandler(
        end -> {
          answered = true;
          disconnectWhenDone();
        });
    if (expected) {
      skipRest();
    }
  }

  private void disconnectWhenDone() {
    if (answered && (timedOut || !expected || request.isEnded())) {
      disconnect();
    }
  }

  /** Closes the connection; under HTTP/2, which other requests share, only this stream. */
  private void disconnect() {
    http.vertx().cancelTimer(timer);
    if (request.version() != HttpVersion.HTTP_2) {
      request.connection().close();
    } else if (!request.isEnded()) {
      request.response().reset();
    }
  }
}
