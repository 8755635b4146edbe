package folio.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.testing.TestCheckpoints;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests the exchange of checkpoints with PyTorch. They need a Python with torch, safetensors and
 * numpy, which FOLIO_PYTHON names and {@code .ci/run} installs.
 */
@Tag("slow")
class PyTorchInteropTest {
  private static final String PYTHON = System.getenv().getOrDefault("FOLIO_PYTHON", "python3");

  @TempDir Path root;
  private final NDManager manager = NDManager.newBaseManager();

  @BeforeAll
  static void findPyTorch() throws Exception {
    boolean available;
    try {
      available = run("-c", "import torch, safetensors.torch, numpy") == 0;
    } catch (IOException e) {
      available = false;
    }
    String reason = PYTHON + " has no torch, safetensors and numpy; set FOLIO_PYTHON to one";
    Assumptions.assumeTrue(available, reason);
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private static int run(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(PYTHON));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int exit = process.waitFor();
    if (exit != 0) {
      System.out.println(output);
    }
    return exit;
  }

  private static String script(String name) throws URISyntaxException {
    return Path.of(PyTorchInteropTest.class.getResource("/parity/" + name).toURI()).toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "residual"})
  void loadsStrictlyInPyTorch(String network) throws Exception {
    int size = TestCheckpoints.LETTERS.size();
    CharGruConfig config =
        network.equals("plain")
            ? CharGruConfig.plain(size, 12, 2)
            : CharGruConfig.residual(size, 8, 12, 3);
    CheckpointStore store = new CheckpointStore(root);
    String version = TestCheckpoints.publish(store, TestCheckpoints.LETTERS, config, 5);
    NDArray ids = manager.create(new long[] {1, 5, 9, 2, 0, 7}, new Shape(2, 3));
    CharGru loaded = store.open(version).load(manager);
    NDArray logits = loaded.forward(ids, loaded.zeroState(manager, 2)).logits();
    ids.setName("ids");
    logits.setName("logits");
    Path expected = root.resolve("expected.safetensors");
    Files.write(expected, Safetensors.write(new NDList(ids, logits), Map.of()));

    assertThat(
            run(script("load_strictly.py"), root.resolve(version).toString(), expected.toString()))
        .isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "residual", "residual-projection-tied"})
  void loadsACheckpointThatPyTorchSaved(String network) throws Exception {
    assertThat(run(script("save_file.py"), network, root.toString())).isZero();

    CharGru loaded = Checkpoint.readExternal(root).load(manager);
    NDList expected =
        Safetensors.read(manager, Files.readAllBytes(root.resolve("expected.safetensors")));
    NDArray logits = loaded.forward(expected.get("ids"), loaded.zeroState(manager, 2)).logits();

    assertThat(logits.sub(expected.get("logits")).abs().max().getFloat()).isLessThan(1e-5f);
  }
}
