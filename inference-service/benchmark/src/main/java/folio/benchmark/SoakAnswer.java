package folio.benchmark;

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
 * A whole answer with status 200.
 *
 * @param version of the model that wrote it
 * @param end the event that ended it, or the whole JSON answer; null for raw characters
 */
record SoakAnswer(String version, String text, JsonNode end) {
  private static final JsonMapper JSON = new JsonMapper();
  private static final int LONGEST_EXAMPLE = 300;

  /**
   * Reads an answer to its end.
   *
   * @param gaps is given the nanoseconds between events
   * @throws UnexpectedException if it is not in the form that was asked for, or is cut
   * @throws IOException if the connection breaks
   */
  static SoakAnswer read(SoakFormat form, HttpResponse<InputStream> response, LongConsumer gaps)
      throws IOException, UnexpectedException {
    String type = response.headers().firstValue("Content-Type").orElse("none");
    if (!type.startsWith(form.contentType())) {
      throw new UnexpectedException("wrong Content-Type", type + " for " + form);
    }
    String version = response.headers().firstValue("X-Model-Version").orElse("none");
    try (InputStream body = response.body()) {
      if (form == SoakFormat.CHARACTERS) {
        String text = new String(body.readAllBytes(), StandardCharsets.UTF_8);
        return new SoakAnswer(version, text, null);
      }
      if (form == SoakFormat.WHOLE) {
        JsonNode answer = JSON.readTree(body);
        return new SoakAnswer(version, answer.path("text").asText(), answer);
      }
      return readEvents(form, version, body, gaps);
    }
  }

  private static SoakAnswer readEvents(
      SoakFormat form, String version, InputStream body, LongConsumer gaps)
      throws IOException, UnexpectedException {
    BufferedReader lines = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8));
    StringBuilder text = new StringBuilder();
    JsonNode last = null;
    boolean done = false;
    long lastNanos = 0;
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (form.isEvents() && line.isEmpty()) {
        continue;
      }
      if (done) {
        throw new UnexpectedException("text after the end", cut(line));
      }
      if (form.isEvents() && line.equals("data: [DONE]")) {
        done = true;
        continue;
      }
      if (form.isEvents() && !line.startsWith("data: {")) {
        throw new UnexpectedException("a line that is no event", cut(line));
      }
      last = JSON.readTree(form.isEvents() ? line.substring("data: ".length()) : line);
      text.append(last.path("text").asText());
      long now = System.nanoTime();
      if (lastNanos != 0) {
        gaps.accept(now - lastNanos);
      }
      lastNanos = now;
    }
    if (last == null || !last.has("finish_reason") || done != form.isEvents()) {
      throw new UnexpectedException("stream cut without its end event", form + ": " + cut(text));
    }
    return new SoakAnswer(version, text.toString(), last);
  }

  /** How it ended, as far as the form tells. */
  String finishReason() {
    return end == null ? "untold" : end.path("finish_reason").asText();
  }

  /**
   * Checks it against what was asked for.
   *
   * @param vocabulary of its model, or null if that is unknown
   * @throws UnexpectedException at the first thing that is wrong
   */
  void check(SoakRequest request, Vocabulary vocabulary) throws UnexpectedException {
    boolean ended = finishReason().equals("length") || finishReason().equals("untold");
    if (!ended && !(request.mayStop() && finishReason().equals("stop"))) {
      throw new UnexpectedException("finish_reason " + finishReason(), cut(end.toString()));
    }
    if (end != null && !version.equals(end.path("model_version").asText())) {
      throw new UnexpectedException(
          "X-Model-Version is not model_version", version + " and " + cut(end.toString()));
    }
    if (!text.startsWith(request.echoed())) {
      throw new UnexpectedException("the prompt is not echoed", request.body() + ": " + cut(text));
    }
    checkLength(request);
    checkCharacters(vocabulary);
  }

  private void checkLength(SoakRequest request) throws UnexpectedException {
    String written = text.substring(request.echoed().length());
    int length = written.codePointCount(0, written.length());
    boolean whole = !finishReason().equals("stop") && !request.mayStop();
    if (length > request.maxTokens() || (whole && length != request.maxTokens())) {
      throw new UnexpectedException(
          "wrong number of characters", length + " for " + request.body());
    }
    if (end != null) {
      int told = end.path("usage").path("completion_tokens").asInt(-1);
      if (told < length || told > request.maxTokens() || (whole && told != length)) {
        throw new UnexpectedException(
            "wrong usage.completion_tokens", told + " of " + length + " for " + request.body());
      }
    }
  }

  private void checkCharacters(Vocabulary vocabulary) throws UnexpectedException {
    if (vocabulary == null) {
      return;
    }
    try {
      vocabulary.encode(text);
    } catch (UnknownCharacterException e) {
      throw new UnexpectedException(
          "a character that the model does not have", version + ": " + e.getMessage());
    }
  }

  private static String cut(CharSequence text) {
    return text.length() <= LONGEST_EXAMPLE
        ? text.toString()
        : text.subSequence(0, LONGEST_EXAMPLE) + "…";
  }
}
