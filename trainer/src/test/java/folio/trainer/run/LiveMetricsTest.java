package folio.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import folio.trainer.cli.TrainerProcess;
import java.io.BufferedReader;
import java.net.ConnectException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The live metrics of a run in a process of its own, as Prometheus would scrape them. */
class LiveMetricsTest {
  @TempDir Path folder;

  @Test
  void canBeScrapedWhileItTrains() throws Exception {
    Path corpus = folder.resolve("corpus.txt");
    Files.writeString(corpus, "the quick brown fox jumps over the lazy dog.\n".repeat(120));
    Process process =
        TrainerProcess.of(
                List.of(
                    "train",
                    "--corpus=" + corpus,
                    "--checkpoints=" + folder.resolve("checkpoints"),
                    "--run=" + folder.resolve("run"),
                    "--metrics-port=0",
                    "--preset=quick",
                    "--hidden-size=16",
                    "--steps=1000000",
                    "--evaluate-every=20",
                    "--device=cpu"))
            .start();
    try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
      String address = null;
      String line = "";
      while (line != null && !line.startsWith("step 20,")) {
        line = out.readLine();
        if (line != null && line.startsWith("metrics ")) {
          address = line.replaceFirst("metrics +", "");
        }
      }
      assertOtherAddressesRefuse(URI.create(address).getPort());

      String page =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(URI.create(address)).build(),
                  HttpResponse.BodyHandlers.ofString())
              .body();

      assertThat(page)
          .containsPattern("folio_training_step \\d+")
          .containsPattern("folio_training_learning_rate 0\\.\\d+")
          .containsPattern("folio_training_training_loss_nats \\d+\\.\\d+")
          .containsPattern("folio_training_loss_nats\\{protocol=\"windows-256\"} \\d+\\.\\d+")
          .containsPattern("folio_training_characters_per_second \\d+");
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  /** A machine has the whole of 127.0.0.0/8; the figures are served at 127.0.0.1 alone. */
  private static void assertOtherAddressesRefuse(int port) {
    assertThatThrownBy(() -> new Socket("127.0.0.2", port).close())
        .isInstanceOf(ConnectException.class);
  }
}
