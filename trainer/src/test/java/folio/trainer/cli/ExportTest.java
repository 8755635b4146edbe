package folio.trainer.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointFacts;
import folio.model.checkpoint.CheckpointStore;
import folio.model.checkpoint.Safetensors;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.network.NetworkKind;
import folio.model.network.Nonlinearity;
import folio.model.testing.Python;
import folio.model.testing.TestCheckpoints;
import folio.model.vocabulary.Vocabulary;
import folio.protobuf.onnx.ModelProto;
import folio.protobuf.onnx.TensorShapeProto.Dimension;
import folio.protobuf.onnx.ValueInfoProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that other programs compute with exported checkpoints what Folio computes. */
class ExportTest {
  private static final Vocabulary LETTERS = TestCheckpoints.LETTERS;

  private final TrainerConsole console = new TrainerConsole();
  private final NDManager manager = NDManager.newBaseManager();

  @TempDir Path folder;

  @AfterEach
  void restore() {
    manager.close();
    console.close();
  }

  private CheckpointStore store() {
    return new CheckpointStore(folder.resolve("checkpoints"));
  }

  private int run(String command, String... more) {
    List<String> words = new ArrayList<>(List.of(command));
    words.add("--checkpoints=" + folder.resolve("checkpoints"));
    words.addAll(List.of(more));
    return console.run(words);
  }

  private String export(String version, String form, String output) {
    String path = folder.resolve(output).toString();
    assertThat(run("export", version, "--to=" + form, "--output=" + path))
        .as(console.errors())
        .isZero();
    assertThat(console.output()).isEqualTo(path + System.lineSeparator());
    return path;
  }

  private static List<CharGruConfig> networks() {
    int size = LETTERS.size();
    return List.of(
        CharGruConfig.plain(size, 9, 1),
        CharGruConfig.plain(size, 12, 3),
        CharGruConfig.residual(size, 5, 12, 4),
        new CharGruConfig(
            NetworkKind.RESIDUAL, size, 6, 10, 2, Nonlinearity.TANH, Nonlinearity.RELU, 6, true),
        new CharGruConfig(
            NetworkKind.PLAIN, size, 8, 8, 2, Nonlinearity.RELU, Nonlinearity.NONE, 5, false));
  }

  @Tag("slow")
  @Test
  void logitsOfPyTorchAndOnnxRuntimeAreThoseOfFolio() throws Exception {
    Python.assumeModules("torch", "safetensors.torch", "numpy", "onnx", "onnxruntime");
    List<Object> command = new ArrayList<>();
    command.add(Python.script(ExportTest.class, "/folio/trainer/export/compare_exports.py"));
    for (CharGruConfig config : networks()) {
      String version = TestCheckpoints.publish(store(), LETTERS, config, 5);
      Path exports = Files.createDirectory(folder.resolve("network-" + command.size()));
      Files.write(exports.resolve("expected.safetensors"), outputs(version));
      export(version, "pytorch", exports.resolve("pytorch").toString());
      export(version, "onnx", exports.resolve("model.onnx").toString());
      command.add(exports);
    }

    Python.Result compared = Python.run(command.toArray());

    assertThat(compared.exitCode()).as(compared.output()).isZero();
    assertThat(compared.output().lines()).hasSize(networks().size() * 3 * 2);
  }

  /** Returns a file with inputs and outputs of a checkpoint's network. */
  private byte[] outputs(String version) {
    try (CharGru network = store().open(version).load(manager)) {
      NDArray ids = manager.create(new long[] {1, 5, 9, 2, 0, 7, 3, 3}, new Shape(2, 4));
      Shape shape = network.zeroState(manager, 2).getShape();
      NDArray state = manager.randomNormal(shape).mul(0.5f);
      CharGru.Output output = network.forward(ids, state);
      ids.setName("ids");
      state.setName("state");
      output.logits().setName("logits");
      output.state().setName("next_state");
      return Safetensors.write(new NDList(ids, state, output.logits(), output.state()), Map.of());
    }
  }

  @Tag("slow")
  @Test
  void theProgramOfAFolderGeneratesText() throws Exception {
    Python.assumeModules("torch", "safetensors.torch", "numpy");
    String program = export("embedded", "pytorch", "embedded") + "/network.py";

    Python.Result sure = Python.run(program, "ROMEO:", "--length=30", "--temperature=0");
    Python.Result refused = Python.run(program, "Ä");

    assertThat(sure.exitCode()).as(sure.output()).isZero();
    assertThat(console.run(sampleWithoutChance())).as(console.errors()).isZero();
    assertThat(sure.output()).hasSizeGreaterThan(30).isEqualTo(console.output());
    assertThat(refused.exitCode()).isEqualTo(2);
    assertThat(refused.output()).contains("characters that the network does not know: ['Ä']");
  }

  private static List<String> sampleWithoutChance() {
    return List.of("sample", "embedded", "--prompt=ROMEO:", "--max-tokens=30", "--temperature=0");
  }

  @Tag("slow")
  @Test
  void weightsThatPyTorchSavedArePublished() throws Exception {
    Python.assumeModules("torch", "safetensors.torch", "numpy");
    Path script = Python.script(ExportTest.class, "/folio/trainer/export/save_wrapped.py");
    Python.Result saved = Python.run(script, folder);
    assertThat(saved.exitCode()).as(saved.output()).isZero();

    assertPublished(folder.resolve("plain"), "relu");
    assertPublished(folder.resolve("residual"), "none");
  }

