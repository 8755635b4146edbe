package folio.trainer.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A program in place of the service: it is ready at once and answers POST with a short text. Its
 * model knows no character of a prompt, so the request must say that they are skipped.
 */
final class DemoService {
  static final String TEXT = "ROMEO: a text";

  private DemoService() {}

  /** The ways in which the program continues after a text. */
  enum AfterText {
    SERVE,
    STREAM,
    EXIT
  }

  /**
   * Runs the program for a minute at most, so that a launcher that does not end it fails its test.
   *
   * @param arguments the name of an {@link AfterText}
   */
  public static void main(String[] arguments) throws Exception {
    AfterText afterText = AfterText.valueOf(arguments[0]);
    int port = Integer.parseInt(System.getenv("QUARKUS_HTTP_PORT"));
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.createContext("/", exchange -> answer(exchange, afterText));
    server.start();
    new CountDownLatch(1).await(1, TimeUnit.MINUTES);
    System.exit(1);
  }

  private static void answer(HttpExchange exchange, AfterText afterText) throws IOException {
    if (!exchange.getRequestMethod().equals("POST")) {
      exchange.sendResponseHeaders(200, -1);
      exchange.close();
      return;
    }
    String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
    boolean mayLackThePrompt = body.contains("\"unknown\": \"skip\"");
    exchange.sendResponseHeaders(mayLackThePrompt ? 200 : 400, 0);
    exchange.getResponseBody().write(TEXT.getBytes(UTF_8));
    exchange.getResponseBody().flush();
    if (afterText == AfterText.STREAM) {
      return;
    }
    exchange.close();
    if (afterText == AfterText.EXIT) {
      System.exit(3);
    }
  }
}
