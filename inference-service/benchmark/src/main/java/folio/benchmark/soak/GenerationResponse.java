package folio.benchmark.soak;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import folio.model.vocabulary.UnknownCharacterException;
import folio.model.vocabulary.Vocabulary;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.function.LongConsumer;

/**
 * A complete response with status 200.
 *
 * @param version the version of the model that wrote the text
 * @param end the last event of a stream, or the JSON response; null for plain text
 */
record GenerationResponse(String version, String text, JsonNode end) {
  private static final JsonMapper JSON = new JsonMapper();
  private static final int MAX_EXAMPLE_LENGTH = 300;

  /** The finish reason of a response in plain text, which has no field for it. */
  private static final String UNREPORTED = "unreported";

  /**
   * Reads a response to its end.
   *
   * @param gaps receives the time between two events in nanoseconds
   * @throws UnexpectedOutcomeException if the response has another format or is cut off
   * @throws IOException if the connection breaks
   */
  static GenerationResponse read(
      ResponseFormat format, HttpResponse<InputStream> response, LongConsumer gaps)
      throws IOException, UnexpectedOutcomeException {
    String type = response.headers().firstValue("Content-Type").orElse("none");
    if (!type.startsWith(format.contentType())) {
      throw new UnexpectedOutcomeException("wrong Content-Type", type + " for " + format);
    }
    String version = response.headers().firstValue("X-Model-Version").orElse("none");
    try (InputStream body = response.body()) {
      if (format == ResponseFormat.CHARACTERS) {
        String text = new String(body.readAllBytes(), StandardCharsets.UTF_8);
        return new GenerationResponse(version, text, null);
      }
      if (format == ResponseFormat.JSON) {
        JsonNode json = JSON.readTree(body);
        return new GenerationResponse(version, json.path("text").asText(), json);
      }
      return readEvents(format, version, body, gaps);
    }
  }

  private static GenerationResponse readEvents(
      ResponseFormat format, String version, InputStream body, LongConsumer gaps)
      throws IOException, UnexpectedOutcomeException {
    BufferedReader lines = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8));
    StringBuilder text = new StringBuilder();
    JsonNode last = null;
    boolean done = false;
    long previousNanos = 0;
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (format.isEvents() && line.isEmpty()) {
        continue;
      }
      if (done) {
        throw new UnexpectedOutcomeException("text after the end", shorten(line));
      }
      if (format.isEvents() && line.equals("data: [DONE]")) {
        done = true;
        continue;
      }
      if (format.isEvents() && !line.startsWith("data: {")) {
        throw new UnexpectedOutcomeException("a line that is not an event", shorten(line));
      }
      last = JSON.readTree(format.isEvents() ? line.substring("data: ".length()) : line);
      text.append(last.path("text").asText());
      long now = System.nanoTime();
      if (previousNanos != 0) {
        gaps.accept(now - previousNanos);
      }
      previousNanos = now;
    }
    if (last == null || !last.has("finish_reason") || done != format.isEvents()) {
      throw new UnexpectedOutcomeException(
          "stream cut off before its end event", format + ": " + shorten(text));
    }
    return new GenerationResponse(version, text.toString(), last);
  }

  /** Returns the finish reason, or {@code unreported} for plain text. */
  String finishReason() {
    return end == null ? UNREPORTED : end.path("finish_reason").asText();
  }

  /**
   * Checks the response against its request.
   *
   * @param vocabulary the vocabulary of the model, or null if it is unknown
   * @throws UnexpectedOutcomeException if the response violates the request; names the first
   *     violation
   */
  void check(RandomRequest request, Vocabulary vocabulary) throws UnexpectedOutcomeException {
    boolean ended = finishReason().equals("length") || finishReason().equals(UNREPORTED);
    if (!ended && !(request.hasStopSequences() && finishReason().equals("stop"))) {
      throw new UnexpectedOutcomeException(
          "finish_reason " + finishReason(), shorten(end.toString()));
    }
    if (end != null && !version.equals(end.path("model_version").asText())) {
      throw new UnexpectedOutcomeException(
          "X-Model-Version is not model_version", version + " and " + shorten(end.toString()));
    }
    if (!text.startsWith(request.echoed())) {
      throw new UnexpectedOutcomeException(
          "the prompt is not echoed", request.body() + ": " + shorten(text));
    }
    checkLength(request);
    checkCharacters(vocabulary);
  }

  private void checkLength(RandomRequest request) throws UnexpectedOutcomeException {
    String generated = text.substring(request.echoed().length());
    int length = generated.codePointCount(0, generated.length());
    boolean mustBeFull = !finishReason().equals("stop") && !request.hasStopSequences();
    if (length > request.maxTokens() || (mustBeFull && length != request.maxTokens())) {
      throw new UnexpectedOutcomeException(
          "wrong number of characters", length + " for " + request.body());
    }
    if (end != null) {
      int reported = end.path("usage").path("completion_tokens").asInt(-1);
      if (reported < length
          || reported > request.maxTokens()
          || (mustBeFull && reported != length)) {
        throw new UnexpectedOutcomeException(
            "wrong usage.completion_tokens", reported + " of " + length + " for " + request.body());
      }
    }
  }

  private void checkCharacters(Vocabulary vocabulary) throws UnexpectedOutcomeException {
    if (vocabulary == null) {
      return;
    }
    try {
      vocabulary.encode(text);
    } catch (UnknownCharacterException e) {
      throw new UnexpectedOutcomeException(
          "a character that the model does not have", version + ": " + e.getMessage());
    }
  }

  private static String shorten(CharSequence text) {
    return text.length() <= MAX_EXAMPLE_LENGTH
        ? text.toString()
        : text.subSequence(0, MAX_EXAMPLE_LENGTH) + "…";
  }
}
