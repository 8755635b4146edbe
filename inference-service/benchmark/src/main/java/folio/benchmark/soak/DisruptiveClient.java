package folio.benchmark.soak;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;

/** A client that sends broken HTTP over a raw socket, which no HTTP library would send. */
final class DisruptiveClient {
  private static final Duration READ_LIMIT = Duration.ofSeconds(20);
  private static final String START = "POST /generate HTTP/1.1\r\nHost: folio\r\n";
  private static final String TYPE = "Content-Type: application/json\r\n";

  /** The beginnings of requests after which the client disconnects. */
  private static final List<String> PARTIAL_REQUESTS =
      List.of(
          "",
          "POST /gen",
          START,
          START + TYPE + "Content-Length: 100\r\n\r\n{\"prompt\": ",
          START + TYPE + "Content-Length: 2\r\n\r\n{}");

  private final URI service;

  DisruptiveClient(URI service) {
    this.service = service;
  }

  /** Sends a part of a request and disconnects without reading the response. */
  void disconnectEarly(SplittableRandom random) throws IOException {
    try (Socket socket = connect()) {
      send(socket, PARTIAL_REQUESTS.get(random.nextInt(PARTIAL_REQUESTS.size())));
    }
  }

  /**
   * Announces a body that is too large, and sends none of it.
   *
   * @throws UnexpectedOutcomeException if the service does not reject the request at once
   */
  void announceLargeBody() throws IOException, UnexpectedOutcomeException {
    expectStatus(413, START + TYPE + "Content-Length: 5000000\r\n\r\n");
  }

  /**
   * Sends bytes that are not HTTP.
   *
   * @throws UnexpectedOutcomeException if the service does not reject them
   */
  void sendGarbage() throws IOException, UnexpectedOutcomeException {
    expectStatus(400, "\u0016\u0003\u0001 hello\r\n\r\n");
  }

  private void expectStatus(int status, String bytes)
      throws IOException, UnexpectedOutcomeException {
    try (Socket socket = connect()) {
      send(socket, bytes);
      String line =
          new BufferedReader(
                  new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1))
              .readLine();
      if (line == null || !line.contains(" " + status + " ")) {
        throw new UnexpectedOutcomeException("no status " + status, line + " to " + bytes);
      }
    }
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(service.getHost(), service.getPort());
    socket.setSoTimeout((int) READ_LIMIT.toMillis());
    return socket;
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    socket.getOutputStream().flush();
  }
}
