package folio.benchmark;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;

/** What no library would send: bytes on a socket. */
final class RudeClient {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final String START = "POST /generate HTTP/1.1\r\nHost: folio\r\n";
  private static final String TYPE = "Content-Type: application/json\r\n";

  /** Said before hanging up without listening. */
  private static final List<String> HALF_REQUESTS =
      List.of(
          "",
          "POST /gen",
          START,
          START + TYPE + "Content-Length: 100\r\n\r\n{\"prompt\": ",
          START + TYPE + "Content-Length: 2\r\n\r\n{}");

  private final URI service;

  RudeClient(URI service) {
    this.service = service;
  }

  /** Hangs up in the middle of something. */
  void hangUp(SplittableRandom random) throws IOException {
    try (Socket socket = connect()) {
      send(socket, HALF_REQUESTS.get(random.nextInt(HALF_REQUESTS.size())));
    }
  }

  /**
   * Announces a body that is too large and sends none of it.
   *
   * @throws UnexpectedException if it is not refused at once
   */
  void announceTooMuch() throws IOException, UnexpectedException {
    expectStatus(413, START + TYPE + "Content-Length: 5000000\r\n\r\n");
  }

  /**
   * Speaks no HTTP.
   *
   * @throws UnexpectedException if that is not refused
   */
  void babble() throws IOException, UnexpectedException {
    expectStatus(400, "\u0016\u0003\u0001 hello\r\n\r\n");
  }

  private void expectStatus(int status, String said) throws IOException, UnexpectedException {
    try (Socket socket = connect()) {
      send(socket, said);
      String line =
          new BufferedReader(
                  new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1))
              .readLine();
      if (line == null || !line.contains(" " + status + " ")) {
        throw new UnexpectedException("no status " + status, line + " to " + said);
      }
    }
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(service.getHost(), service.getPort());
    socket.setSoTimeout((int) LIMIT.toMillis());
    return socket;
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    socket.getOutputStream().flush();
  }
}
