package folio.inference.fused;

import static folio.runtime.cuda.FakeDriver.HOPPER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import folio.model.network.CharGruConfig;
import folio.model.sampling.SamplingParameters;
import folio.model.testing.CudaCompiler;
import folio.runtime.cuda.CudaDevice;
import folio.runtime.cuda.CudaException;
import folio.runtime.cuda.CudaMemory;
import folio.runtime.cuda.FakeDriver;
import folio.runtime.cuda.Nvrtc;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests that the kernel compiles, for every architecture that may serve it, and that it asserts the
 * sizes of its host.
 */
@Tag("slow")
class KernelSourceTest {
  private static final KernelLayout LAYOUT = new KernelLayout(3, 128, 65, true, true, 4, 2);
  private static Nvrtc nvrtc;

  @BeforeAll
  static void findCompiler() throws Exception {
    nvrtc = CudaCompiler.needed();
  }

  @ParameterizedTest
  @CsvSource({
    "80, 3, 512, 4, 65, 1, 0",
    "90, 8, 512, 4, 65, 1, 1",
    "90, 1, 64, 4, 4096, 0, 0",
    "90, 2, 1024, 8, 300, 1, 1"
  })
  void compiles(
      int architecture, int layers, int hidden, int units, int vocabulary, int residual, int relu) {
    assertCompiles(
        architecture,
        new KernelLayout(
            layers,
            hidden,
            vocabulary,
            residual == 1,
            relu == 1,
            units,
            KernelLayout.clusterOf(architecture)));
  }

  /** The page about GPUs names these architectures. */
  @ParameterizedTest
  @ValueSource(ints = {80, 86, 89, 90, 100, 120})
  void compilesForEveryArchitecture(int architecture) {
    boolean known = nvrtc.architectures().contains(architecture);
    String reason = "the compiler does not know sm_" + architecture;
    assumeTrue(known, reason);
    assertCompiles(
        architecture,
        new KernelLayout(3, 128, 65, true, false, 4, KernelLayout.clusterOf(architecture)));
  }

  private static void assertCompiles(int architecture, KernelLayout layout) {
    byte[] binary =
        nvrtc.compile(KernelSource.program(), architecture, KernelSource.definitions(layout));

    assertThat(binary).startsWith(0x7f, 'E', 'L', 'F');
  }

  /** The shapes have all numbers of units of a block, and heads with few and with many rows. */
  @ParameterizedTest
  @CsvSource({
    "8, 512, 65, 132, 32",
    "3, 512, 300, 132, 16",
    "3, 128, 33, 132, 8",
    "2, 192, 2, 20, 24",
    "2, 1024, 65, 132, 16",
    "1, 64, 65, 9, 8"
  })
  void compilesThePipeline(int layers, int hidden, int vocabulary, int multiprocessors, int units) {
    CudaDevice gpu = new CudaDevice(90, multiprocessors, HOPPER.sharedBytes(), true, 13_000);
    CharGruConfig config = CharGruConfig.residual(vocabulary, 32, hidden, layers);
    PipelineLayout layout = PipelineLayout.of(config, gpu).orElseThrow();
    assertThat(layout.units()).isEqualTo(units);

    byte[] binary = nvrtc.compile(KernelSource.pipeline(), 90, KernelSource.definitions(layout));

    assertThat(binary).startsWith(0x7f, 'E', 'L', 'F');
  }

  @Test
  void rejectsAHostWithAnotherSharedMemoryOfThePipeline() {
    PipelineLayout layout =
        PipelineLayout.of(CharGruConfig.residual(65, 32, 128, 3), HOPPER).orElseThrow();
    List<String> wrong =
        KernelSource.definitions(layout).stream()
            .map(
                definition ->
                    definition.replace(
                        "=" + layout.sharedBytes(), "=" + (layout.sharedBytes() + 8)))
            .toList();

    assertThatThrownBy(() -> nvrtc.compile(KernelSource.pipeline(), 90, wrong))
        .isInstanceOf(CudaException.class)
        .hasMessageContaining("PipelineLayout.sharedBytes differs");
  }

