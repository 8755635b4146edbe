package folio.trainer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import folio.model.checkpoint.CheckpointStore;
import folio.model.network.CharGruConfig;
import folio.model.testing.TestCheckpoints;
import folio.model.vocabulary.Vocabulary;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The trainer in locales whose charset is not UTF-8. */
@Timeout(120)
class LocaleTest {
  @TempDir Path folder;

  private record Finished(int exitCode, String output) {}

  private static Finished run(String locale, List<String> arguments) throws Exception {
    ProcessBuilder trainer = TrainerProcess.of(arguments);
    trainer.environment().put("LC_ALL", locale);
    Process process = trainer.start();
    byte[] output = process.getInputStream().readAllBytes();
    return new Finished(process.waitFor(), new String(output, StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @ValueSource(strings = {"C", "POSIX", "C.UTF-8"})
  void writesUtf8(String locale) throws Exception {
    Vocabulary vocabulary = Vocabulary.of("éж\ud83d\ude00");
    String version =
        TestCheckpoints.publish(
            new CheckpointStore(folder),
            vocabulary,
            CharGruConfig.plain(vocabulary.size(), 8, 1),
            1);

    Finished sample =
        run(
            locale,
            List.of(
                "sample", version, "--checkpoints=" + folder, "--device=cpu", "--max-tokens=40"));

    assertThat(sample.exitCode()).as(sample.output()).isZero();
    assertThat(sample.output().strip()).matches("[éж\ud83d\ude00]{40}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"C", "POSIX"})
  void rejectsAnArgumentThatJavaCannotRead(String locale) throws Exception {
    Finished sample =
        run(locale, List.of("sample", "embedded", "--device=cpu", "--prompt=caf\u00e9"));

    assertThat(sample.exitCode()).isEqualTo(2);
    assertThat(sample.output())
        .matches(
            "folio: '--prompt=caf.+' has characters that Java cannot read in the charset of the"
                + " locale, .+; set LC_ALL=C\\.UTF-8, or use \\./folio, which sets it\n");
  }
}