  private void assertPublished(Path network, String headActivation) throws Exception {
    Path source = network.resolve("source");
    Python.Result made =
        Python.run(
            Path.of("pytorch/to_folio.py"),
            network.resolve("weights.pt"),
            network.resolve("characters.json"),
            source,
            "--head-activation=" + headActivation);
    assertThat(made.exitCode()).as(made.output()).isZero();

    assertThat(run("publish", source.toString())).as(console.errors()).isZero();

    Checkpoint published = store().open(console.output().strip());
    assertThat(published.vocabulary().characters()).containsExactly("\n", " ", "a", "b", "ä");
    NDList expected =
        Safetensors.read(manager, Files.readAllBytes(network.resolve("expected.safetensors")));
    try (CharGru loaded = published.load(manager)) {
      NDArray logits = loaded.forward(expected.get("ids"), loaded.zeroState(manager, 1)).logits();
      assertThat(logits.sub(expected.get("logits")).abs().max().getFloat()).isLessThan(1e-5f);
    }
  }

  @Test
  void onnxModelDescribesItself() throws IOException {
    String version =
        TestCheckpoints.publish(
            store(), LETTERS, CharGruConfig.residual(LETTERS.size(), 5, 12, 2), 1, "\n");

    ModelProto model =
        ModelProto.parseFrom(Files.readAllBytes(Path.of(export(version, "onnx", "m.onnx"))));

    assertThat(model.getMetadataPropsList())
        .extracting(entry -> entry.getKey() + "=" + entry.getValue())
        .contains("checkpoint=" + version, "document_separator=\n")
        .anyMatch(entry -> entry.startsWith("characters=[\"\\n\",\" \",\"!\","));
    ValueInfoProto state = model.getGraph().getInput(1);
    assertThat(state.getName()).isEqualTo("state");
    assertThat(state.getType().getTensorType().getShape().getDimList())
        .extracting(Dimension::getDimValue, Dimension::getDimParam)
        .containsExactly(tuple(2L, ""), tuple(0L, "batch"), tuple(12L, ""));
  }

  @Test
  void nothingIsOverwritten() throws IOException {
    Path present = Files.writeString(folder.resolve("present"), "mine");
    for (String form : List.of("onnx", "pytorch")) {
      assertThat(run("export", "embedded", "--to=" + form, "--output=" + present)).isEqualTo(2);
      assertThat(console.errors()).contains("--output is " + present + ", which exists");
    }
    assertThat(present).hasContent("mine");

    Path nowhere = folder.resolve("no/such");
    assertThat(run("export", "embedded", "--to=onnx", "--output=" + nowhere)).isEqualTo(2);
    assertThat(console.errors())
        .contains("--output is " + nowhere + ", but there is no folder " + folder.resolve("no"));
    for (String wrong : List.of("", folder.resolve("present") + "/..")) {
      assertThat(run("export", "embedded", "--to=pytorch", "--output=" + wrong)).isEqualTo(2);
      assertThat(console.errors())
          .contains("--output is \"" + wrong + "\"; it must name a new file or folder");
    }
  }

  /** The weights are stored in float16 and exported in float32. */
  @Test
  void theCardDescribesTheExportedFiles() throws IOException {
    TestCheckpoints.publishCurrent(store(), 3);
    assertThat(run("publish", "--dtype=float16")).as(console.errors()).isZero();
    String version = console.output().strip();

    Path exported = Path.of(export(version, "pytorch", "copy"));

    long size = Files.size(exported.resolve("model.safetensors"));
    assertThat(exported.resolve("README.md"))
        .content()
        .contains(" in float32 |", "| file | model.safetensors, " + CheckpointFacts.size(size))
        .doesNotContain("float16");
    assertThat(folder.resolve("checkpoints").resolve(version).resolve("README.md"))
        .content()
        .contains(" in float16 |");
  }

  @Tag("slow")
  @Test
  void wrongWeightsAndCharactersAreExplained() throws Exception {
    Python.assumeModules("torch", "safetensors.torch", "numpy");
    Path script = Python.script(ExportTest.class, "/folio/trainer/export/save_wrong.py");
    Python.Result result = Python.run(script, Path.of("pytorch/to_folio.py"), folder);
    assertThat(result.exitCode()).as(result.output()).isZero();
  }

  @Test
  void theFormIsChecked() {
    assertThat(run("export", "embedded", "--to=gguf")).isEqualTo(2);
    assertThat(console.errors()).contains("--to", "gguf", "PYTORCH, ONNX");
    assertThat(run("export", "embedded")).isEqualTo(2);
    assertThat(console.errors()).contains("--to");
  }

  /** A folder that was exported is one that Folio reads. */
  @Test
  void anExportedFolderIsPublishedAgain() {
    String version = TestCheckpoints.publishCurrent(store(), 3);
    assertThat(run("publish", export("current", "pytorch", "copy"))).as(console.errors()).isZero();

    Checkpoint again = store().open(console.output().strip());
    assertThat(again.description().weightsDigest())
        .isEqualTo(store().open(version).description().weightsDigest());
  }
}