  /** Compiles {@code layout.cuh} alone, which has all assertions, with code behind it. */
  private static void compileLayout(List<String> definitions, String code) {
    String source = "#include \"layout.cuh\"\n" + code;
    nvrtc.compile(
        new Nvrtc.Program("layout.cu", source, KernelSource.program().headers()), 80, definitions);
  }

  private static void assertRejected(List<String> definitions, String why) {
    assertThatThrownBy(() -> compileLayout(definitions, ""))
        .isInstanceOf(CudaException.class)
        .hasMessageContaining(why);
  }

  /**
   * The kernel asserts the size of its shared memory for every number of slots. The shapes have
   * single blocks, more units, and a head that needs more memory than sums do.
   */
  @ParameterizedTest
  @CsvSource({
    "8, 512, 65, 4, 2", "3, 512, 97, 4, 1", "3, 512, 3000, 4, 2", "1, 64, 4000, 4, 2",
    "2, 1024, 65, 8, 1", "2, 768, 300, 12, 2", "1, 2048, 65, 16, 2", "1, 2048, 2, 16, 1"
  })
  void hasTheSharedMemoryThatTheHostComputes(
      int layers, int hidden, int vocabulary, int units, int cluster) {
    compileLayout(
        KernelSource.definitions(
            new KernelLayout(layers, hidden, vocabulary, true, false, units, cluster)),
        "");
  }

  /** The sizes are those of a small batch, of the smallest large one and of the largest. */
  @ParameterizedTest
  @ValueSource(ints = {8, 16, 256})
  void rejectsAHostWithAnotherSharedMemory(int slots) {
    String size = "" + LAYOUT.sharedBytes(slots);
    List<String> wrong =
        KernelSource.definitions(LAYOUT).stream()
            .map(
                definition ->
                    definition.replaceAll(
                        "\\b" + size + "\\b", "" + (LAYOUT.sharedBytes(slots) + 8)))
            .toList();

    assertThat(wrong).isNotEqualTo(KernelSource.definitions(LAYOUT));
    assertRejected(wrong, "KernelLayout.sharedBytes differs");
  }

  @Test
  void rejectsAHostWithOtherStructs() {
    assertRejected(replaced("STREAM_BYTES=72", "STREAM_BYTES=64"), "StreamStruct has another size");
    assertRejected(
        replaced("LAUNCH_BYTES=160", "LAUNCH_BYTES=152"), "LaunchStruct has another size");
  }

  private static List<String> replaced(String definition, String by) {
    List<String> definitions = new ArrayList<>(KernelSource.definitions(LAYOUT));
    definitions.set(definitions.indexOf(definition), by);
    return definitions;
  }

  /** Every component of the record has the name of a field of the struct, and its own value. */
  @Test
  void readsALaunchWhereTheHostWritesIt() {
    LaunchStruct launch =
        new LaunchStruct(11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26);
    Map<String, Integer> offsets = new LinkedHashMap<>();
    try (FakeDriver driver = new FakeDriver(HOPPER, ignored -> {}, LaunchStruct.BYTES)) {
      List<CudaMemory> weights = new ArrayList<>();
      for (String field : List.of("weights", "table", "biases", "head", "headBias")) {
        offsets.put(field, weights.size() * Long.BYTES);
        weights.add(CudaMemory.of(Device.cpu(), CudaMemory.hostBuffer(8)));
      }
      assertThat(driver.allocations()).isEqualTo(weights.size());
      ByteBuffer encoded = launch.encode(weights, 27);
      weights.forEach(CudaMemory::close);
      RecordComponent[] components = LaunchStruct.class.getRecordComponents();
      for (int i = 0; i < components.length; i++) {
        offsets.put(components[i].getName(), offsetOf(encoded, 11 + i));
      }
      offsets.put("slots", offsetOf(encoded, 27));
    }

    compileLayout(KernelSource.definitions(LAYOUT), offsetAssertions("Launch", offsets));
  }

