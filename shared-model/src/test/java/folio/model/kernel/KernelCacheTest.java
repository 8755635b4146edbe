package folio.model.kernel;

import static folio.runtime.cuda.FakeDriver.HOPPER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import folio.runtime.cuda.CudaDevice;
import folio.runtime.cuda.CudaException;
import folio.runtime.cuda.Nvrtc;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelCacheTest {
  private static final Nvrtc.Program PROGRAM =
      new Nvrtc.Program(
          "add.cu", "__global__ void add() {}", new TreeMap<>(Map.of("a.cuh", "1", "b.cuh", "2")));

  private static final List<String> DEFINITIONS = List.of("HIDDEN=128");

  @TempDir Path folder;
  private final List<String> compiled = new ArrayList<>();

  /** Opens the cache as another process would. */
  private KernelCache cache() {
    return new KernelCache(
        folder,
        (program, architecture, definitions) -> {
          assertThat(program.source()).contains("__global__");
          compiled.add(architecture + " " + definitions);
          return ("binary " + compiled.size()).getBytes(StandardCharsets.UTF_8);
        });
  }

  @Test
  void compilesOncePerSourceLayoutGpuAndDriver() {
    KernelCache first = cache();
    byte[] binary = first.binary(HOPPER, PROGRAM, DEFINITIONS);

    assertThat(first.binary(HOPPER, PROGRAM, DEFINITIONS)).isEqualTo(binary);
    assertThat(cache().binary(HOPPER, PROGRAM, DEFINITIONS))
        .as("another process")
        .isEqualTo(binary);
    assertThat(compiled).containsExactly("90 " + DEFINITIONS);

    cache().binary(new CudaDevice(80, 132, 232_448, true, 13_000), PROGRAM, DEFINITIONS);
    cache().binary(new CudaDevice(90, 132, 232_448, true, 13_010), PROGRAM, DEFINITIONS);
    cache().binary(HOPPER, PROGRAM, List.of("HIDDEN=256"));
    assertThat(compiled).hasSize(4);
  }

  @Test
  void compilesAgainIfAnyFileOfTheSourceChanges() {
    Set<String> keys = new HashSet<>();
    keys.add(KernelCache.key(PROGRAM, List.of(), HOPPER));
    keys.add(
        KernelCache.key(
            new Nvrtc.Program(PROGRAM.name(), PROGRAM.source() + "\n", PROGRAM.headers()),
            List.of(),
            HOPPER));
    for (String header : PROGRAM.headers().keySet()) {
      SortedMap<String, String> changed = new TreeMap<>(PROGRAM.headers());
      changed.compute(header, (name, text) -> text + "\n");
      keys.add(
          KernelCache.key(
              new Nvrtc.Program(PROGRAM.name(), PROGRAM.source(), changed), List.of(), HOPPER));
    }

    assertThat(keys).hasSize(2 + PROGRAM.headers().size());
  }

  @Test
  void compilesAgainIfAFileIsDamaged() throws IOException {
    cache().binary(HOPPER, PROGRAM, DEFINITIONS);
    try (Stream<Path> files = Files.list(folder.resolve("kernels"))) {
      Path file = files.findFirst().orElseThrow();
      byte[] content = Files.readAllBytes(file);
      content[content.length - 1] ^= 1;
      Files.write(file, content);
    }

    assertThat(cache().binary(HOPPER, PROGRAM, DEFINITIONS)).asString().isEqualTo("binary 2");
    assertThat(cache().binary(HOPPER, PROGRAM, DEFINITIONS)).asString().isEqualTo("binary 2");
  }

  @Test
  void cachesNothingIfTheKernelDoesNotCompile() throws IOException {
    KernelCache failing =
        new KernelCache(
            folder,
            (program, architecture, definitions) -> {
              throw new CudaException(program.name() + " does not compile");
            });

    assertThatThrownBy(() -> failing.binary(HOPPER, PROGRAM, DEFINITIONS))
        .isInstanceOf(CudaException.class);
    assertThat(cache().binary(HOPPER, PROGRAM, DEFINITIONS)).asString().isEqualTo("binary 1");
  }
}
