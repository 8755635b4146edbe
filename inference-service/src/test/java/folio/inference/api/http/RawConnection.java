package folio.inference.api.http;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.Collectors;

/** A client's socket, for requests that no HTTP client sends. */
public final class RawConnection implements AutoCloseable {
  private static final Duration READ_TIMEOUT = Duration.ofSeconds(60);
  private static final String END_OF_HEAD = "\r\n\r\n";

  private final Socket socket = new Socket();
  private final InputStream in;

  /** Connects to the service on a port of this machine. */
  public RawConnection(int port) throws IOException {
    this(port, 0);
  }

  /**
   * Connects with a given size of the receive buffer.
   *
   * @param receiveBytes the size in bytes; 0: the system's default
   */
  public RawConnection(int port, int receiveBytes) throws IOException {
    if (receiveBytes > 0) {
      socket.setReceiveBufferSize(receiveBytes);
    }
    socket.setSoTimeout((int) READ_TIMEOUT.toMillis());
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    in = new BufferedInputStream(socket.getInputStream());
  }

  /** An answer of a known length, or of chunks. */
  public record Answer(String head, String body) {
    /** Returns the status of the answer. */
    public int status() {
      return Integer.parseInt(head.substring("HTTP/1.1 ".length(), "HTTP/1.1 200".length()));
    }

    /** Returns the value of a header, or an empty text. */
    public String header(String name) {
      return head.lines()
          .filter(line -> line.regionMatches(true, 0, name + ":", 0, name.length() + 1))
          .map(line -> line.substring(name.length() + 1).strip())
          .findFirst()
          .orElse("");
    }
  }

  /** Returns the head of a {@code POST /generate}, without its last line break. */
  public static String head(String... headers) {
    return "POST /generate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        + Arrays.stream(headers).map(line -> line + "\r\n").collect(Collectors.joining());
  }

  /** Returns a complete {@code POST /generate}. */
  public static String post(String body, String... headers) {
    int length = body.getBytes(StandardCharsets.UTF_8).length;
    return head(headers) + "Content-Length: " + length + END_OF_HEAD + body;
  }

  /** Returns a chunk of a body. */
  static String chunk(String text) {
    int length = text.getBytes(StandardCharsets.UTF_8).length;
    return HexFormat.of().toHexDigits(length) + "\r\n" + text + "\r\n";
  }

  /** Sends text as UTF-8. */
  public void send(String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    socket.getOutputStream().flush();
  }

  /** Returns whether bytes have arrived, without waiting for them; if not, sends more. */
  boolean hasAnswerOrSend(String text) {
    try {
      if (in.available() > 0) {
        return true; // sending would fail if the connection is closed now
      }
      send(text);
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads some bytes and returns whether the connection is still open. */
  public boolean receives(int bytes) {
    try {
      return in.readNBytes(bytes).length == bytes;
    } catch (IOException e) {
      return false; // the service has closed it
    }
  }

  /** Reads the head of the next answer, with its last line breaks. */
  String readHead() throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf(END_OF_HEAD) < 0) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("the connection ended within: " + head);
      }
      head.append((char) next);
    }
    return head.toString();
  }

  /** Reads the next answer and joins the chunks of its body. */
  public Answer read() throws IOException {
    Answer answer = new Answer(readHead(), "");
    if (answer.header("Transfer-Encoding").equals("chunked")) {
      return new Answer(answer.head(), readChunks());
    }
    int length = Integer.parseInt(answer.header("Content-Length"));
    return new Answer(answer.head(), new String(in.readNBytes(length), StandardCharsets.UTF_8));
  }

  /** Reads everything until the service closes the connection. */
  String readToEnd() throws IOException {
    return new String(in.readAllBytes(), StandardCharsets.UTF_8);
  }

  private String readChunks() throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    while (true) {
      int length = Integer.parseInt(readLine(), 16);
      byte[] chunk = in.readNBytes(length);
      if (chunk.length < length || !readLine().isEmpty()) {
        throw new IOException("the connection ended within a chunk");
      }
      if (length == 0) {
        return body.toString(StandardCharsets.UTF_8);
      }
      body.write(chunk);
    }
  }

  private String readLine() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0) {
        throw new IOException("the connection ended within a line: " + line);
      }
      line.append((char) next);
    }
    return line.toString().strip();
  }

  /** Waits for the next byte or the end of the connection, and returns whether it has ended. */
  public boolean isEnded() throws IOException {
    return in.read() < 0;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
