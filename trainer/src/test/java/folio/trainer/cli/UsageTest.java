package folio.trainer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Commands that a user has mistyped, and the options of {@code sample}. */
class UsageTest {
  private final TrainerConsole console = new TrainerConsole();

  @TempDir Path folder;

  @AfterEach
  void restore() {
    console.close();
  }

  private String sample(String... options) {
    List<String> words =
        Stream.concat(Stream.of("sample", "embedded", "--seed=5"), Stream.of(options)).toList();
    assertThat(console.run(words)).as(console.errors()).isZero();
    return console.output();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "train --lr 0.1            | there is no option --lr; did you mean --learning-rate?",
        "train --batch_size=3      | there is no option --batch_size; did you mean --batch?",
        "train --epoch 3           | there is no option --epoch; did you mean --epochs?",
        "train --learning_rate 1   | there is no option --learning_rate; did you mean --learning-rate?",
        "train --hiden-size 1      | there is no option --hiden-size; did you mean --hidden-size?",
        "sample --temprature 1     | there is no option --temprature; did you mean --temperature?",
        "sample --num-samples 3    | there is no option --num-samples; did you mean -n?",
        "evaluate --data x         | there is no option --data; did you mean --corpus?",
        "trian                     | trian is not a command; did you mean train?",
        "checkpoints lst           | did you mean list?"
      })
  void nearMissesAreSuggested(String words, String message) {
    assertThat(console.run(List.of(words.split(" ")))).isEqualTo(2);
    assertThat(console.errors()).contains(message);
  }

  @Test
  void anOptionThatNothingResemblesIsOnlyNamed() {
    assertThat(console.run(List.of("train", "--frobnicate"))).isEqualTo(2);
    assertThat(console.errors()).contains("there is no option --frobnicate\n");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--hidden-size=0                   | --hidden-size is 0; it must be 1 to 65536",
        "--layers=99                       | --layers is 99; it must be 1 to 64",
        "--projection-size=99999999        | --projection-size is 99999999; it must be",
        "--network=plain --embedding-size=3| --embedding-size is 3; in a plain network it must equal"
            + " --hidden-size, 192",
        "--tied=true --embedding-size=7    | --hidden-size is 192; with --tied it must equal"
            + " --embedding-size, 7",
        "--output-dropout=1                | --output-dropout is 1.0; it must be",
        "--weight-drop=-1                  | --weight-drop is -1.0; it must be"
      })
  void messagesNameOptionsAsTheyAreTyped(String options, String message) {
    List<String> words = Stream.concat(Stream.of("train"), Stream.of(options.split(" "))).toList();

    assertThat(console.run(words)).isEqualTo(2);
    assertThat(console.errors()).contains(message);
  }

  @Test
  void aPromptIsReadFromAFile() throws IOException {
    Path file = Files.writeString(folder.resolve("prompt.txt"), "First Citizen:\nWe are");

    assertThat(sample("--prompt-file=" + file, "--max-tokens=40"))
        .isEqualTo(sample("--prompt=First Citizen:\nWe are", "--max-tokens=40"))
        .startsWith("First Citizen:\nWe are");
    assertThat(console.run(List.of("sample", "--prompt-file=" + file, "--prompt=a"))).isEqualTo(2);
    assertThat(console.errors()).contains("--prompt and --prompt-file are given");
    assertThat(console.run(List.of("sample", "--prompt-file=nonesuch"))).isEqualTo(2);
    assertThat(console.errors()).contains("--prompt-file is nonesuch; there is no such file");
  }

  @Test
  void severalTextsHaveSeedsInARow() {
    String both = sample("-n", "2", "--prompt=ROMEO:", "--max-tokens=30");
    String first = sample("--prompt=ROMEO:", "--max-tokens=30");

    assertThat(both)
        .startsWith("--- text 1 of 2, seed 5\n" + first + "--- text 2 of 2, seed 6\nROMEO:");
  }

  @Test
  void aStopTextEndsTheTextAndIsNotPrinted() {
    String whole = sample("--prompt=ROMEO:", "--max-tokens=200");
    String stopped = sample("--prompt=ROMEO:", "--max-tokens=200", "--stop=the", "--stop=\n\n");

    assertThat(whole.substring(6)).containsPattern("the|\n\n");
    assertThat(stopped).isEqualTo("ROMEO:" + whole.substring(6).split("the|\n\n", 2)[0] + "\n");
  }

  @Test
  void aCheckpointMayBeAFolder() {
    assertThat(console.run(List.of("publish", "embedded", "--checkpoints=" + folder))).isZero();
    Path version = folder.resolve(console.output().strip());

    List<String> words = List.of("sample", version.toString(), "--seed=5", "--max-tokens=30");
    assertThat(console.run(words)).as(console.errors()).isZero();
    assertThat(console.output()).isEqualTo(sample("--max-tokens=30"));
  }
}
