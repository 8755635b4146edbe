package folio.trainer.batch;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * The file of a batch's answers: one JSON object a line, in the order of the requests. A batch that
 * was stopped appends to it. Owned by one thread; locked, so that no other process writes to it.
 */
public final class AnswersFile implements AutoCloseable {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Path file;
  private final List<BatchRequest> requests;
  private final FileChannel channel;
  private int answered;
  private int failed;

  private AnswersFile(Path file, List<BatchRequest> requests, FileChannel channel) {
    this.file = file;
    this.requests = requests;
    this.channel = channel;
  }

  /**
   * Opens a file and reads the answers that it has. An incomplete last line, which a killed process
   * left, is dropped.
   *
   * @param requests all requests of the batch
   * @throws BatchException if another process has opened it, or if it holds anything else than
   *     answers to the first requests; the file is unchanged then
   * @throws UncheckedIOException if it cannot be read or written
   */
  public static AnswersFile open(Path file, List<BatchRequest> requests) {
    try {
      FileChannel channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      AnswersFile answers = new AnswersFile(file, requests, channel);
      try {
        answers.resume();
        return answers;
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw answersUnusable(file, e);
    }
  }

  private static UncheckedIOException answersUnusable(Path file, IOException e) {
    return new UncheckedIOException(
        new IOException("--output " + file + " cannot be written: " + e.getMessage(), e));
  }

  private void resume() throws IOException {
    if (channel.tryLock() == null) {
      throw new BatchException(
          "another process writes to --output " + file + "; wait for it, or name another file");
    }
    InputStream in = new BufferedInputStream(Channels.newInputStream(channel));
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    long end = 0;
    for (int next = in.read(); next >= 0; next = in.read()) {
      line.write(next);
      if (next == '\n') {
        count(line.toString(StandardCharsets.UTF_8));
        end += line.size();
        line.reset();
      }
    }
    if (answered == 0 && line.size() > 0 && line.toByteArray()[0] != '{') {
      throw foreign(0); // not even the beginning of an answer
    }
    channel.truncate(end);
    channel.position(end);
  }

  private void count(String line) {
    JsonNode answer = parse(line);
    boolean belongs =
        answer != null
            && answered < requests.size()
            && answer.path("index").asInt(-1) == answered
            && answer.path("request").asText().equals(requests.get(answered).digest());
    if (!belongs) {
      throw foreign(answered);
    }
    answered++;
    failed += answer.has("error") ? 1 : 0;
  }

  private BatchException foreign(int line) {
    return new BatchException(
        "--output "
            + file
            + " line "
            + (line + 1)
            + " is not the answer to request "
            + line
            + " of --requests; name another file, or delete this one");
  }

  private static JsonNode parse(String line) {
    try {
      return JSON.readTree(line);
    } catch (JsonProcessingException e) {
      return null;
    }
  }

  /** Returns the number of requests that are answered; the next answer is to the one after them. */
  public int answered() {
    return answered;
  }

  /** Returns how many of the answers are errors. */
  public int failed() {
    return failed;
  }

  /**
   * Appends the answer to the next request.
   *
   * @throws UncheckedIOException if the file cannot be written
   */
  void write(Answer answer) {
    ObjectNode line = JSON.createObjectNode();
    line.put("index", answered);
    line.put("request", requests.get(answered).digest());
    line.set(answer.failed() ? "error" : "response", answer.body());
    try {
      ByteBuffer bytes = StandardCharsets.UTF_8.encode(JSON.writeValueAsString(line) + "\n");
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException e) {
      throw answersUnusable(file, e);
    }
    answered++;
    failed += answer.failed() ? 1 : 0;
  }

  /** Closes the file and unlocks it. */
  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw answersUnusable(file, e);
    }
  }
}
