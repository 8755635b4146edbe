package folio.trainer.batch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;

/** An HTTP server that speaks POST /generate, with answers that a test chooses. */
public final class FakeService implements AutoCloseable {
  /**
   * A response.
   *
   * @param headers further headers, by name
   */
  public record Reply(int status, Map<String, String> headers, String body) {
    /** Returns the response with a generated text. */
    public static Reply text(String text) {
      return new Reply(
          200, Map.of(), "{\"text\":\"" + text + "\",\"usage\":{\"completion_tokens\":3}}");
    }

    /** Returns a problem document. */
    public static Reply problem(int status, String reason) {
      return new Reply(
          status, Map.of(), "{\"status\":" + status + ",\"reason\":\"" + reason + "\"}");
    }

    /** Returns this response with a header. */
    public Reply with(String name, String value) {
      return new Reply(status, Map.of(name, value), body);
    }
  }

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final List<String> prompts = new CopyOnWriteArrayList<>();
  private final List<String> keys = new CopyOnWriteArrayList<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Function<String, Reply> replies;
  private final HttpServer server;

  /**
   * Starts a server.
   *
   * @param replies returns the response to a prompt; several threads call it
   */
  public FakeService(Function<String, Reply> replies) throws IOException {
    this.replies = replies;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/generate", this::answer);
    server.start();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      JsonNode request = JSON.readTree(exchange.getRequestBody());
      String prompt = request.path("prompt").asText();
      prompts.add(prompt);
      keys.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
      Reply reply = replies.apply(prompt);
      byte[] body = reply.body().getBytes(StandardCharsets.UTF_8);
      reply.headers().forEach(exchange.getResponseHeaders()::set);
      exchange.sendResponseHeaders(reply.status(), body.length);
      exchange.getResponseBody().write(body);
    }
  }

  /** Returns the server's address. */
  public String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** Returns the prompts of all requests in the order of their arrival. */
  public List<String> prompts() {
    return prompts;
  }

  /** Returns the headers {@code Authorization} of all requests. */
  List<String> keys() {
    return keys;
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
