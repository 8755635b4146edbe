package folio.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.testing.Python;
import folio.model.testing.TestCheckpoints;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests the exchange of checkpoints with PyTorch. They need a Python with torch, safetensors and
 * numpy.
 */
@Tag("slow")
class PyTorchInteropTest {
  @TempDir Path root;
  private final NDManager manager = NDManager.newBaseManager();

  @BeforeAll
  static void findPyTorch() throws InterruptedException {
    Python.assumeModules("torch", "safetensors.torch", "numpy");
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private static void run(String script, Object... arguments) throws Exception {
    Object[] command = new Object[arguments.length + 1];
    command[0] = Python.script(PyTorchInteropTest.class, "/parity/" + script);
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    Python.Result result = Python.run(command);
    assertThat(result.exitCode()).as(result.output()).isZero();
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

    run("load_strictly.py", root.resolve(version), expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "residual", "residual-projection-tied"})
  void loadsACheckpointThatPyTorchSaved(String network) throws Exception {
    run("save_file.py", network, root);

    CharGru loaded = Checkpoint.readExternal(root).load(manager);
    NDList expected =
        Safetensors.read(manager, Files.readAllBytes(root.resolve("expected.safetensors")));
    NDArray logits = loaded.forward(expected.get("ids"), loaded.zeroState(manager, 2)).logits();

    assertThat(logits.sub(expected.get("logits")).abs().max().getFloat()).isLessThan(1e-5f);
  }
}
