package folio.trainer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import folio.trainer.batch.FakeService;
import folio.trainer.batch.FakeService.Reply;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The command {@code generate}, with a service and without one. */
@Timeout(120)
class GenerateCommandTest {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  @TempDir Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private Path requests;
  private Path output;

  @BeforeEach
  void nameFiles() {
    requests = folder.resolve("requests.jsonl");
    output = folder.resolve("texts.jsonl");
  }

  private List<String> arguments(String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("generate", "--requests=" + requests, "--output=" + output));
    arguments.addAll(List.of(more));
    return arguments;
  }

  private int execute(List<String> arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    String[] args = arguments.toArray(String[]::new);
    CommandLine commands = Trainer.commandLine(args);
    commands.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    return commands.execute(args);
  }

  private int generate(String... more) {
    return execute(arguments(more));
  }

  private List<JsonNode> answers() throws IOException {
    List<JsonNode> answers = new ArrayList<>();
    for (String line : Files.readAllLines(output)) {
      answers.add(JSON.readTree(line));
    }
    return answers;
  }

  @Test
  void aKilledBatchContinuesWhereItStopped() throws Exception {
    Files.writeString(
        requests,
        """
        {"prompt":"a"}
        {"prompt":"b"}
        {"prompt":"c"}
        {"prompt":"d"}
        """);
    CountDownLatch arrived = new CountDownLatch(1);
    CountDownLatch killed = new CountDownLatch(1);
    try (FakeService service =
        new FakeService(
            prompt -> {
              if (prompt.equals("c")) {
                arrived.countDown();
                await(killed);
              }
              return Reply.text(prompt);
            })) {
      String url = "--url=" + service.url();
      Process process = TrainerProcess.of(arguments(url, "--parallel=1")).start();
      try {
        arrived.await();
        assertThat(generate(url)).isEqualTo(1);
        assertThat(err.toString())
            .startsWith("folio: another process writes to --output " + output);
      } finally {
        // The answer to b is written after the request c is sent, so it may still be missing here.
        process.destroyForcibly().waitFor();
      }
      killed.countDown();
      int before = answers().size();
      assertThat(before).isBetween(1, 2);
      Files.writeString(output, "{\"index\":" + before + ",\"req", StandardOpenOption.APPEND);

      assertThat(generate(url)).as(err.toString()).isZero();
      assertThat(answers())
          .extracting(answer -> answer.at("/response/text").asText())
          .containsExactly("a", "b", "c", "d");
      assertThat(service.prompts()).filteredOn("a"::equals).hasSize(1);

      int sent = service.prompts().size();
      assertThat(generate(url)).as("a complete batch").isZero();
      assertThat(service.prompts()).hasSize(sent);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void showsItsProgressAndItsErrors() throws Exception {
    Files.writeString(requests, "{\"prompt\":\"a\"}\n{\"prompt\":\"bad\"}\n");
    try (FakeService service =
        new FakeService(
            prompt ->
                prompt.equals("a") ? Reply.text("x") : Reply.problem(400, "unknown_character"))) {
      Process process = TrainerProcess.of(arguments("--url=" + service.url())).start();
      String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

      assertThat(process.waitFor()).as(printed).isEqualTo(1);
      assertThat(printed).isEqualTo(output + ": 1 answered, 1 failed\n");
    }
  }

  @Test
  void writesTheTextsOfSampleWithoutAService() throws Exception {
    Files.writeString(
        requests,
        """
        {"prompt": "ROMEO:", "max_tokens": 30, "temperature": 0.8, "top_k": 20, "seed": 42}
        {"prompt": "ROMEO:", "max_tokens": 30.0, "temperature": 0.8, "top_k": 20, "seed": 42, "echo": true, "model": "current"}
        {"prompt": "ROMEO:", "max_tokens": 5000, "temperature": 0.8, "top_k": 20, "seed": 42, "stop": ["zzzz", "\\n"]}
        {"max_tokens": 3, "temperature": 3}
        {"prompt": "\u20ac5"}
        {"max_tokens": 3, "keep_state": false, "logprobs": null}
        """);
    assertThat(generate("embedded", "--device=cpu")).as(err.toString()).isEqualTo(1);
    List<JsonNode> answers = answers();
    assertThat(answers).hasSize(6);
    assertThat(
            execute(
                List.of(
                    "sample",
                    "embedded",
                    "--prompt=ROMEO:",
                    "--max-tokens=30",
                    "--temperature=0.8",
                    "--top-k=20",
                    "--seed=42",
                    "--device=cpu")))
        .isZero();
    String sample = out.toString().substring(0, "ROMEO:".length() + 30);

    JsonNode first = answers.get(0).get("response");
    assertThat("ROMEO:" + first.get("text").asText()).isEqualTo(sample);
    assertThat(first.get("finish_reason").asText()).isEqualTo("length");
    assertThat(first.get("seed").asLong()).isEqualTo(42);
    assertThat(first.get("model_version").asText()).isNotEmpty();
    assertThat(first.get("usage").toString())
        .isEqualTo("{\"prompt_tokens\":6,\"completion_tokens\":30,\"total_tokens\":36}");
    assertThat(answers.get(1).at("/response/text").asText()).isEqualTo(sample);
    JsonNode stopped = answers.get(2).get("response");
    assertThat(stopped.get("finish_reason").asText()).isEqualTo("stop");
    assertThat("ROMEO:" + stopped.get("text").asText() + "\n")
        .isEqualTo(sample.substring(0, sample.indexOf('\n') + 1));
    assertThat(answers.get(3).at("/error/detail").asText())
        .isEqualTo("temperature is 3.0; it must be 0 (greedy), or 0.01 to 2.0");
    assertThat(answers.get(4).at("/error/reason").asText()).isEqualTo("unknown_character");
    assertThat(answers.get(5).at("/response/text").asText()).hasSize(3);
  }

  @Test
  void refusesAFieldThatNeedsAServiceByNameWithItsLine() throws Exception {
    assertRefused("{\"logprobs\": 0}", "logprobs needs a service; name one with --url");
    assertRefused("{\"keep_state\": true}", "keep_state needs a service");
    assertRefused("{\"state\": \"x\"}", "state needs a service");
    assertRefused("{\"temprature\": 1}", "temprature is not a field of POST /generate");
    assertRefused("{\"temperature\": \"1\"}", "temperature has the wrong type");
    assertRefused("{\"seed\": \"1\"}", "seed has the wrong type");
    assertRefused("{\"prompt\": 5}", "prompt has the wrong type");
    assertRefused("{\"stop\": [5]}", "stop has the wrong type");
    assertRefused("{\"model\": \"other\"}", "model is other, but the checkpoint is ");
    assertThat(output).doesNotExist();
  }

  private void assertRefused(String line, String message) throws IOException {
    Files.writeString(requests, "{\"prompt\": \"a\"}\n" + line + "\n");
    assertThat(generate("embedded")).isEqualTo(1);
    assertThat(err.toString()).startsWith("folio: " + requests + " line 2: " + message);
    assertThat(err.toString().lines()).hasSize(1);
  }

  @Test
  void rejectsOptionsThatExcludeEachOther() {
    assertThat(generate("embedded", "--url=http://127.0.0.1:1")).isEqualTo(2);
    assertThat(err.toString()).startsWith("folio: a version and --url exclude each other");
    output = requests;
    assertThat(generate("embedded")).isEqualTo(2);
    assertThat(err.toString()).startsWith("folio: --output is --requests");
    assertThat(generate("--url=http://127.0.0.1:1", "--parallel=0")).isEqualTo(2);
    assertThat(err.toString()).startsWith("folio: --parallel is 0; it must be 1 to 1024");
  }
}
