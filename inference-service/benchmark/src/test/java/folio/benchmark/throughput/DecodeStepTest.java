package folio.benchmark.throughput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import folio.model.checkpoint.CheckpointStore;
import folio.model.network.CharGruConfig;
import folio.model.testing.Python;
import folio.model.testing.TestCheckpoints;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests the baseline {@code decode_step.py} with a Python that has torch and numpy. */
@Tag("slow")
class DecodeStepTest {
  @TempDir Path root;

  @BeforeAll
  static void findPyTorchAndACompiler() throws Exception {
    Python.assumeModules("torch", "numpy");
    String find = "import shutil, sys; sys.exit(shutil.which('g++') is None)";
    assumeTrue(Python.run("-c", find).exitCode() == 0, "there is no g++");
  }

  /** The program ends with an error if the compiled step computes another network. */
  @ParameterizedTest
  @CsvSource({"plain, float32", "residual, float32", "residual, bfloat16"})
  void theCompiledStepComputesTheNetwork(String network, String type) throws Exception {
    int size = TestCheckpoints.LETTERS.size();
    CharGruConfig config =
        network.equals("plain")
            ? CharGruConfig.plain(size, 12, 2)
            : CharGruConfig.residual(size, 8, 12, 3);
    String version =
        TestCheckpoints.publish(new CheckpointStore(root), TestCheckpoints.LETTERS, config, 5);

    Python.Result result =
        Python.run(
            Path.of("baselines", "decode_step.py"),
            root.resolve(version),
            "--compile",
            "--dtype=" + type,
            "--batch=3",
            "--steps=2");

    assertThat(result.exitCode()).as(result.output()).isZero();
    String object =
        result.output().lines().filter(each -> each.startsWith("{")).findFirst().orElseThrow();
    JsonNode line = new JsonMapper().readTree(object);
    assertThat(line.get("compile").asBoolean()).isTrue();
    assertThat(line.get("dtype").asText()).isEqualTo(type);
    assertThat(line.get("chars_per_s").asDouble()).isPositive();
  }
}
