package folio.benchmark.hostile;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.zip.GZIPOutputStream;

/** The kinds of attack. Each runs on several threads, again and again until it is stopped. */
enum Attack {
  /** Pipelines requests whose methods are long and all different. */
  METHOD_FLOOD("unknown methods, pipelined", 2) {
    @Override
    void run(Attacker attacker) throws IOException {
      StringBuilder requests = new StringBuilder();
      for (int i = 0; i < PIPELINED; i++) {
        attacker.countRequest();
        requests
            .append("X".repeat(METHOD_LENGTH))
            .append(System.nanoTime())
            .append(" /models HTTP/1.1\r\nHost: folio\r\n\r\n");
      }
      requests.append("GET /metrics HTTP/1.1\r\nHost: folio\r\nConnection: close\r\n\r\n");
      exchange(attacker, requests.toString());
    }
  },
  /** Asks for answers of many megabytes and reads 100 bytes a second of each. */
  SLOW_READERS("64 readers of 100 bytes/s, 10,000 characters with log-probabilities each", 64) {
    @Override
    void run(Attacker attacker) throws IOException {
      Socket socket = attacker.send(post("/generate", LARGE));
      byte[] part = new byte[BYTES_PER_SECOND];
      while (attacker.pause(Duration.ofSeconds(1)) && socket.getInputStream().read(part) >= 0) {
        // The next part is read a second later.
      }
      attacker.release(socket);
    }
  },
  /** Opens connections and never completes the head of a request. */
  HALF_OPEN("5,000 half-sent requests", 1) {
    @Override
    void run(Attacker attacker) throws IOException {
      hold(attacker, "POST /generate HTTP/1.1\r\nHost: folio\r\nContent-Le");
    }
  },
  /** Opens connections and never completes the body of a request. */
  SLOW_BODIES("5,000 requests without the end of their body", 1) {
    @Override
    void run(Attacker attacker) throws IOException {
      hold(attacker, head("/generate", 1000) + "{");
    }
  },
  /** Scores texts of 10,000 characters. */
  SCORERS("8 clients that score 10,000 characters", 8) {
    @Override
    void run(Attacker attacker) throws IOException {
      exchange(
          attacker, post("/score", "{\"text\":\"" + "to be or not to be, ".repeat(500) + "\"}"));
    }
  },
  /** Sends bodies that are small or legal in size, and expensive to read. */
  BOMBS("bodies of 1 MB: nested, compressed, long numbers, many texts", 4) {
    @Override
    void run(Attacker attacker) throws IOException {
      for (String bomb : BOMBS_SENT) {
        exchange(attacker, bomb);
      }
    }
  };

  private static final int PIPELINED = 200;
  private static final int METHOD_LENGTH = 3900;
  private static final int HELD = 5000;
  private static final int MEGABYTE = 1_000_000;
  private static final int ZEROS_PER_MEGABYTE = 1000;
  private static final int BYTES_PER_SECOND = 100;
  private static final String LARGE = "{\"max_tokens\":10000,\"logprobs\":20}";

  private static final List<String> BOMBS_SENT =
      List.of(
          post("/generate", "{\"stop\":" + "[".repeat(MEGABYTE)),
          post("/generate", "{\"seed\":" + "9".repeat(MEGABYTE) + "}"),
          post("/generate", "{\"prompt\":\"" + "a".repeat(MEGABYTE) + "\"}"),
          post("/generate", "{\"stop\":[" + "\"a\",".repeat(MEGABYTE / 4) + "\"a\"]}"),
          post("/generate", "{" + "\"a\":1,".repeat(MEGABYTE / 6) + "\"a\":1}"),
          post(
              "/v1/completions",
              "{\"prompt\":[" + "\"a\",".repeat(15) + "\"a\"],\"n\":16,\"max_tokens\":10000}"),
          compressed(ZEROS_PER_MEGABYTE));

  private final String description;
  private final int threads;

  Attack(String description, int threads) {
    this.description = description;
    this.threads = threads;
  }

  /** Attacks once; an exception means that the service has closed the connection. */
  abstract void run(Attacker attacker) throws IOException;

  String description() {
    return description;
  }

  /** Returns how many threads attack. */
  int threads() {
    return threads;
  }

  private static void hold(Attacker attacker, String partialRequest) throws IOException {
    for (int i = 0; i < HELD && !attacker.stopped(); i++) {
      attacker.send(partialRequest);
    }
    attacker.pause(Duration.ofSeconds(1));
  }

  /** Sends requests of which the last one closes the connection, and reads all answers. */
  private static void exchange(Attacker attacker, String requests) throws IOException {
    Socket socket = attacker.send(requests);
    socket.getInputStream().transferTo(OutputStream.nullOutputStream());
    attacker.release(socket);
  }

  private static String head(String path, int length, String... headers) {
    return "POST "
        + path
        + " HTTP/1.1\r\nHost: folio\r\nConnection: close\r\nContent-Type: application/json\r\n"
        + "Accept: application/json, text/event-stream\r\nContent-Length: "
        + length
        + "\r\n"
        + String.join("", headers)
        + "\r\n";
  }

  private static String post(String path, String body) {
    return head(path, body.length()) + body;
  }

  /** Returns a request whose compressed body has about so many megabytes of text. */
  private static String compressed(int megabytes) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(body)) {
      byte[] spaces = " ".repeat(MEGABYTE).getBytes(StandardCharsets.ISO_8859_1);
      for (int i = 0; i < megabytes; i++) {
        gzip.write(spaces);
      }
    } catch (IOException e) {
      throw new IllegalStateException(e); // memory does not fail
    }
    return head("/generate", body.size(), "Content-Encoding: gzip\r\n")
        + body.toString(StandardCharsets.ISO_8859_1);
  }
}