  @Test
  void readsAStreamWhereTheHostWritesIt() {
    SamplingParameters sampling = new SamplingParameters(0.5, 12, 0.25, 0.125, 1.5);
    List<FusedDecoder.StepPlan> plans =
        List.of(
            new FusedDecoder.StepPlan(1, sampling, 1, 1, new int[16], 1), // ids before the second's
            new FusedDecoder.StepPlan(11, sampling, 13, 14, new int[17], 15));
    ByteBuffer withLogits = CudaMemory.hostBuffer(StreamStruct.encodedBytes(plans));
    StreamStruct.encode(
        plans.stream().map(FusedDecoder.StepPlan::withLogits).toList(),
        withLogits.duplicate().order(withLogits.order()));
    assertThat(withLogits.getInt(64)).as("row of the first").isZero();
    assertThat(withLogits.getInt(StreamStruct.BYTES + 64)).as("row of the second").isEqualTo(1);
    ByteBuffer encoded = CudaMemory.hostBuffer(StreamStruct.encodedBytes(plans));
    StreamStruct.encode(plans, encoded.duplicate().order(encoded.order()));
    ByteBuffer second =
        encoded.slice(StreamStruct.BYTES, StreamStruct.BYTES).order(encoded.order());
    Map<String, Integer> offsets = new LinkedHashMap<>();
    offsets.put("seed", offsetOf(second, 11));
    offsets.put("temperature", offsetOf(second, 0.5));
    offsets.put("topP", offsetOf(second, 0.25));
    offsets.put("minP", offsetOf(second, 0.125));
    offsets.put("repetitionPenalty", offsetOf(second, 1.5));
    offsets.put("topK", offsetOf(second, 12));
    offsets.put("lastId", offsetOf(second, 13));
    offsets.put("position", offsetOf(second, 14));
    offsets.put("length", offsetOf(second, 15));
    offsets.put("forcedFrom", offsetOf(second, 16));
    offsets.put("forced", offsetOf(second, 17));
    offsets.put("logitsRow", offsetOf(second, -1));

    compileLayout(KernelSource.definitions(LAYOUT), offsetAssertions("Stream", offsets));
  }

  private static int offsetOf(ByteBuffer bytes, double value) {
    int at = 0;
    while (bytes.getDouble(at) != value) {
      at += Double.BYTES;
    }
    return at;
  }

  private static int offsetOf(ByteBuffer bytes, int value) {
    int at = 0;
    while (bytes.getInt(at) != value) {
      at += Integer.BYTES;
    }
    return at;
  }

  /** Returns assertions by an operator of the compiler, because NVRTC has no offsetof macro. */
  private static String offsetAssertions(String struct, Map<String, Integer> offsets) {
    StringBuilder code = new StringBuilder();
    offsets.forEach(
        (field, offset) ->
            code.append(
                "static_assert(__INTADDR__(&((%s*)0)->%s) == %d, \"%s\");\n"
                    .formatted(struct, field, offset, field)));
    return code.toString();
  }

  @Test
  void namesEveryHeaderOfItsFolder() throws IOException, URISyntaxException {
    Path folder = Path.of(KernelSource.class.getResource("decode.cu").toURI()).getParent();
    try (Stream<Path> files = Files.list(folder)) {
      Set<String> named = new HashSet<>(KernelSource.HEADERS);
      named.addAll(KernelSource.PIPELINE_HEADERS);
      assertThat(files.map(file -> file.getFileName().toString()).filter(f -> f.endsWith(".cuh")))
          .containsExactlyInAnyOrderElementsOf(named);
    }
  }

  @Test
  void reportsTheCompilersLog() {
    Nvrtc.Program wrong = new Nvrtc.Program("wrong.cu", "int f() { return g(); }", new TreeMap<>());
    assertThatThrownBy(() -> nvrtc.compile(wrong, 90, List.of()))
        .isInstanceOf(CudaException.class)
        .hasMessageContaining("wrong.cu does not compile")
        .hasMessageContaining("\"g\" is undefined");
  }

  @Test
  void reportsTheFileAndLineOfAnErrorInAHeader() {
    SortedMap<String, String> headers = new TreeMap<>(KernelSource.program().headers());
    headers.compute("sampler.cuh", (name, text) -> "// one more line\nint wrong = g();\n" + text);
    Nvrtc.Program wrong = new Nvrtc.Program("decode.cu", KernelSource.program().source(), headers);

    assertThatThrownBy(() -> nvrtc.compile(wrong, 90, KernelSource.definitions(LAYOUT)))
        .isInstanceOf(CudaException.class)
        .hasMessageContaining("sampler.cuh(2)");
  }
}
