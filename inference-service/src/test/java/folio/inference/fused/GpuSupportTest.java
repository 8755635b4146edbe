package folio.inference.fused;

import static org.assertj.core.api.Assertions.assertThat;

import folio.model.network.CharGruConfig;
import folio.runtime.cuda.CudaDevice;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Tests which form of the persistent kernel each GPU gets for residual networks with 65 characters.
 * The page about GPUs has this table.
 */
class GpuSupportTest {
  /** The number of units per block with which a network uses the most multiprocessors. */
  private static final int FEWEST_UNITS = 4;

  private static final String TABLE =
      """
      | GPU | architecture | multiprocessors | shared memory | 3×128 | 3×512 | 8×512 |
      | --- | --- | --- | --- | --- | --- | --- |
      | A100 | sm_80 | 108 | 163 KiB | full | 8 units per block | libtorch |
      | A10 | sm_86 | 72 | 99 KiB | full | libtorch | libtorch |
      | RTX 3090 | sm_86 | 82 | 99 KiB | full | libtorch | libtorch |
      | L4 | sm_89 | 58 | 99 KiB | full | libtorch | libtorch |
      | RTX 4090 | sm_89 | 128 | 99 KiB | full | full | libtorch |
      | L40S | sm_89 | 142 | 99 KiB | full | full | libtorch |
      | H100 PCIe | sm_90 | 114 | 227 KiB | full, clusters | 8 units per block, clusters | libtorch |
      | H100 SXM, H200 | sm_90 | 132 | 227 KiB | full, clusters | full, clusters | full, clusters |
      | B200 | sm_100 | 148 | 227 KiB | full, clusters | full, clusters | full, clusters |
      | RTX 5090 | sm_120 | 170 | 99 KiB | full, clusters | 192 streams, clusters | libtorch |
      """;

  /**
   * A GPU by its published data.
   *
   * @param kibibytes the shared memory that a block can opt in to
   */
  private record Gpu(String name, int architecture, int multiprocessors, int kibibytes) {
    CudaDevice device() {
      return new CudaDevice(architecture, multiprocessors, kibibytes * 1024, true, 13_000);
    }
  }

  private static final List<Gpu> GPUS =
      List.of(
          new Gpu("A100", 80, 108, 163),
          new Gpu("A10", 86, 72, 99),
          new Gpu("RTX 3090", 86, 82, 99),
          new Gpu("L4", 89, 58, 99),
          new Gpu("RTX 4090", 89, 128, 99),
          new Gpu("L40S", 89, 142, 99),
          new Gpu("H100 PCIe", 90, 114, 227),
          new Gpu("H100 SXM, H200", 90, 132, 227),
          new Gpu("B200", 100, 148, 227),
          new Gpu("RTX 5090", 120, 170, 99));

  @Test
  void servesTheNetworksOfTheTable() {
    StringBuilder table = new StringBuilder(String.join("\n", TABLE.lines().limit(2).toList()));
    for (Gpu gpu : GPUS) {
      table.append(
          "\n| %s | sm_%d | %d | %d KiB | %s | %s | %s |"
              .formatted(
                  gpu.name(),
                  gpu.architecture(),
                  gpu.multiprocessors(),
                  gpu.kibibytes(),
                  form(gpu, 3, 128),
                  form(gpu, 3, 512),
                  form(gpu, 8, 512)));
    }

    assertThat(table.append('\n')).hasToString(TABLE);
  }

  private static String form(Gpu gpu, int layers, int hidden) {
    KernelLayout layout;
    try {
      layout = KernelLayout.of(CharGruConfig.residual(65, 32, hidden, layers), gpu.device());
    } catch (UnsupportedNetworkException e) {
      return "libtorch";
    }
    int streams = layout.maxSlots(gpu.device(), KernelLayout.MAX_SLOTS);
    StringBuilder form = new StringBuilder();
    if (layout.units() > FEWEST_UNITS) {
      form.append(layout.units()).append(" units per block");
    }
    if (streams < KernelLayout.MAX_SLOTS) {
      form.append(form.isEmpty() ? "" : ", ").append(streams).append(" streams");
    }
    return (form.isEmpty() ? "full" : form) + (layout.cluster() > 1 ? ", clusters" : "");
  }
}
