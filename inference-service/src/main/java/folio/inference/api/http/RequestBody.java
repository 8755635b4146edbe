package folio.inference.api.http;

import folio.inference.api.problem.Problem;
import folio.inference.api.problem.ProblemException;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;

/**
 * One body on its way, within a size and a time. It is read on the connection's event loop: a
 * client that sends slowly holds no thread and no slot, only what it has sent so far. (JAX-RS would
 * read a large one on a worker thread, and refuse one of unknown length without a word.)
 */
final class RequestBody {
  private static final String KEY = RequestBody.class.getName();

  private final RoutingContext http;
  private final HttpServerRequest request;
  private final Limits limits;
  private final boolean expected;
  private final long timer;
  private final Buffer body = Buffer.buffer();
  private UniEmitter<? super Buffer> reader;
  private boolean late;
  private boolean answered;

  /**
   * What a body may take.
   *
   * @param bytes largest body
   * @param timeout longest time from the last header to the last byte
   */
  record Limits(long bytes, Duration timeout) {
    Problem tooLarge(String size) {
      return Problem.of(
              413,
              "Content Too Large",
              "body_too_large",
              "the body has " + size + "; legal: up to " + bytes)
          .about("the body", size, "up to " + bytes + " bytes");
    }

    private Problem tooSlow(long received) {
      String legal = "all of it within " + timeout.toMillis() / 1000.0 + " seconds";
      return Problem.of(
              408,
              "Request Timeout",
              "request_timeout",
              "the body did not come to its end; legal: " + legal)
          .about("the body", received + " bytes so far", legal);
    }
  }

  private RequestBody(RoutingContext http, Limits limits) {
    this.http = http;
    this.request = http.request();
    this.limits = limits;
    this.expected = isExpected(request);
    this.timer =
        expected ? http.vertx().setTimer(limits.timeout().toMillis(), fired -> giveUp()) : -1;
  }

  /** From here on, the body's time runs. */
  static void expect(RoutingContext http, Limits limits) {
    http.put(KEY, new RequestBody(http, limits));
  }

  /** The body of a request. */
  static RequestBody of(RoutingContext http) {
    return http.get(KEY);
  }

  private static boolean isExpected(HttpServerRequest request) {
    boolean silent =
        request.method().equals(HttpMethod.GET) || request.method().equals(HttpMethod.HEAD);
    return !silent
        || request.headers().contains(HttpHeaders.CONTENT_LENGTH)
        || request.headers().contains(HttpHeaders.TRANSFER_ENCODING);
  }

  /**
   * The whole body.
   *
   * @return fails with a {@link ProblemException} if it exceeds a limit; the connection is closed
   *     after the answer then
   */
  Uni<Buffer> read() {
    if (request.isEnded()) {
      return Uni.createFrom().item(body);
    }
    return Uni.createFrom().<Buffer>emitter(this::begin);
  }

  private void begin(UniEmitter<? super Buffer> emitter) {
    reader = emitter;
    request.exceptionHandler(gone -> http.vertx().cancelTimer(timer));
    request.handler(this::add);
    request.endHandler(end -> finish());
    if ("100-continue".equalsIgnoreCase(request.getHeader(HttpHeaders.EXPECT))) {
      http.response().writeContinue();
    }
    request.resume();
  }

  private void add(Buffer bytes) {
    body.appendBuffer(bytes);
    if (body.length() > limits.bytes()) {
      reject(limits.tooLarge("more than " + limits.bytes() + " bytes"));
    }
  }

  private void finish() {
    http.vertx().cancelTimer(timer);
    UniEmitter<? super Buffer> waiting = reader;
    reader = null;
    waiting.complete(body);
  }

  private void reject(Problem problem) {
    UniEmitter<? super Buffer> waiting = reader;
    reader = null;
    closeAfterAnswer();
    waiting.fail(new ProblemException(problem));
  }

  private void giveUp() {
    late = true;
    if (reader != null) {
      reject(limits.tooSlow(body.length()));
    } else if (!request.isEnded()) {
      if (http.response().ended()) {
        cut();
      } else {
        closeAfterAnswer();
      }
    }
  }

  /**
   * Lets go of the client once it has an answer. What it still sends is read and dropped, as long
   * as the body's time runs: closing over unread bytes would reset the connection, and the client
   * would never see the answer.
   */
  void closeAfterAnswer() {
    boolean http2 = request.version() == HttpVersion.HTTP_2; // there the header is illegal
    if (!http2 && !http.response().headWritten()) {
      http.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
    }
    http.addEndHandler(
        end -> {
          answered = true;
          cutWhenDone();
        });
    if (expected && !request.isEnded()) {
      request.handler(dropped -> {});
      request.endHandler(end -> cutWhenDone());
      request.resume();
    }
  }

  private void cutWhenDone() {
    if (answered && (late || !expected || request.isEnded())) {
      cut();
    }
  }

  /** Under HTTP/2 other requests share the connection, so only this one's stream ends. */
  private void cut() {
    http.vertx().cancelTimer(timer);
    if (request.version() != HttpVersion.HTTP_2) {
      request.connection().close();
    } else if (!request.isEnded()) {
      request.response().reset();
    }
  }
}
