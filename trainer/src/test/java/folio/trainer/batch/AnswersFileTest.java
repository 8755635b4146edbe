package folio.trainer.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AnswersFileTest {
  private static final Answer ANSWER =
      new Answer(false, JsonNodeFactory.instance.objectNode().put("text", "caf\u00e9\nbar"));

  @TempDir Path folder;
  private Path output;
  private List<BatchRequest> requests;

  @BeforeEach
  void writeTwoAnswers() throws IOException {
    output = folder.resolve("texts.jsonl");
    requests = read("{\"prompt\":\"a\"}\n\n{\"prompt\":\"b\"}\r\n{\"prompt\":\"c\"}");
    try (AnswersFile answers = AnswersFile.open(output, requests)) {
      answers.write(ANSWER);
      answers.write(Answer.rejected("out_of_range", "top_k", "top_k is -1"));
    }
  }

  private List<BatchRequest> read(String lines) throws IOException {
    return RequestsFile.read(Files.writeString(folder.resolve("requests.jsonl"), lines));
  }

  @Test
  void continuesAfterTheLastAnswer() throws IOException {
    try (AnswersFile answers = AnswersFile.open(output, requests)) {
      assertThat(answers.answered()).isEqualTo(2);
      assertThat(answers.failed()).isEqualTo(1);
      answers.write(ANSWER);
    }
    List<String> lines = Files.readAllLines(output);
    assertThat(lines).hasSize(3);
    assertThat(lines.get(0)).contains("\"index\":0", "\"response\":{\"text\":\"caf\u00e9\\nbar\"}");
    assertThat(lines.get(1)).contains("\"index\":1", "\"error\":{\"status\":400,", "\"top_k\"");
    assertThat(lines.get(2)).contains("\"index\":2");
  }

  @Test
  void dropsATornLastLineAtEveryByte() throws IOException {
    byte[] whole = Files.readAllBytes(output);
    int firstLine = Files.readAllLines(output).get(0).getBytes(StandardCharsets.UTF_8).length + 1;
    for (int length = 0; length < whole.length; length++) {
      Files.write(output, Arrays.copyOf(whole, length));
      try (AnswersFile answers = AnswersFile.open(output, requests)) {
        assertThat(answers.answered()).isEqualTo(length < firstLine ? 0 : 1);
      }
      assertThat(Files.size(output)).isEqualTo(length < firstLine ? 0 : firstLine);
    }
  }

  private void assertForeign(List<BatchRequest> others, int line) throws IOException {
    byte[] before = Files.readAllBytes(output);
    assertThatThrownBy(() -> AnswersFile.open(output, others))
        .isInstanceOf(BatchException.class)
        .hasMessageContaining(output + " line " + line + " is not the answer to request ")
        .hasMessageEndingWith("; name another file, or delete this one");
    assertThat(output).hasBinaryContent(before);
  }

  @Test
  void refusesAnOutputOfOtherRequests() throws IOException {
    assertForeign(read("{\"prompt\":\"a\"}\n{\"prompt\":\"other\"}\n"), 2);
    assertForeign(read("{\"prompt\":\"a\"}\n"), 2);
    Files.writeString(output, "not an answer\n", StandardOpenOption.APPEND);
    assertForeign(requests, 3);
    Files.writeString(output, "A letter to a friend");
    assertForeign(requests, 1);
  }

  @Test
  void acceptsRequestsThatWereAppended() throws IOException {
    List<BatchRequest> more = read("{\"prompt\":\"a\"}\n{\"prompt\":\"b\"}\n{\"prompt\":\"d\"}\n");
    try (AnswersFile answers = AnswersFile.open(output, more)) {
      assertThat(answers.answered()).isEqualTo(2);
    }
  }

  @Test
  void namesTheLineOfARequestThatIsNotAnObject() {
    assertThatThrownBy(() -> read("{\"prompt\":\"a\"}\n\n[1]\n"))
        .isInstanceOf(BatchException.class)
        .hasMessageContaining("requests.jsonl line 3 is not a JSON object");
    assertThatThrownBy(() -> read("{\"prompt\":\"a\",\"prompt\":\"b\"}"))
        .hasMessageContaining("requests.jsonl line 1 is not JSON: Duplicate field 'prompt'");
    assertThatThrownBy(() -> read("{} {}")).hasMessageContaining("line 1 is not JSON");
    assertThatThrownBy(() -> read("\n\n")).hasMessageContaining("has no request");
    assertThatThrownBy(() -> RequestsFile.read(folder.resolve("none")))
        .hasMessageContaining("no such file");
  }
}
